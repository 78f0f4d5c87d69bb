import { describe, expect, it } from 'vitest'
import { PrincipalSource } from './principal-source.js'
import { InMemoryUserStore } from './testing/index.js'
import type { StoredUser } from './user-store.js'

const alice: StoredUser = { name: 'alice', passwordHash: undefined, admin: true, disabled: false }

function setup(...users: readonly StoredUser[]) {
  const clock = { time: 1_000_000, now: () => clock.time }
  const store = new InMemoryUserStore(...users)
  return { clock, store, source: new PrincipalSource(store, clock) }
}

describe('PrincipalSource', () => {
  it('finds who may log in', async () => {
    const { source } = setup(alice)
    expect(await source.find('alice')).toEqual({
      kind: 'user',
      id: 'alice',
      name: 'alice',
      admin: true,
      realm: 'internal',
      groups: [],
    })
  })

  it('finds nobody unknown or disabled, whatever the name looks like', async () => {
    const { source } = setup({ ...alice, name: 'bob', disabled: true })
    for (const name of ['bob', 'alice', '__proto__', 'constructor', 'toString', '']) {
      expect(await source.find(name)).toBeUndefined()
    }
  })

  it('asks the store once a second for a crowd', async () => {
    const { source, store, clock } = setup(alice)
    await Promise.all(Array.from({ length: 50 }, () => source.find('alice')))
    clock.time += 999
    await source.find('alice')
    expect(store.lookups).toBe(1)
  })

  it('sees a demoted and a disabled user within a second', async () => {
    const { source, store, clock } = setup(alice)
    await source.find('alice')
    await store.put({ ...alice, admin: false })
    clock.time += 1000
    expect(await source.find('alice')).toMatchObject({ admin: false })
    await store.put({ ...alice, disabled: true })
    clock.time += 1000
    expect(await source.find('alice')).toBeUndefined()
  })

  it('passes the failure of the store on and asks again next time', async () => {
    const { source, store } = setup(alice)
    const working = store.find.bind(store)
    store.find = () => Promise.reject(new Error('connection lost'))
    await expect(source.find('alice')).rejects.toThrow('connection lost')
    store.find = working
    expect(await source.find('alice')).toMatchObject({ name: 'alice' })
  })
})
