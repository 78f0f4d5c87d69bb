import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { FaultyRegistry } from './testing/faulty-registry.js'
import { selfSignedCertificate } from './testing/self-signed-certificate.js'
import { bytesOf, failureOf, get, Workbench } from './testing/workbench.js'

const bench = new Workbench()
const bytes = Buffer.from('0123456789')
const path = `/v2/a/blobs/x`
let registry: FaultyRegistry
let store: FaultyRegistry

beforeEach(async () => {
  registry = await bench.registry()
  store = await bench.registry()
  store.serve('/signed', bytes)
})
afterEach(() => bench.end())

describe('redirects', () => {
  it.each([301, 302, 303, 307, 308])(
    'with %i are followed to another host without the token',
    async (status) => {
      registry.requireToken()
      registry.misbehave({ kind: 'redirect', to: `${store.url}/signed?key=s`, status }, { path })
      const response = await bench.client(registry).request(get(path, { range: { start: 2 } }))
      expect(response.host).toBe(store.host)
      expect((await bytesOf(Promise.resolve(response))).toString()).toBe('23456789')
      expect(store.requests[0]?.query).toBe('key=s')
      expect(store.requests[0]?.headers['authorization']).toBeUndefined()
      expect(registry.requests.at(-1)?.headers['authorization']).toMatch(/^Bearer /)
    },
  )

  it('keep the token on the same host, relative ones included', async () => {
    registry.requireToken()
    registry.addImage('a', 'b')
    registry.misbehave({ kind: 'redirect', to: '/v2/a/manifests/b' }, { path })
    const response = await bench.client(registry).request(get(path))
    expect(response.host).toBe(registry.host)
    expect(response.status).toBe(200)
    response.body.resume()
  })

  it('do not get the token back when they lead home again', async () => {
    registry.requireBasic('u', 'p')
    registry.serve('/open', bytes)
    registry.misbehave({ kind: 'redirect', to: `${store.url}/signed` }, { path })
    store.misbehave({ kind: 'redirect', to: `${registry.url}/open` })
    await bytesOf(bench.client(registry, { username: 'u', password: 'p' }).request(get(path)))
    expect(registry.requests.at(-1)).toMatchObject({ path: '/open' })
    expect(registry.requests.at(-1)?.headers['authorization']).toBeUndefined()
  })

  it('take credentials along where the administrator allows any host', async () => {
    registry.requireBasic('u', 'p')
    registry.misbehave({ kind: 'redirect', to: `${store.url}/signed` }, { path })
    const client = bench.client(registry, { username: 'u', password: 'p', allowAnyHostAuth: true })
    await bytesOf(client.request(get(path)))
    expect(store.requests[0]?.headers['authorization']).toMatch(/^Basic /)
  })

  it('are followed five times and no more', async () => {
    registry.serve('/end', bytes)
    const next = (from: string) => {
      const step = Number(from.slice('/v2/'.length)) - 1
      return step === 0 ? '/end' : `/v2/${step}`
    }
    registry.misbehave({ kind: 'redirect', to: next }, { path: /^\/v2\/\d+$/ })
    const client = bench.client(registry)
    expect((await bytesOf(client.request(get('/v2/5')))).equals(bytes)).toBe(true)
    expect(await failureOf(client.request(get('/v2/6')), { code: 'UPSTREAM_FAILED' })).toContain(
      'more than 5 times',
    )
  })

  it.each([
    ['ftp://example.com/x', 'ftp:'],
    ['http://', 'no URL'],
  ])('to %s are refused', async (to, words) => {
    registry.misbehave({ kind: 'redirect', to })
    const message = await failureOf(bench.client(registry).request(get(path)), { code: 'UPSTREAM_FAILED' })
    expect(message).toContain(words)
  })

  it('without a Location are refused', async () => {
    registry.misbehave({ kind: 'status', status: 302 })
    await failureOf(bench.client(registry).request(get(path)), { code: 'UPSTREAM_FAILED' })
  })

  it('from https to http are refused, even where any host may have the credentials', async () => {
    const tls = selfSignedCertificate()
    const secure = await bench.registry({ tls })
    secure.misbehave({ kind: 'redirect', to: `${store.url}/signed?key=hunter2` })
    const client = bench.client(secure, { trustedCertificates: tls.cert, allowAnyHostAuth: true })
    const message = await failureOf(client.request(get(path)), { code: 'UPSTREAM_FAILED' })
    expect(message).toContain(`from https to http (${store.host})`)
    expect(message).not.toContain('hunter2')
    expect(store.requests).toEqual([])
  })

  it('from http to https are followed without the credentials', async () => {
    const tls = selfSignedCertificate()
    const secure = await bench.registry({ tls })
    secure.serve('/signed', bytes)
    registry.requireToken()
    registry.misbehave({ kind: 'redirect', to: `${secure.url}/signed` }, { path })
    const client = bench.client(registry, { trustedCertificates: tls.cert })
    expect((await bytesOf(client.request(get(path)))).equals(bytes)).toBe(true)
    expect(secure.requests[0]?.headers['authorization']).toBeUndefined()
  })
})

describe('the target of a redirect', () => {
  beforeEach(() => {
    registry.misbehave({ kind: 'redirect', to: `${store.url}/signed?key=hunter2` })
  })

  it('may say that there is nothing', async () => {
    store.misbehave({ kind: 'status', status: 404 })
    expect((await bench.client(registry).request(get(path))).status).toBe(404)
  })

  it.each([
    [403, 'UPSTREAM_FAILED'],
    [500, 'UPSTREAM_FAILED'],
    [503, 'UPSTREAM_UNAVAILABLE'],
    [429, 'TOO_MANY_REQUESTS'],
  ])('that answers %i fails the request as %s and leaves the upstream in service', async (status, code) => {
    store.misbehave({ kind: 'status', status, headers: { 'retry-after': '9' } })
    const client = bench.client(registry, { assumedOfflineMilliseconds: 30_000 })
    const message = await failureOf(client.request(get(path)), { code })
    expect(message).toContain(
      `${store.host}, to which upstream ${registry.host} redirects, answered ${status}`,
    )
    expect(message).not.toContain('hunter2')
    expect(client.state().circuit).toBe('closed')
  })

  it('that cannot be reached leaves the upstream in service', async () => {
    await store.close()
    const client = bench.client(registry, { assumedOfflineMilliseconds: 30_000 })
    await failureOf(client.request(get(path)), { code: 'UPSTREAM_UNAVAILABLE' })
    expect(client.state().circuit).toBe('closed')
    store = await bench.registry()
  })

  it.each([403, 405])('that answers HEAD with %i is told as 405, so that GET is tried', async (status) => {
    store.misbehave({ kind: 'status', status }, { method: 'HEAD' })
    const client = bench.client(registry)
    expect((await client.request(get(path, { method: 'HEAD' }))).status).toBe(405)
    expect((await bytesOf(client.request(get(path)))).equals(bytes)).toBe(true)
  })
})
