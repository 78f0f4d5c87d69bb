import { describe, expect, it } from 'vitest'
import { SigningKeys } from './signing-keys.js'
import { InMemorySigningKeyStore } from './testing/index.js'

const clock = { now: () => 1_000_000 }

describe('SigningKeys', () => {
  it('makes one P-256 key when it is first needed and keeps it', async () => {
    const store = new InMemorySigningKeyStore()
    const keys = new SigningKeys(store, clock)
    expect(await store.list()).toHaveLength(0)
    const first = await keys.current()
    expect(first.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' })
    expect((await new SigningKeys(store, clock).current()).id).toBe(first.id)
    expect(await store.list()).toMatchObject([
      { id: first.id, algorithm: 'ES256', createdAt: new Date(1_000_000) },
    ])
  })

  it('agrees with a replica that started at the same time', async () => {
    const store = new InMemorySigningKeyStore()
    const [here, there] = await Promise.all([
      new SigningKeys(store, clock).current(),
      new SigningKeys(store, clock).current(),
    ])
    expect(here.id).toBe(there.id)
  })

  it('finds no key under a name it has not given', async () => {
    const keys = new SigningKeys(new InMemorySigningKeyStore(), clock)
    for (const id of ['', '__proto__', '../../etc/passwd']) expect(await keys.find(id)).toBeUndefined()
  })

  it('asks the store again after it failed', async () => {
    const store = new InMemorySigningKeyStore()
    const working = store.list.bind(store)
    store.list = () => Promise.reject(new Error('connection lost'))
    const keys = new SigningKeys(store, clock)
    await expect(keys.current()).rejects.toThrow('connection lost')
    store.list = working
    expect((await keys.current()).id).toHaveLength(22)
  })
})
