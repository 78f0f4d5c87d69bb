import { FakeSecretBox } from '@entrepot/kernel/testing'
import type { StoredSigningKey } from '@entrepot/identity'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestDatabase } from '../testing/test-database.js'
import { PostgresRefreshTokenStore } from './refresh-token.store.js'
import { PostgresSigningKeyStore } from './signing-key.store.js'

describe('the stores of identities', () => {
  let db: TestDatabase
  beforeAll(async () => {
    db = await TestDatabase.create()
  })
  afterAll(() => db.close())

  describe('PostgresSigningKeyStore', () => {
    it('lets one of several first keys win, and tells everybody which', async () => {
      const store = new PostgresSigningKeyStore(db.database, new FakeSecretBox())
      expect(await store.list()).toEqual([])
      const keys = Array.from({ length: 8 }, (_, n): StoredSigningKey => ({
        id: `key-${n}`,
        algorithm: 'ES256',
        privateKeyPem: 'pem',
        createdAt: new Date('2026-05-01T12:00:00.123Z'),
      }))
      const answers = await Promise.all(keys.map((key) => store.addUnlessNewer(key, new Date(0))))
      const [winner] = await store.list()
      expect(keys).toContainEqual({ ...winner })
      for (const answer of answers) expect(answer).toEqual([winner])
    })

    it('takes another key when the newest is old enough, newest first, and deletes by id', async () => {
      const store = new PostgresSigningKeyStore(db.database, new FakeSecretBox())
      const [old] = await store.list()
      const createdAt = new Date('2026-06-01T12:00:00.456Z')
      const next = { id: 'next', algorithm: 'ES256', privateKeyPem: 'pem', createdAt } as const
      expect(await store.addUnlessNewer(next, new Date('2026-05-01T12:00:00Z'))).toEqual([old])
      expect(await store.addUnlessNewer(next, new Date('2026-05-02T12:00:00Z'))).toEqual([next, old])
      await store.delete([old?.id ?? '', 'unknown'])
      expect(await store.list()).toEqual([next])
    })

    it('dates back what is newer than a key that is to be the newest', async () => {
      const store = new PostgresSigningKeyStore(db.database, new FakeSecretBox())
      const before = await store.list()
      const keyAt = (id: string, at: string) =>
        ({ id, algorithm: 'ES256', privateKeyPem: 'pem', createdAt: new Date(at) }) as const
      const ahead = keyAt('ahead', '2027-01-01T00:00:00Z')
      await store.addAsNewest(ahead)
      const fresh = keyAt('fresh', '2026-07-01T12:00:00.500Z')
      await store.addAsNewest(fresh)
      const datedBack = { ...ahead, createdAt: new Date('2026-07-01T12:00:00.499Z') }
      expect(await store.list()).toEqual([fresh, datedBack, ...before])
    })
  })

  describe('PostgresRefreshTokenStore', () => {
    let now = Date.parse('2026-05-01T12:00:00Z')
    const token = (hash: string, username: string, seconds: number) => ({
      hash,
      username,
      userId: undefined,
      accessTokenId: undefined,
      credentialsRevision: 3,
      service: 'registry',
      expiresAt: new Date(now + seconds * 1000),
    })

    it('finds a token until it expires, and clears expired ones away', async () => {
      const store = new PostgresRefreshTokenStore(db.database, { now: () => now })
      const short = token('short', 'ann', 60)
      await store.add(short)
      await store.add(token('long', 'ann', 600))
      expect(await store.find('short')).toEqual(short)
      expect(await store.find('unknown')).toBeUndefined()
      now += 60_000
      expect(await store.find('short')).toBeUndefined()
      now += 1
      await store.add(token('new', 'ann', 600))
      const rows = await db.database.query({ text: 'SELECT hash FROM refresh_tokens ORDER BY hash' }, [])
      expect(rows).toEqual([{ hash: 'long' }, { hash: 'new' }])
    })

    it('revokes all tokens of a user', async () => {
      const store = new PostgresRefreshTokenStore(db.database, { now: () => now })
      await store.add(token('of bob 1', 'bob', 60))
      await store.add(token('of bob 2', 'bob', 60))
      await store.add(token('of eve', 'eve', 60))
      await store.revokeAllOf('bob')
      expect(await store.find('of bob 1')).toBeUndefined()
      expect(await store.find('of bob 2')).toBeUndefined()
      expect(await store.find('of eve')).toBeDefined()
    })
  })
})
