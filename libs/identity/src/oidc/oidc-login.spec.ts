import { MemoryBroadcast } from '@entrepot/coordination/testing'
import { type LogFields, type Logger, silentLogger } from '@entrepot/kernel'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  InMemoryOidcLoginStore,
  InMemoryOidcProviderStore,
  InMemoryUserAccountStore,
  oidcProvider,
  tokensInMemory,
} from '../testing/index.js'
import { clientId, clientSecret, OpenIdProvider, redirectUri } from '../testing/openid-provider.js'
import { OidcLogin } from './oidc-login.js'
import { OidcLoginTokens } from './oidc-login-tokens.js'
import { OidcProviders } from './oidc-providers.js'

const clock = { offset: 0, now: () => Date.now() + clock.offset }
let issuer: OpenIdProvider
let users: InMemoryUserAccountStore
let here: ReturnType<typeof tokensInMemory>
let providers: OidcProviders
let logged: LogFields[]
/** Two replicas. */
let login: OidcLogin
let elsewhere: OidcLogin

beforeAll(async () => {
  issuer = await OpenIdProvider.start({
    ann: { groups: ['dev', 'Domain Users', 'a"b'], email: 'ann@corp.example', email_verified: true },
    eve: { email: 'admin', email_verified: false, groups: 'ops' },
    nil: {},
    odd: { preferred_username: 'x\u0000y' },
  })
})
afterAll(() => issuer.stop())

beforeEach(async () => {
  clock.offset = 0
  users = new InMemoryUserAccountStore()
  await users.create({ name: 'admin', admin: true })
  here = tokensInMemory(users, clock)
  providers = new OidcProviders(new InMemoryOidcProviderStore(), new MemoryBroadcast(), silentLogger, clock)
  const client = { id: clientId, secret: clientSecret }
  await providers.create(
    oidcProvider({ issuer: issuer.issuer, client, groupsClaim: 'groups', nameClaim: 'sub' }),
  )
  logged = []
  const note = (fields: LogFields) => void logged.push(fields)
  const logger: Logger = { ...silentLogger, warn: note }
  const pending = new InMemoryOidcLoginStore()
  const tokens = new OidcLoginTokens(here.accessTokens, users, logger)
  login = new OidcLogin(providers, pending, tokens, { clock, logger })
  elsewhere = new OidcLogin(providers, pending, tokens, { clock, logger })
})

async function logIn(name: string) {
  const { location, browserSecret } = await login.begin('corp', '/ui/?tab=1', redirectUri)
  return elsewhere.complete('corp', await issuer.logIn(location, name), browserSecret)
}

