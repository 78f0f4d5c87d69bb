import { createHmac, createPublicKey } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { MemoryBroadcast } from '@entrepot/coordination/testing'
import { type LogFields, type Logger, silentLogger } from '@entrepot/kernel'
import { generateKeyPair } from 'jose'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  InMemoryOidcProviderStore,
  InMemoryUserAccountStore,
  oidcMapping,
  oidcProvider,
  tokensInMemory,
} from '../testing/index.js'
import { ciAudience, OpenIdProvider } from '../testing/openid-provider.js'
import { OidcProviders } from './oidc-providers.js'
import { OidcTokenExchange } from './oidc-token-exchange.js'

const clock = { now: () => Date.now() }
const job = { repository: 'team/app', ref: 'refs/heads/main' }
let issuer: OpenIdProvider
let users: InMemoryUserAccountStore
let here: ReturnType<typeof tokensInMemory>
let providers: OidcProviders
let exchange: OidcTokenExchange
let logged: LogFields[]

beforeAll(async () => {
  issuer = await OpenIdProvider.start({})
})
afterAll(() => issuer.stop())

beforeEach(async () => {
  users = new InMemoryUserAccountStore()
  await users.create({ name: 'ci', kind: 'robot' })
  here = tokensInMemory(users, clock)
  providers = new OidcProviders(new InMemoryOidcProviderStore(), new MemoryBroadcast(), silentLogger, clock)
  await providers.create(oidcProvider({ name: 'ci', issuer: issuer.issuer, audience: ciAudience }))
  await providers.putMapping('ci', oidcMapping({ claims: { repository: 'team/*', ref: 'refs/heads/main' } }))
  logged = []
  const note = (fields: LogFields) => void logged.push(fields)
  const logger: Logger = { ...silentLogger, warn: note, error: note }
  exchange = new OidcTokenExchange(providers, here.accessTokens, users, logger)
})
afterEach(() => {
  issuer.keysFailure = undefined
})

const ask = (subjectToken: string, mapping?: string) =>
  exchange.exchange({ provider: 'ci', subjectToken, mapping })
const refusal = { code: 'UNAUTHORIZED', message: 'the token is not accepted: the server log says why' }

