import type { StoredSigningKey } from '@entrepot/identity'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestDatabase } from '../testing/test-database.js'
import { PostgresRefreshTokenStore } from './refresh-token.store.js'
import { PostgresSigningKeyStore } from './signing-key.store.js'
import { PostgresUserStore } from './user.store.js'

describe('the stores of identities', () => {
  let db: TestDatabase
  beforeAll(async () => {
    db = await TestDatabase.create()
  })
  afterAll(() => db.close())

  describe('PostgresUserStore', () => {
    it('creates, replaces and finds users, and knows whether one may administer', async () => {
      const store = new PostgresUserStore(db.database)
      const ann = { name: 'ann', passwordHash: '$argon2id$x', admin: false, disabled: false }
      await store.put(ann)
      expect(await store.find('ann')).toEqual(ann)
      expect(await store.find('Ann')).toBeUndefined()
      expect(await store.find('')).toBeUndefined()
      expect(await store.find('ann\0')).toBeUndefined()
      expect(await store.hasAdministrator()).toBe(false)
      await store.put({ ...ann, admin: true, disabled: true })
      expect(await store.hasAdministrator()).toBe(false)
      const bob = { name: 'bob', passwordHash: undefined, admin: true, disabled: false }
      await store.put(bob)
      expect(await store.find('bob')).toEqual(bob)
      expect(await store.hasAdministrator()).toBe(true)
    })

    it('takes the same first user from many replicas', async () => {
      const store = new PostgresUserStore(db.database)
      const user = { name: 'admin', passwordHash: 'x', admin: true, disabled: false }
      await Promise.all(Array.from({ length: 10 }, () => store.put(user)))
      expect(await store.find('admin')).toEqual(user)
    })
  })

  describe('PostgresSigningKeyStore', () => {
    it('lets one of several first keys win, and tells everybody which', async () => {
      const store = new PostgresSigningKeyStore(db.database)
      expect(await store.list()).toEqual([])
      const keys = Array.from({ length: 8 }, (_, n): StoredSigningKey => ({
        id: `key-${n}`,
        algorithm: 'ES256',
        privateKeyPem: 'pem',
        createdAt: new Date('2026-05-01T12:00:00.123Z'),
      }))
      const answers = await Promise.all(keys.map((key) => store.addIfNone(key)))
      const [winner] = await store.list()
      expect(keys).toContainEqual({ ...winner })
      for (const answer of answers) expect(answer).toEqual([winner])
    })
  })

  describe('PostgresRefreshTokenStore', () => {
    let now = Date.parse('2026-05-01T12:00:00Z')
    const token = (hash: string, username: string, seconds: number) => ({
      hash,
      username,
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
