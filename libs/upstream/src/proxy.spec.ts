import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { classifyAddress } from './address-class.js'
import { systemNetwork } from './network.js'
import { basicOf } from './testing/registry-access.js'
import type { FaultyRegistry } from './testing/faulty-registry.js'
import type { ForwardProxy } from './testing/forward-proxy.js'
import { selfSignedCertificate } from './testing/self-signed-certificate.js'
import { bytesOf, failureOf, get, Workbench } from './testing/workbench.js'
import { alwaysThrough, throughMissing, type UpstreamProxy } from './upstream-proxy.js'

const bench = new Workbench()
const path = '/v2/a/manifests/b'
const canary = 'canary-proxy-password'

let registry: FaultyRegistry
let proxy: ForwardProxy
beforeEach(async () => {
  registry = await bench.registry()
  registry.addImage('a', 'b')
  proxy = await bench.proxy()
})
afterEach(() => bench.end())

const corp = (changes: Partial<UpstreamProxy> = {}): UpstreamProxy => ({
  name: 'corp',
  host: '127.0.0.1',
  port: proxy.port,
  username: '',
  password: '',
  redirectedToHosts: [],
  ...changes,
})
const client = (at: FaultyRegistry | string = registry, changes: Partial<UpstreamProxy> = {}, more = {}) =>
  bench.client(at, { proxies: alwaysThrough(corp(changes)), ...more })
const ask = (...what: Parameters<typeof client>) => client(...what).request(get(path))

describe('through a proxy', () => {
  it('goes every request of plain http, by the whole URL, over kept connections', async () => {
    const upstream = client()
    for (let n = 0; n < 3; n += 1)
      expect((await bytesOf(upstream.request(get(path)))).length).toBeGreaterThan(0)
    expect(proxy.requests).toMatchObject(
      Array(3).fill({ method: 'GET', target: `${registry.url}${path}`, headers: { host: registry.host } }),
    )
    expect(registry.requests.every(({ headers }) => headers['host'] === registry.host)).toBe(true)
  })

  it('goes https in a tunnel, in which the proxy reads nothing', async () => {
    const tls = selfSignedCertificate()
    const secure = await bench.registry({ tls })
    secure.requireBasic('ann', 'upstream-secret')
    secure.addImage('a', 'b')
    const trusting = { trustedCertificates: tls.cert, username: 'ann', password: 'upstream-secret' }
    const upstream = client(secure, {}, trusting)
    for (let n = 0; n < 3; n += 1)
      expect((await bytesOf(upstream.request(get(path)))).length).toBeGreaterThan(0)
    const tunnels = proxy.requests.map(({ method, target }) => `${method} ${target}`)
    expect(new Set(tunnels)).toEqual(new Set([`CONNECT ${secure.host}`]))
    expect(tunnels.length).toBeLessThan(secure.requests.length)
    expect(JSON.stringify(proxy.requests)).not.toContain(basicOf('ann', 'upstream-secret'))
  })

  it('shows the proxy its credentials, and nobody else', async () => {
    proxy.credentials = { username: 'user', password: canary }
    const tls = selfSignedCertificate()
    const secure = await bench.registry({ tls })
    secure.addImage('a', 'b')
    const shown = { username: 'user', password: canary }
    await bytesOf(ask(registry, shown))
    await bytesOf(ask(secure, shown, { trustedCertificates: tls.cert }))
    expect(proxy.requests).toHaveLength(2)
    const header = basicOf('user', canary)
    expect(proxy.requests.every(({ headers }) => headers['proxy-authorization'] === header)).toBe(true)
    for (const { requests } of [registry, secure]) {
      expect(JSON.stringify(requests)).not.toContain(header)
      expect(JSON.stringify(requests)).not.toContain('proxy-authorization')
    }
  })

  it('goes what a redirect leads to, and the token', async () => {
    const cdn = await bench.registry()
    cdn.serve('/blob', Buffer.from('bytes'))
    registry.requireToken()
    registry.misbehave({ kind: 'redirect', to: `${cdn.url}/blob` }, { path })
    expect((await bytesOf(ask())).toString()).toBe('bytes')
    const targets = proxy.requests.map(({ target }) => target.replace(/\?.*/, ''))
    expect(targets).toEqual([
      `${registry.url}${path}`,
      `${registry.url}/token`,
      `${registry.url}${path}`,
      `${cdn.url}/blob`,
    ])
  })

  it('gets to names that only the proxy knows', async () => {
    proxy.names.set('registry.example', '127.0.0.1')
    const { port } = new URL(registry.url)
    expect((await ask(`http://registry.example:${port}`)).status).toBe(200)
    const tls = selfSignedCertificate()
    const secure = await bench.registry({ tls })
    secure.addImage('a', 'b')
    proxy.names.set('localhost', '127.0.0.1')
    const at = `https://localhost:${new URL(secure.url).port}`
    expect((await ask(at, {}, { trustedCertificates: tls.cert })).status).toBe(200)
  })

  it('does not trust what is at the end of a tunnel more than without', async () => {
    const secure = await bench.registry({ tls: selfSignedCertificate() })
    const message = await failureOf(ask(secure), { code: 'UPSTREAM_UNAVAILABLE' })
    expect(message).toContain(`upstream ${secure.host} (through proxy corp (127.0.0.1:${proxy.port}))`)
    expect(message).toContain('over TLS')
    expect(secure.requests).toEqual([])
  })
})