describe('a login at an OpenID provider', () => {
  it('gives the rights of the groups in the claim to somebody who is no user here', async () => {
    const { returnTo, secret, token } = await logIn('ann')
    expect(returnTo).toBe('/ui/?tab=1')
    expect(token).toMatchObject({ subject: 'corp/ann', createdBy: 'oidc/corp', description: 'login by corp' })
    expect(await here.live.verify(secret)).toMatchObject({
      name: 'corp/ann',
      admin: false,
      groups: ['dev', 'Domain Users'],
      groupsOnly: true,
    })
    clock.offset = 3_600_000
    expect(await here.live.verify(secret)).toBeUndefined()
  })

  it('asks with PKCE, state and nonce, and keeps none of its secrets', async () => {
    const { location, browserSecret } = await login.begin('corp', '/', redirectUri)
    const { searchParams, origin } = new URL(location)
    expect(origin).toBe(issuer.issuer)
    expect(Object.fromEntries(searchParams)).toMatchObject({
      client_id: clientId,
      response_type: 'code',
      redirect_uri: redirectUri,
      code_challenge_method: 'S256',
      scope: 'openid profile email groups',
    })
    for (const name of ['state', 'nonce', 'code_challenge']) {
      expect(searchParams.get(name)?.length).toBeGreaterThanOrEqual(43)
    }
    expect(location).not.toContain(browserSecret)
    expect(location).not.toContain(clientSecret)
  })

  it('is the user of the name only where the provider is trusted to name users', async () => {
    await expect(logIn('admin')).rejects.toMatchObject({ code: 'DENIED' })
    expect(logged).toContainEqual(expect.objectContaining({ name: 'admin', provider: 'corp' }))
    await providers.update('corp', (provider) => ({ ...provider, matchesAccounts: true }))
    const { secret } = await logIn('Admin')
    expect(await here.live.verify(secret)).toMatchObject({ name: 'admin', admin: true, limits: undefined })
  })

  it('is none for somebody disabled, and none as a robot', async () => {
    await providers.update('corp', (provider) => ({ ...provider, matchesAccounts: true }))
    await users.create({ name: 'ann', disabled: true })
    await users.create({ name: 'ci', kind: 'robot' })
    for (const name of ['ann', 'ci']) await expect(logIn(name)).rejects.toMatchObject({ code: 'DENIED' })
  })

  it('is none for somebody without account and groups', async () => {
    await expect(logIn('nil')).rejects.toMatchObject({ code: 'DENIED' })
  })

  it('takes an email address only when the provider has verified it', async () => {
    await providers.update('corp', (provider) => ({ ...provider, nameClaim: 'email', matchesAccounts: true }))
    await expect(logIn('eve')).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
    expect((await logIn('ann')).token.subject).toBe('corp/ann@corp.example')
  })

  it('is none without a name that could be one', async () => {
    for (const nameClaim of ['nickname', '__proto__', 'preferred_username']) {
      await providers.update('corp', (provider) => ({ ...provider, nameClaim }))
      await expect(logIn('odd')).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
    }
  })

  it('is completed once, by the browser that began it, in ten minutes', async () => {
    const unknown = {
      code: 'UNAUTHORIZED',
      message: 'this login was not begun here, or is over: begin again',
    }
    const begin = async () => {
      const { location, browserSecret } = await login.begin('corp', '/', redirectUri)
      return { query: await issuer.logIn(location, 'ann'), browserSecret }
    }
    const first = await begin()
    await login.complete('corp', first.query, first.browserSecret)
    await expect(login.complete('corp', first.query, first.browserSecret)).rejects.toMatchObject(unknown)
    const [mine, theirs] = [await begin(), await begin()]
    await expect(login.complete('corp', theirs.query, mine.browserSecret)).rejects.toMatchObject(unknown)
    await expect(login.complete('corp', theirs.query, theirs.browserSecret)).rejects.toMatchObject(unknown)
    const late = await begin()
    clock.offset = 600_000
    await expect(login.complete('corp', late.query, late.browserSecret)).rejects.toMatchObject(unknown)
    for (const query of ['', 'state=', 'state=x&code=y']) {
      await expect(login.complete('corp', query, mine.browserSecret)).rejects.toMatchObject(unknown)
    }
  })

  it('is completed at the address of its provider only: the code of one is never shown to another', async () => {
    const client = { id: clientId, secret: clientSecret }
    await providers.create(oidcProvider({ name: 'partner', issuer: issuer.issuer, client, nameClaim: 'sub' }))
    const { location, browserSecret } = await login.begin('partner', '/', redirectUri)
    const query = await issuer.logIn(location, 'ann')
    await expect(login.complete('corp', query, browserSecret)).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
      message: 'this login was not begun here, or is over: begin again',
    })
  })

  it('refuses a code of another login, another issuer in the answer, and what the provider refuses', async () => {
    const other = await login.begin('corp', '/', redirectUri)
    const foreign = new URLSearchParams(await issuer.logIn(other.location, 'ann'))
    for (const change of [
      { code: foreign.get('code') ?? '' },
      { code: 'invented' },
      { iss: 'https://evil.example' },
      { error: 'access_denied' },
    ]) {
      const { location, browserSecret } = await login.begin('corp', '/', redirectUri)
      const query = new URLSearchParams(await issuer.logIn(location, 'ann'))
      for (const [name, value] of Object.entries(change)) query.set(name, value)
      await expect(
        login.complete('corp', query.toString(), browserSecret),
        JSON.stringify(change),
      ).rejects.toMatchObject({
        code: 'UNAUTHORIZED',
      })
    }
  })

  it.each(['https://evil.example', '//evil.example', '/\\evil.example', 'ui', ''])(
    'does not return to %j',
    async (to) => {
      await expect(login.begin('corp', to, redirectUri)).rejects.toMatchObject({ code: 'REQUEST_INVALID' })
    },
  )

  it('begins at no provider that is unknown or not for logins', async () => {
    await providers.create(oidcProvider({ name: 'ci', issuer: issuer.issuer }))
    for (const name of ['ci', 'nowhere', '__proto__']) {
      await expect(login.begin(name, '/', redirectUri)).rejects.toMatchObject({ code: 'NAME_UNKNOWN' })
    }
  })

  it('is UNAVAILABLE when the provider goes down before its code is redeemed', async () => {
    const own = await OpenIdProvider.start({ ann: {} })
    const client = { id: clientId, secret: clientSecret }
    await providers.create(oidcProvider({ name: 'own', issuer: own.issuer, client }))
    const { location, browserSecret } = await login.begin('own', '/', redirectUri)
    const query = await own.logIn(location, 'ann')
    await own.stop()
    await expect(login.complete('own', query, browserSecret)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      retryAfterSeconds: 5,
    })
  })

  it('is UNAVAILABLE when the provider is down, answers badly, or refuses this server', async () => {
    const { location, browserSecret } = await login.begin('corp', '/', redirectUri)
    const query = await issuer.logIn(location, 'ann')
    const client = { id: clientId, secret: 'wrong' }
    await providers.update('corp', (provider) => ({ ...provider, client }))
    await expect(login.complete('corp', query, browserSecret)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await providers.update('corp', (provider) => ({ ...provider, issuer: 'http://127.0.0.1:1' }))
    await expect(login.begin('corp', '/', redirectUri)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(JSON.stringify(logged.map(({ err }) => String(err)))).not.toContain('wrong')
  })

  it('goes on with the new keys of a provider', async () => {
    const own = await OpenIdProvider.start({ ann: { groups: ['dev'] } })
    await providers.update('corp', (provider) => ({ ...provider, issuer: own.issuer }))
    const once = async () => {
      const { location, browserSecret } = await login.begin('corp', '/', redirectUri)
      return login.complete('corp', await own.logIn(location, 'ann'), browserSecret)
    }
    expect(await once()).toBeDefined()
    await own.rotate('second')
    await new Promise((resolve) => setTimeout(resolve, 1100))
    expect(await once()).toBeDefined()
    await own.stop()
  })
})
