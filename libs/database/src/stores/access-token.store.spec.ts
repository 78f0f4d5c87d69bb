import { accessTokenStoreContract } from '@entrepot/identity/testing'
import type { AccessToken } from '@entrepot/identity'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestDatabase } from '../testing/test-database.js'
import { PostgresAccessTokenStore } from './access-token.store.js'
import { PostgresRefreshTokenStore } from './refresh-token.store.js'
import { PostgresUserAccountStore } from './user-account.store.js'

accessTokenStoreContract('PostgresAccessTokenStore', async () => {
  const db = await TestDatabase.create()
  return {
    tokens: new PostgresAccessTokenStore(db.database),
    users: new PostgresUserAccountStore(db.database),
    close: () => db.close(),
  }
})

describe('PostgresAccessTokenStore', () => {
  let db: TestDatabase
  let tokens: PostgresAccessTokenStore
  let users: PostgresUserAccountStore
  beforeAll(async () => {
    db = await TestDatabase.create()
    tokens = new PostgresAccessTokenStore(db.database)
    users = new PostgresUserAccountStore(db.database)
  })
  afterAll(() => db.close())

  const createdAt = new Date('2026-05-01T12:00:00Z')
  const tokenOf = (number: number, particulars: Partial<AccessToken> = {}): AccessToken => ({
    id: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
    familyId: '00000000-0000-4000-8000-00000000000f',
    parentFamilyId: undefined,
    subject: 'ann',
    userId: undefined,
    scope: 'applied-permissions/user',
    audience: '*@*',
    description: '',
    createdBy: 'ann',
    createdAt,
    expiresAt: undefined,
    lastUsedAt: undefined,
    revokedAt: undefined,
    refreshable: false,
    ...particulars,
  })
  const add = (token: AccessToken) => tokens.add(token, { secret: `hash of ${token.id}`, refresh: undefined })

  it('takes a token and all that was got with it along with its user, and takes none for a user who is gone', async () => {
    const ann = await users.create({ name: 'ann' })
    const token = tokenOf(1, { userId: ann.id })
    await add(token)
    const clock = { now: () => createdAt.getTime() }
    const refreshTokens = new PostgresRefreshTokenStore(db.database, clock)
    const refresh = {
      hash: 'r',
      username: 'ann',
      userId: ann.id,
      accessTokenId: token.id,
      credentialsRevision: 1,
      service: 'registry',
      expiresAt: new Date(createdAt.getTime() + 1000),
    }
    await refreshTokens.add(refresh)
    expect(await refreshTokens.find('r')).toEqual(refresh)
    await users.delete('ann')
    expect(await tokens.find(token.id)).toBeUndefined()
    expect(await refreshTokens.find('r')).toBeUndefined()
    await expect(add(tokenOf(2, { userId: ann.id }))).rejects.toMatchObject({ code: 'NAME_UNKNOWN' })
    await expect(refreshTokens.add(refresh)).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  })

  it('forgets what ended 90 days ago when another one is made', async () => {
    const days = (count: number) => new Date(createdAt.getTime() + count * 24 * 60 * 60 * 1000)
    await add(tokenOf(10, { expiresAt: days(1) }))
    await add(tokenOf(11, { expiresAt: days(2) }))
    await add(tokenOf(12))
    await add(tokenOf(13))
    await tokens.revoke(tokenOf(13).id, days(1))
    await add(tokenOf(14, { createdAt: days(91.5) }))
    const rows = await db.database.query<{ id: string }>(
      { text: 'SELECT id FROM access_tokens ORDER BY id' },
      [],
    )
    expect(rows.map(({ id }) => Number(id.slice(-2)))).toEqual([11, 12, 14])
  })

  it('refuses a page that begins after no id', async () => {
    const page = { limit: 1, after: "' OR 1=1" }
    await expect(tokens.list(createdAt, undefined, page)).rejects.toMatchObject({
      code: 'PAGINATION_NUMBER_INVALID',
    })
  })
})