describe('a proxy that fails is named, and the answer is 502', () => {
  const schemes = [
    ['http', undefined],
    ['https', selfSignedCertificate()],
  ] as const
  const start = (tls: (typeof schemes)[number][1]) => bench.registry(tls === undefined ? {} : { tls })
  const named = () => `proxy corp (127.0.0.1:${proxy.port})`

  it.each(schemes)('for wrong credentials, over %s', async (_, tls) => {
    const at = await start(tls)
    proxy.credentials = { username: 'user', password: 'another' }
    const upstream = client(
      at,
      { username: 'user', password: canary },
      { assumedOfflineMilliseconds: 60_000 },
    )
    const message = await failureOf(upstream.request(get(path)), { code: 'UPSTREAM_FAILED' })
    expect(message).toBe(
      `upstream ${at.host} (through ${named()}) can not be reached: ${named()} wants other credentials (407): ` +
        'check its username and password',
    )
    // It is not asked again and again: the account behind it may be locked.
    expect(await failureOf(upstream.request(get(path)), { code: 'UPSTREAM_FAILED' })).toContain(message)
    expect(proxy.requests).toHaveLength(1)
    expect(JSON.stringify(upstream.state())).not.toContain(canary)
    expect(at.requests).toEqual([])
  })

  it.each(schemes)('where nothing listens, over %s', async (_, tls) => {
    const at = await start(tls)
    await proxy.close()
    const message = await failureOf(ask(at, { username: 'user', password: canary }), {
      code: 'UPSTREAM_FAILED',
    })
    expect(message).toContain(`${named()} refuses connections`)
    expect(message).not.toContain(canary)
  })

  it('where its name does not resolve', async () => {
    const message = await failureOf(ask(registry, { host: 'proxy.invalid' }), { code: 'UPSTREAM_FAILED' })
    expect(message).toMatch(/proxy corp \(proxy\.invalid:\d+\) has a name that/)
  })

  it.each([
    [401, 'wants other credentials (401)'],
    [403, 'does not let this server go there (403)'],
    [502, 'could not connect to it (502)'],
    [302, 'answered 302'],
  ])('where it answers CONNECT with %d', async (status, text) => {
    proxy.status = status
    expect(await failureOf(ask(await start(schemes[1][1])), { code: 'UPSTREAM_FAILED' })).toContain(
      `${named()} ${text}`,
    )
  })

  it('where it does not answer CONNECT', async () => {
    proxy.silent = true
    const at = await start(schemes[1][1])
    const message = await failureOf(ask(at, {}, { timeLimitMilliseconds: 100 }), { code: 'UPSTREAM_TIMEOUT' })
    expect(message).toContain(named())
  })

  it('where something else is there', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.end('SSH-2.0-OpenSSH_9.9\r\n')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const message = await failureOf(ask(await start(schemes[1][1]), { port }), { code: 'UPSTREAM_FAILED' })
    expect(message).toMatch(/proxy corp .* sent an answer that is not HTTP/)
    server.close()
  })

  it('that there is not', async () => {
    const upstream = bench.client(registry, { proxies: throughMissing('gone') })
    const message = await failureOf(upstream.request(get(path)), { code: 'UPSTREAM_FAILED' })
    expect(message).toContain('names the proxy "gone", which there is not')
    expect(registry.requests).toEqual([])
  })
})

