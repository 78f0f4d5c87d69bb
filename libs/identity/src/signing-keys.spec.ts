import { MemoryBroadcast, MemoryBroadcastHub } from '@entrepot/coordination/testing'
import { silentLogger } from '@entrepot/kernel'
import { beforeEach, describe, expect, it } from 'vitest'
import { SigningKeys } from './signing-keys.js'
import { InMemorySigningKeyStore } from './testing/index.js'

const clock = { time: 1_000_000, now: () => clock.time }
const day = 24 * 60 * 60 * 1000
let hub: MemoryBroadcastHub
let store: InMemorySigningKeyStore

beforeEach(() => {
  clock.time = 1_000_000
  hub = new MemoryBroadcastHub()
  store = new InMemorySigningKeyStore()
})

function replica(rotationSeconds?: number): SigningKeys {
  const runtime = { broadcast: new MemoryBroadcast(hub), logger: silentLogger, clock }
  return new SigningKeys(store, runtime, rotationSeconds === undefined ? undefined : { rotationSeconds })
}

const ids = async () => (await store.list()).map(({ id }) => id)

describe('SigningKeys', () => {
  it('makes one P-256 key when it is first needed and keeps it', async () => {
    expect(await store.list()).toHaveLength(0)
    const first = await replica().current()
    expect(first.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' })
    expect((await replica().current()).id).toBe(first.id)
    expect(await store.list()).toMatchObject([
      { id: first.id, algorithm: 'ES256', createdAt: new Date(1_000_000) },
    ])
  })

  it('agrees with a replica that started at the same time', async () => {
    const [here, there] = await Promise.all([replica().current(), replica().current()])
    expect(here.id).toBe(there.id)
  })

  it.each(['', '__proto__', '../../etc/passwd', '/dev/null', "' OR 1=1 --", 'x\0y'])(
    'finds no key under %j',
    async (id) => {
      expect(await replica().find(id)).toBeUndefined()
    },
  )

  it('asks the store again after it failed', async () => {
    const working = store.list.bind(store)
    store.list = () => Promise.reject(new Error('connection lost'))
    const keys = replica()
    await expect(keys.current()).rejects.toThrow('connection lost')
    store.list = working
    expect((await keys.current()).id).toHaveLength(22)
  })

  it('rotates on demand, signs with the new key when every replica knows it, and keeps the old one', async () => {
    const [here, there] = [replica(), replica()]
    await Promise.all([here.start(), there.start()])
    const old = await here.current()
    clock.time += 60_000
    const fresh = await here.rotate()
    expect(fresh).not.toBe(old.id)
    expect((await here.current()).id).toBe(old.id)
    await expect.poll(async () => (await there.publicKeys()).keys.length).toBe(2)
    clock.time += 5000
    for (const keys of [here, there]) {
      expect((await keys.current()).id).toBe(fresh)
      expect((await keys.find(old.id))?.id).toBe(old.id)
      keys.stop()
    }
  })

  it('rotates on demand though a key is dated in the future, by a replica whose clock was ahead', async () => {
    const keys = replica()
    await keys.current()
    clock.time += 3_600_000
    const ahead = await replica().rotate()
    clock.time -= 3_600_000
    const fresh = await keys.rotate()
    expect(await ids()).toHaveLength(3)
    clock.time += 5000
    expect((await keys.current()).id).toBe(fresh)
    clock.time += 3_600_000
    expect((await keys.current()).id).toBe(fresh)
    expect((await keys.find(ahead))?.id).toBe(ahead)
  })

  it('rotates by itself when the key is old, once for all replicas', async () => {
    const [here, there] = [replica(), replica()]
    const old = (await here.current()).id
    await there.current()
    clock.time += 30 * day - 1
    await here.start()
    expect(await ids()).toEqual([old])
    clock.time += 1
    await Promise.all([here.start(), there.start()])
    expect(await ids()).toHaveLength(2)
    clock.time += 5000
    expect((await here.current()).id).toBe((await there.current()).id)
    expect((await here.current()).id).not.toBe(old)
    here.stop()
    there.stop()
  })

  it('forgets an old key when its last token has expired', async () => {
    const keys = replica(7200)
    const old = (await keys.current()).id
    clock.time += 7_200_000
    await keys.start()
    clock.time += 70 * 60_000 - 1
    await keys.start()
    expect((await keys.find(old))?.id).toBe(old)
    clock.time += 1
    await keys.start()
    expect(await keys.find(old)).toBeUndefined()
    expect(await ids()).not.toContain(old)
    keys.stop()
  })

  it('looks for an unknown key at most once a second', async () => {
    const keys = replica()
    await keys.current()
    const before = store.lookups
    for (let count = 0; count < 100; count += 1) await keys.find(`unknown-${count}`)
    expect(store.lookups - before).toBe(1)
    clock.time += 1000
    await keys.find('unknown')
    expect(store.lookups - before).toBe(2)
  })

  it('finds at once what another replica has made', async () => {
    const here = replica()
    await here.current()
    clock.time += 10_000
    const fresh = await replica().rotate()
    expect((await here.find(fresh))?.id).toBe(fresh)
  })

  it('publishes the public halves only', async () => {
    const keys = replica()
    const { id } = await keys.current()
    const set = await keys.publicKeys()
    expect(set).toEqual({
      keys: [
        {
          kty: 'EC',
          crv: 'P-256',
          x: expect.any(String) as string,
          y: expect.any(String) as string,
          kid: id,
          alg: 'ES256',
          use: 'sig',
        },
      ],
    })
  })
})
