import { userId } from '@entrepot/kernel/testing'
import { describe, expect, it } from 'vitest'
import { InMemoryUserAccountStore, internalPrincipals } from './testing/index.js'
import type { NewUserAccount } from './user-account.js'

const alice: NewUserAccount = { name: 'alice', admin: true }

async function setup(...accounts: readonly NewUserAccount[]) {
  const clock = { time: 1_000_000, now: () => clock.time }
  const store = new InMemoryUserAccountStore()
  // Somebody has to stay who may administer.
  for (const account of [{ name: 'root', admin: true }, ...accounts]) await store.create(account)
  return { clock, store, source: internalPrincipals(store, clock) }
}

describe('PrincipalSource', () => {
  it('finds who may log in, in any case of the name', async () => {
    const { source } = await setup(alice)
    expect(await source.find('alice')).toEqual({
      kind: 'user',
      id: userId('alice'),
      name: 'alice',
      admin: true,
      realm: 'internal',
      groups: [],
      credentialsRevision: 1,
    })
    expect(await source.find('ALICE')).toMatchObject({ name: 'alice' })
  })

  it('finds nobody unknown or disabled, whatever the name looks like', async () => {
    const { source } = await setup({ ...alice, name: 'bob', disabled: true })
    for (const name of ['bob', 'alice', '__proto__', 'constructor', 'toString', '']) {
      expect(await source.find(name)).toBeUndefined()
    }
  })

  it('finds nobody for the id of one who bore the name before', async () => {
    const { source, store } = await setup(alice)
    const before = userId('alice')
    expect(await source.find('alice', before)).toMatchObject({ id: before })
    await store.delete('alice')
    const { id } = await store.create(alice)
    source.forget('ALICE')
    expect(await source.find('alice', before)).toBeUndefined()
    expect(await source.find('alice', id)).toMatchObject({ id })
  })

  it('asks the store once a second for a crowd', async () => {
    const { source, store, clock } = await setup(alice)
    await Promise.all(Array.from({ length: 50 }, () => source.find('alice')))
    clock.time += 999
    await source.find('alice')
    expect(store.lookups).toBe(1)
  })

  it('sees a demoted and a disabled user within a second', async () => {
    const { source, store, clock } = await setup(alice)
    await source.find('alice')
    await store.update('alice', { admin: false })
    clock.time += 1000
    expect(await source.find('alice')).toMatchObject({ admin: false })
    await store.update('alice', { disabled: true })
    clock.time += 1000
    expect(await source.find('alice')).toBeUndefined()
  })

  it('keeps nobody longer when the clock is set back', async () => {
    const { source, store, clock } = await setup(alice)
    await source.find('alice')
    await store.update('alice', { disabled: true })
    clock.time -= 60 * 60_000
    expect(await source.find('alice')).toBeUndefined()
  })

  it('sees a change made on this replica at once when told to forget', async () => {
    const { source, store } = await setup(alice)
    await source.find('alice')
    await store.update('alice', { disabled: true })
    source.forget('alice')
    expect(await source.find('alice')).toBeUndefined()
  })

  it('passes the failure of the store on and asks again next time', async () => {
    const { source, store } = await setup(alice)
    const working = store.find.bind(store)
    store.find = () => Promise.reject(new Error('connection lost'))
    await expect(source.find('alice')).rejects.toThrow('connection lost')
    store.find = working
    expect(await source.find('alice')).toMatchObject({ name: 'alice' })
  })
})
