import { FakeSecretBox } from '@entrepot/kernel/testing'
import { oidcProvider, oidcStoresContract } from '@entrepot/identity/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestDatabase } from '../testing/test-database.js'
import { PostgresOidcLoginStore } from './oidc-login.store.js'
import { PostgresOidcProviderStore } from './oidc-provider.store.js'

describe('the stores of OpenID Connect', () => {
  let db: TestDatabase
  beforeAll(async () => {
    db = await TestDatabase.create()
  })
  afterAll(() => db.close())

  const open = async () => {
    await db.database.query({ text: 'TRUNCATE oidc_providers CASCADE' }, [])
    return {
      providers: new PostgresOidcProviderStore(db.database, new FakeSecretBox()),
      logins: new PostgresOidcLoginStore(db.database),
      close: async () => undefined,
    }
  }

  oidcStoresContract('PostgreSQL', open)

  it('end the logins of a provider with it, and clear away what was never finished', async () => {
    const { providers, logins } = await open()
    await providers.create(oidcProvider())
    const now = new Date('2026-05-01T12:00:00Z')
    const login = {
      stateHash: 'a',
      browserHash: 'b',
      provider: 'corp',
      nonce: 'n',
      codeVerifier: 'v',
      redirectUri: 'r',
      returnTo: '/',
      expiresAt: new Date(now.getTime() + 1000),
    }
    await logins.add(login, now)
    await logins.add({ ...login, stateHash: 'later' }, new Date(now.getTime() + 2000))
    const rows = await db.database.query({ text: 'SELECT state_hash FROM oidc_logins' }, [])
    expect(rows).toEqual([{ state_hash: 'later' }])
    await providers.delete('corp')
    expect(await logins.take('later', now)).toBeUndefined()
    await expect(logins.add(login, now)).rejects.toMatchObject({ code: 'NAME_UNKNOWN' })
  })
})