describe('the address guard through a proxy', () => {
  const guarded = { network: { ...systemNetwork, classify: classifyAddress } }
  const refusal = async (to: string, typed = 'http://registry.example') => {
    proxy.names.set('registry.example', '127.0.0.1')
    const { port } = new URL(registry.url)
    registry.misbehave({ kind: 'redirect', to }, { times: 1 })
    const upstream = bench.client(`${typed}:${port}`, { proxies: alwaysThrough(corp()) }, guarded)
    const message = await failureOf(upstream.request(get(path)), { code: 'UPSTREAM_FAILED' })
    expect(proxy.requests).toHaveLength(1)
    return message
  }

  it.each([
    'http://127.0.0.1/secret',
    'http://2130706433/secret',
    'http://0x7f.1/secret',
    'http://[::1]/secret',
    'http://[::ffff:10.0.0.1]/secret',
    'http://10.1.1.1/secret',
    'https://192.168.1.1/secret',
    'http://169.254.169.254/latest/meta-data',
    'http://localhost/secret',
    'https://LOCALHOST./secret',
    'http://a.localhost/secret',
    'http://metadata.google.internal/computeMetadata/v1/',
    'http://vault/secret',
    'https://vault.corp.internal/secret',
    'http://printer.local/secret',
  ])('refuses a redirect to %s before the proxy is asked', async (to) => {
    const message = await refusal(to)
    expect(message).toContain("inside this server's network")
    expect(message).toContain(new URL(to).host)
  })

  it('lets an upstream in the house lead within the house, and not to metadata or this machine', async () => {
    proxy.names.set('registry.corp.internal', '127.0.0.1')
    proxy.names.set('cdn.corp.internal', '127.0.0.1')
    const cdn = await bench.registry()
    cdn.serve('/blob', Buffer.from('bytes'))
    registry.misbehave(
      { kind: 'redirect', to: `http://cdn.corp.internal:${new URL(cdn.url).port}/blob` },
      { times: 1 },
    )
    const at = `http://registry.corp.internal:${new URL(registry.url).port}`
    expect((await bytesOf(ask(at))).toString()).toBe('bytes')
    proxy.requests.length = 0
    await refusal('http://metadata.google.internal/', 'http://registry.example')
  })

  it('lets a token realm lead nowhere inside', async () => {
    registry.requireToken({ realm: 'http://10.1.1.1/token' })
    proxy.names.set('registry.example', '127.0.0.1')
    const { port } = new URL(registry.url)
    const message = await failureOf(ask(`http://registry.example:${port}`), { code: 'UPSTREAM_FAILED' })
    expect(message).toContain('token endpoint 10.1.1.1')
    expect(proxy.requests).toHaveLength(1)
  })
})

describe('hosts that a proxy sends on to', () => {
  it('are not the upstream, whoever says so', async () => {
    const changes = { username: 'user', password: canary, redirectedToHosts: ['127.0.0.1'] }
    await bytesOf(ask(registry, changes))
    expect(registry.requests.map(({ headers }) => headers['authorization'])).toEqual([undefined])
  })

  it('get its credentials, others do not, and it may be inside', async () => {
    proxy.names.set('registry.example', '127.0.0.1')
    proxy.names.set('login.corp', '127.0.0.1')
    proxy.names.set('cdn.example', '127.0.0.1')
    const login = await bench.registry()
    const cdn = await bench.registry()
    cdn.serve('/blob', Buffer.from('bytes'))
    login.serve('/welcome', Buffer.from('welcome'))
    const at = (host: string, { url }: FaultyRegistry) => `http://${host}:${new URL(url).port}`
    registry.misbehave({ kind: 'redirect', to: `${at('login.corp', login)}/welcome` }, { times: 1 })
    login.misbehave({ kind: 'redirect', to: `${at('cdn.example', cdn)}/blob` }, { times: 1 })
    const changes = { username: 'user', password: canary, redirectedToHosts: ['login.corp'] }
    expect((await bytesOf(ask(at('registry.example', registry), changes))).toString()).toBe('bytes')
    const shown = (to: FaultyRegistry) => to.requests.map(({ headers }) => headers['authorization'])
    expect([shown(registry), shown(login), shown(cdn)]).toEqual([
      [undefined],
      [basicOf('user', canary)],
      [undefined],
    ])
  })
})
