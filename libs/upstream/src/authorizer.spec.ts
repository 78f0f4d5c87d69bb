import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { FaultyRegistry } from './testing/faulty-registry.js'
import { basicOf } from './testing/registry-access.js'
import { selfSignedCertificate } from './testing/self-signed-certificate.js'
import { bytesOf, failureOf, get, ManualClock, Workbench } from './testing/workbench.js'

const bench = new Workbench()
const path = '/v2/a/manifests/b'
const credentials = { username: 'mary', password: 'pass:wörd' }
let registry: FaultyRegistry

beforeEach(async () => {
  registry = await bench.registry()
  registry.addImage('a', 'b')
})
afterEach(() => bench.end())

function tokenRequests(at = registry) {
  return at.requests.filter((each) => each.path === '/token')
}

describe('without credentials', () => {
  it('gets a token anonymously, for our own scope and the service of the challenge', async () => {
    registry.requireToken({ service: 'the service', expiresInSeconds: 300 })
    await bytesOf(bench.client(registry).request(get(path, { scope: 'repository:a:pull repository:x:pull' })))
    const [request, ...others] = tokenRequests()
    expect(others).toEqual([])
    expect(request?.headers['authorization']).toBeUndefined()
    expect([...new URLSearchParams(request?.query)]).toEqual([
      ['service', 'the service'],
      ['scope', 'repository:a:pull repository:x:pull'],
    ])
  })

  it('asks for nothing beforehand where no token is needed', async () => {
    await bytesOf(bench.client(registry).request(get(path)))
    expect(registry.requests.map((each) => each.path)).toEqual([path])
  })

  it('takes access_token as well as token', async () => {
    registry.requireToken({ field: 'access_token' })
    expect((await bench.client(registry).request(get(path, { method: 'HEAD' }))).status).toBe(200)
  })

  it('keeps a query that the realm has already', async () => {
    registry.requireToken({ realm: `${registry.url}/token?account=x` })
    await bytesOf(bench.client(registry).request(get(path)))
    expect(tokenRequests()[0]?.query).toMatch(/^account=x&service=/)
  })

  it('learns the challenge from /v2/ where the content itself is refused without one', async () => {
    registry.requireToken()
    registry.misbehave({ kind: 'status', status: 403 }, { path: '/never' })
    const artifactory = await bench.registry()
    artifactory.misbehave({ kind: 'status', status: 403 }, { path, times: 1 })
    artifactory.addImage('a', 'b')
    const challenge = `Bearer realm="${registry.url}/token",service="s"`
    artifactory.misbehave(
      { kind: 'status', status: 401, headers: { 'www-authenticate': challenge } },
      { path: '/v2/' },
    )
    await bytesOf(bench.client(artifactory).request(get(path)))
    expect(artifactory.requests.map((each) => each.path)).toEqual([path, '/v2/', path])
    expect(artifactory.requests.at(-1)?.headers['authorization']).toMatch(/^Bearer /)
    expect(artifactory.requests[1]?.headers['authorization']).toBeUndefined()
  })

  it('asks a foreign realm, since there is nothing to lose', async () => {
    const foreign = await bench.registry()
    registry.requireToken({ realm: `${foreign.url.replace('127.0.0.1', 'localhost')}/token` })
    await bytesOf(bench.client(registry).request(get(path)))
    expect(tokenRequests(foreign).length).toBe(1)
  })

  it('is denied where Basic credentials are wanted, and asks once only', async () => {
    registry.requireBasic('u', 'p')
    await failureOf(bench.client(registry).request(get(path)), { code: 'DENIED' })
    expect(registry.requests.length).toBe(1)
  })
})