describe('the exchange of a CI token', () => {
  it('gives a short-lived token of the user that the mapping names', async () => {
    const { token, secret } = await ask(await issuer.sign(job))
    expect(token).toMatchObject({ subject: 'ci', createdBy: 'oidc/ci', description: 'ci: repo:team/app' })
    expect(Number(token.expiresAt) - Number(token.createdAt)).toBeGreaterThan(599_000)
    expect(Number(token.expiresAt) - Number(token.createdAt)).toBeLessThanOrEqual(600_000)
    expect(await here.live.verify(secret)).toMatchObject({
      name: 'ci',
      limits: [{ repositoryKey: 'docker-local', path: 'team/**', actions: ['read', 'deploy', 'overwrite'] }],
    })
  })

  it('gives the rights of groups to a subject that is no user, whatever users there are', async () => {
    await users.create({ name: 'ci/deploy', admin: true })
    const token = { ...oidcMapping().token, username: undefined, scope: 'applied-permissions/groups:ci' }
    await providers.putMapping(
      'ci',
      oidcMapping({ name: 'deploy', priority: 0, claims: { ref: '**' }, token }),
    )
    const { secret } = await ask(await issuer.sign(job))
    expect(await here.live.verify(secret)).toMatchObject({ name: 'ci/deploy', admin: false, groups: ['ci'] })
  })

  it('takes a real access token of the provider where these are what is wanted, and no other', async () => {
    const real = await issuer.accessToken()
    await providers.putMapping('ci', oidcMapping({ name: 'any', claims: { client_id: 'entrepot' } }))
    await expect(ask(real)).rejects.toMatchObject(refusal)
    await providers.update('ci', (provider) => ({ ...provider, tokenType: 'access-token' }))
    expect((await ask(real)).token.subject).toBe('ci')
    await expect(ask(await issuer.sign(job))).rejects.toMatchObject(refusal)
  })

  it('may be done again with the same token while it lasts', async () => {
    const token = await issuer.sign(job)
    const [first, second] = [await ask(token), await ask(token)]
    expect(first.secret).not.toBe(second.secret)
  })

  it('tries the mappings in their order, or the one that is named', async () => {
    await providers.putMapping(
      'ci',
      oidcMapping({
        name: 'b',
        priority: 2,
        claims: { ref: '**' },
        token: { ...oidcMapping().token, scope: 'artifact:b:r' },
      }),
    )
    await providers.putMapping(
      'ci',
      oidcMapping({
        name: 'a',
        priority: 2,
        claims: { ref: '**' },
        token: { ...oidcMapping().token, scope: 'artifact:a:r' },
      }),
    )
    const token = await issuer.sign({ repository: 'other/app', ref: 'refs/tags/1' })
    expect((await ask(token)).token.scope).toBe('artifact:a:r')
    expect((await ask(token, 'b')).token.scope).toBe('artifact:b:r')
    await expect(ask(token, 'nowhere')).rejects.toMatchObject(refusal)
    await expect(ask(token, oidcMapping().name)).rejects.toMatchObject(refusal)
  })

  it.each([
    ['another repository', { repository: 'evil/app', ref: job.ref }, 'repository', '"evil/app"'],
    ['a longer path', { repository: 'team/app/x', ref: job.ref }, 'repository', '"team/app/x"'],
    ['another branch', { ...job, ref: 'refs/heads/main2' }, 'ref', '"refs/heads/main2"'],
    ['no branch', { repository: job.repository }, 'ref', 'absent'],
    ['an object as branch', { ...job, ref: { a: job.ref } }, 'ref', '{"a":"refs/heads/main"}'],
  ])('refuses %s, and the log says which rule failed', async (_what, claims, claim, value) => {
    await expect(ask(await issuer.sign(claims))).rejects.toMatchObject(refusal)
    expect(logged).toEqual([
      { provider: 'ci', reason: 'no mapping fits', mismatches: [{ mapping: 'main', claim, value }] },
    ])
  })

  it('takes one of several values, on either side', async () => {
    await providers.putMapping('ci', oidcMapping({ claims: { groups: ['ops', 'dev-?'] } }))
    expect(await ask(await issuer.sign({ groups: ['x', 'dev-1'] }))).toBeDefined()
    await expect(ask(await issuer.sign({ groups: ['x', 'dev-11'] }))).rejects.toMatchObject(refusal)
    await expect(ask(await issuer.sign({ groups: [] }))).rejects.toMatchObject(refusal)
  })

  const seconds = Math.floor(Date.now() / 1000)
  it.each([
    ['another audience', { aud: 'elsewhere' }, {}],
    ['no audience', { aud: undefined }, {}],
    ['another issuer', { iss: 'https://evil.example' }, {}],
    ['the issuer with a slash', { iss: 'slash' }, {}],
    ['no issuer', { iss: undefined }, {}],
    ['an end in the past', { exp: seconds - 61 }, {}],
    ['no end', { exp: undefined }, {}],
    ['no start', { iat: undefined }, {}],
    ['no subject', { sub: undefined }, {}],
    ['a start in the future', { nbf: seconds + 120 }, {}],
    ['the type of an access token', {}, { typ: 'at+jwt' }],
    ['an unknown key id', {}, { kid: 'unknown' }],
    ['a path as key id', {}, { kid: '../../etc/passwd' }],
    ['a critical header', {}, { crit: ['x'], x: 1 }],
  ])('refuses a token with %s', async (_what, claims, header) => {
    const given = 'iss' in claims && claims.iss === 'slash' ? { iss: `${issuer.issuer}/` } : claims
    const token = await issuer
      .sign({ ...job, ...given }, withoutCrit(header))
      .then((text) => reheaded(text, header))
    await expect(ask(token)).rejects.toMatchObject(refusal)
    expect(logged[0]?.['err']).toBeInstanceOf(Error)
  })

  it('refuses a foreign key, also one that the token brings along', async () => {
    const { privateKey } = await generateKeyPair('RS256')
    for (const header of [
      {},
      { jwk: issuer.publicJwk },
      { jku: `${issuer.issuer}/jwks` },
      { x5u: 'https://evil.example/' },
    ]) {
      await expect(ask(await issuer.signWith(privateKey, job, header))).rejects.toMatchObject(refusal)
    }
  })

  it('refuses alg none, and HS256 with the public key', async () => {
    const [, claims] = (await issuer.sign(job)).split('.')
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    await expect(ask(`${encode({ alg: 'none', typ: 'JWT' })}.${claims}.`)).rejects.toMatchObject(refusal)
    const input = `${encode({ alg: 'HS256', kid: 'first', typ: 'JWT' })}.${claims}`
    const pem = createPublicKey({ key: { ...issuer.publicJwk }, format: 'jwk' }).export({
      format: 'pem',
      type: 'spki',
    })
    const signature = createHmac('sha256', pem).update(input).digest('base64url')
    await expect(ask(`${input}.${signature}`)).rejects.toMatchObject(refusal)
  })

  it.each(['', 'x', 'a.b.c', `ept_${'A'.repeat(49)}`])('refuses %j', async (text) => {
    await expect(ask(text)).rejects.toMatchObject(refusal)
  })

  it('refuses in the same words for an unknown provider and for a user who is gone', async () => {
    const token = await issuer.sign(job)
    await expect(exchange.exchange({ provider: 'nowhere', subjectToken: token })).rejects.toMatchObject(
      refusal,
    )
    await users.update('ci', { disabled: true })
    await expect(ask(token)).rejects.toMatchObject(refusal)
    await users.delete('ci')
    await expect(ask(token)).rejects.toMatchObject(refusal)
  })

  it('says nothing of the token in the log', async () => {
    const token = await issuer.sign({ ...job, ref: 'x' })
    await ask(token).catch(() => undefined)
    expect(JSON.stringify(logged)).not.toContain(token.split('.')[2])
  })

  it.each([
    ['answers 500', (response: ServerResponse) => void response.writeHead(500).end()],
    ['answers 404', (response: ServerResponse) => void response.writeHead(404).end()],
    ['answers no JSON', (response: ServerResponse) => void response.end('<html>')],
    ['answers no keys', (response: ServerResponse) => void response.end('{"keys":1}')],
    ['answers too much', (response: ServerResponse) => void response.end(' '.repeat(2 ** 21))],
    ['sends elsewhere', (response: ServerResponse) => void response.writeHead(302, { location: '/' }).end()],
    ['cuts off', (response: ServerResponse) => void response.destroy()],
  ])('is UNAVAILABLE, not a refusal, when the provider of keys %s', async (_what, fail) => {
    issuer.keysFailure = fail
    await expect(ask(await issuer.sign(job))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      retryAfterSeconds: 5,
    })
    expect(logged[0]).toMatchObject({ provider: 'ci' })
    issuer.keysFailure = undefined
    expect(await ask(await issuer.sign(job))).toBeDefined()
  })

  it('waits five seconds for keys that never come', async () => {
    issuer.keysFailure = () => undefined
    const began = Date.now()
    await expect(ask(await issuer.sign(job))).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(Date.now() - began).toBeLessThan(8000)
  }, 15_000)

  it('is UNAVAILABLE when the provider is down or another one answers there', async () => {
    const gone = await OpenIdProvider.start({})
    const token = await gone.sign(job)
    const { issuer: address } = gone
    await gone.stop()
    await providers.update('ci', (provider) => ({ ...provider, issuer: address }))
    await expect(ask(token)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await providers.update('ci', (provider) => ({ ...provider, issuer: `${issuer.issuer}/realm` }))
    await expect(ask(token)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  it('follows new keys of the provider, asking at most once a second', async () => {
    const own = await OpenIdProvider.start({})
    await providers.update('ci', (provider) => ({ ...provider, issuer: own.issuer }))
    expect(await ask(await own.sign(job))).toBeDefined()
    const old = await own.sign(job)
    await own.rotate('second')
    await new Promise((resolve) => setTimeout(resolve, 1100))
    expect(await ask(await own.sign(job))).toBeDefined()
    await expect(ask(old)).rejects.toMatchObject(refusal)
    const before = own.keyRequests
    for (let count = 0; count < 20; count += 1) {
      await ask(await own.sign(job, { kid: `x${count}` })).catch(() => undefined)
    }
    expect(own.keyRequests - before).toBeLessThanOrEqual(1)
    await own.stop()
  })
})

/** jose refuses to sign what it would refuse to read. */
function withoutCrit(header: object): object {
  return Object.fromEntries(Object.entries(header).filter(([name]) => name !== 'crit'))
}

function reheaded(token: string, header: object): string {
  if (!('crit' in header)) return token
  const [head = '', ...rest] = token.split('.')
  const changed = { ...(JSON.parse(Buffer.from(head, 'base64url').toString()) as object), ...header }
  return [Buffer.from(JSON.stringify(changed)).toString('base64url'), ...rest].join('.')
}