describe('with credentials', () => {
  it('sends them to the token endpoint only, and the token to the registry', async () => {
    registry.requireToken(credentials)
    await bytesOf(bench.client(registry, credentials).request(get(path)))
    expect(registry.requests.map((each) => [each.path, each.headers['authorization']?.slice(0, 6)])).toEqual([
      ['/v2/', undefined],
      ['/token', 'Basic '],
      [path, 'Bearer'],
    ])
    expect(tokenRequests()[0]?.headers['authorization']).toBe(basicOf('mary', 'pass:wörd'))
  })

  it('sends them as Basic to a registry that wants it so', async () => {
    registry.requireBasic(credentials.username, credentials.password)
    await bytesOf(bench.client(registry, credentials).request(get(path)))
    expect(registry.requests.map((each) => each.path)).toEqual(['/v2/', path])
  })

  it('is denied where the token endpoint or the registry does not take them', async () => {
    registry.requireToken(credentials)
    const wrong = { username: 'mary', password: 'hunter2' }
    const token = await failureOf(bench.client(registry, wrong).request(get(path)), { code: 'DENIED' })
    expect(token).toContain('check the user name and password')
    registry.requireBasic(credentials.username, credentials.password)
    const basic = await failureOf(bench.client(registry, wrong).request(get(path)), { code: 'DENIED' })
    expect(token + basic).not.toMatch(/hunter2|aHVudGVy|bWFyeT/)
  })

  it('is denied content that the token is not good for, after one token', async () => {
    registry.requireToken(credentials)
    const request = get('/v2/secret/manifests/b', { scope: 'repository:other:pull' })
    const message = await failureOf(bench.client(registry, credentials).request(request), { code: 'DENIED' })
    expect(message).toContain(`upstream ${registry.host}`)
    expect(tokenRequests().length).toBe(1)
  })

  it('never reach a foreign realm', async () => {
    const foreign = await bench.registry()
    registry.requireToken({ realm: `${foreign.url.replace('127.0.0.1', 'localhost')}/token` })
    const message = await failureOf(bench.client(registry, credentials).request(get(path)), {
      code: 'UPSTREAM_FAILED',
    })
    expect(message).toContain(`localhost:${new URL(foreign.url).port}, which is not its own domain`)
    expect(foreign.requests).toEqual([])
  })

  it('reach a foreign realm where the administrator allows any host', async () => {
    const foreign = await bench.registry()
    registry.requireToken({ ...credentials, realm: `${foreign.url.replace('127.0.0.1', 'localhost')}/token` })
    const client = bench.client(registry, { ...credentials, allowAnyHostAuth: true })
    await bytesOf(client.request(get(path)))
    expect(tokenRequests(foreign)[0]?.headers['authorization']).toMatch(/^Basic /)
  })
})

describe('tokens', () => {
  it('are used again without a new challenge, by scope', async () => {
    registry.addImage('c', 'd')
    registry.requireToken({ expiresInSeconds: 300 })
    const client = bench.client(registry)
    for (const each of [path, path, '/v2/c/manifests/d', path]) await bytesOf(client.request(get(each)))
    expect(registry.requests.map((each) => each.path)).toEqual([
      path,
      '/token',
      path,
      path,
      '/token',
      '/v2/c/manifests/d',
      path,
    ])
  })

  it.each([
    [undefined, 50_000, 1],
    [undefined, 60_000, 2],
    [1, 50_000, 1],
    [300, 290_000, 1],
    [300, 296_000, 2],
  ])('with expires_in %s make %i ms later %i fetches in all', async (expiresInSeconds, later, fetches) => {
    const clock = new ManualClock()
    registry.requireToken(expiresInSeconds === undefined ? {} : { expiresInSeconds })
    const client = bench.client(registry, {}, { clock })
    await bytesOf(client.request(get(path)))
    clock.pass(later)
    await bytesOf(client.request(get(path)))
    expect(tokenRequests().length).toBe(fetches)
  })

  it('are fetched anew once when one is refused before its time', async () => {
    registry.requireToken({ expiresInSeconds: 300 })
    const client = bench.client(registry)
    await bytesOf(client.request(get(path)))
    registry.revokeTokens()
    await bytesOf(client.request(get(path)))
    expect(tokenRequests().length).toBe(2)
  })

  it('are fetched once, however many wait', async () => {
    registry.requireToken()
    registry.misbehave({ kind: 'delay', milliseconds: 50 }, { path: '/token' })
    const client = bench.client(registry, credentials)
    await Promise.all(Array.from({ length: 20 }, () => bytesOf(client.request(get(path)))))
    expect(tokenRequests().length).toBe(1)
    expect(registry.count('GET', '/v2/')).toBe(1)
  })

  it('come to the others when the one who asked first goes away', async () => {
    registry.requireToken()
    registry.misbehave({ kind: 'delay', milliseconds: 100 }, { path: '/token' })
    const client = bench.client(registry, credentials)
    const leaving = new AbortController()
    const first = client.request(get(path, { signal: leaving.signal }))
    const second = bytesOf(client.request(get(path)))
    setTimeout(() => leaving.abort(new Error('gone')), 30)
    await expect(first).rejects.toThrow('gone')
    expect((await second).length).toBeGreaterThan(0)
    expect(tokenRequests().length).toBe(1)
  })
})

describe('a token endpoint that fails', () => {
  it.each([
    [{ kind: 'status', status: 500 }, 'UPSTREAM_FAILED'],
    [{ kind: 'status', status: 503 }, 'UPSTREAM_UNAVAILABLE'],
    [{ kind: 'status', status: 429, headers: { 'retry-after': '9' } }, 'TOO_MANY_REQUESTS'],
    [{ kind: 'status', status: 200, body: 'not json' }, 'UPSTREAM_FAILED'],
    [{ kind: 'status', status: 200, body: '{"token":"line\\nbreak"}' }, 'UPSTREAM_FAILED'],
    [{ kind: 'status', status: 200, body: '{"token":7}' }, 'UPSTREAM_FAILED'],
    [{ kind: 'status', status: 200, body: 'null' }, 'UPSTREAM_FAILED'],
    [{ kind: 'redirect', to: 'http://127.0.0.1:1/token' }, 'UPSTREAM_FAILED'],
    [{ kind: 'drop', afterBytes: 3 }, 'UPSTREAM_FAILED'],
    [{ kind: 'hang' }, 'UPSTREAM_TIMEOUT'],
  ] as const)('with %j is told as %s', async (behaviour, code) => {
    registry.requireToken()
    registry.misbehave(behaviour, { path: '/token' })
    const client = bench.client(registry, { timeLimitMilliseconds: 800 })
    expect(await failureOf(client.request(get(path)), { code })).toContain(`token endpoint ${registry.host}`)
  })

  it('is asked again by the next request', async () => {
    registry.requireToken()
    registry.misbehave({ kind: 'status', status: 500 }, { path: '/token', times: 1 })
    const client = bench.client(registry)
    await failureOf(client.request(get(path)), { code: 'UPSTREAM_FAILED' })
    await bytesOf(client.request(get(path)))
  })

  it.each(['Bearer service="s"', 'Bearer realm="/token"', 'Bearer realm="file:///etc/passwd"', 'Bearer'])(
    'because the challenge is %s is told as UPSTREAM_FAILED',
    async (challenge) => {
      registry.requireToken({ challenge })
      await failureOf(bench.client(registry).request(get(path)), { code: 'UPSTREAM_FAILED' })
    },
  )

  it('because it is http and the upstream https is told as UPSTREAM_FAILED, and not asked', async () => {
    const tls = selfSignedCertificate()
    const secure = await bench.registry({ tls })
    secure.requireToken({ realm: `${registry.url}/token` })
    const client = bench.client(secure, {
      trustedCertificates: tls.cert,
      allowAnyHostAuth: true,
      ...credentials,
    })
    const message = await failureOf(client.request(get(path)), { code: 'UPSTREAM_FAILED' })
    expect(message).toContain('over plain http')
    expect(registry.requests).toEqual([])
  })
})
