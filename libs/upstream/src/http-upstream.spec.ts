import { digestOf } from '@entrepot/kernel'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { FaultyRegistry } from './testing/faulty-registry.js'
import { bytesOf, failureOf, get, ManualClock, Workbench } from './testing/workbench.js'

const bench = new Workbench()
let registry: FaultyRegistry

beforeEach(async () => {
  registry = await bench.registry()
})
afterEach(() => bench.end())

describe('a request that goes well', () => {
  it('brings bytes, headers without regard to case, and the host', async () => {
    const image = registry.addImage('library/alpine', 'latest')
    const response = await bench.client(registry).request(get('/v2/library/alpine/manifests/latest'))
    expect(response.status).toBe(200)
    expect(response.headers.get('Docker-Content-Digest')).toBe(image.digest)
    expect(response.headers.contentLength).toBe(image.bytes.length)
    expect(response.host).toBe(registry.host)
    expect((await bytesOf(Promise.resolve(response))).equals(image.bytes)).toBe(true)
  })

  it("sends the caller's headers, the user agent, and asks for identity coding", async () => {
    registry.addImage('a', 'b')
    registry.misbehave({ kind: 'gzip' })
    const request = get('/v2/a/manifests/b', { headers: { accept: 'application/x' } })
    const response = await bench.client(registry).request(request)
    response.body.resume()
    expect(response.headers.get('content-encoding')).toBeUndefined()
    expect(registry.requests[0]?.headers).toMatchObject({
      accept: 'application/x',
      'user-agent': 'entrepot/test',
      'accept-encoding': 'identity',
    })
    expect(registry.requests[0]?.headers['authorization']).toBeUndefined()
  })

  it('decodes nothing even when the upstream insists on gzip', async () => {
    const blob = registry.addBlob('a', Buffer.alloc(1000, 'x'))
    registry.misbehave({ kind: 'gzip', always: true })
    const bytes = await bytesOf(bench.client(registry).request(get(`/v2/a/blobs/${blob.digest}`)))
    expect(bytes.subarray(0, 2)).toEqual(Buffer.from([0x1f, 0x8b]))
  })

  it('asks for a range, open or closed, and reads Content-Range', async () => {
    const blob = registry.addBlob('a', Buffer.from('0123456789'))
    const client = bench.client(registry)
    const path = `/v2/a/blobs/${blob.digest}`
    const middle = await client.request(get(path, { range: { start: 2, end: 4 } }))
    expect([middle.status, middle.headers.contentRange]).toEqual([206, { start: 2, end: 4, size: 10 }])
    expect((await bytesOf(Promise.resolve(middle))).toString()).toBe('234')
    expect((await bytesOf(client.request(get(path, { range: { start: 7 } })))).toString()).toBe('789')
    expect((await client.request(get(path, { range: { start: 10 } }))).status).toBe(416)
  })

  it('answers HEAD without a body, and keeps the connection for what follows', async () => {
    const image = registry.addImage('a', 'b')
    const client = bench.client(registry, { maxConnections: 1 })
    for (let turn = 0; turn < 3; turn += 1) {
      const response = await client.request(get('/v2/a/manifests/b', { method: 'HEAD' }))
      expect(response.headers.get('docker-content-digest')).toBe(image.digest)
      expect(response.headers.contentLength).toBe(image.bytes.length)
      expect((await bytesOf(Promise.resolve(response))).length).toBe(0)
    }
    expect(client.state().active).toBe(0)
    expect(registry.connections).toBe(1)
  })

  it('keeps the connection after refusals, absence and content alike', async () => {
    const image = registry.addImage('a', 'b')
    registry.requireToken()
    const client = bench.client(registry, { maxConnections: 1 })
    await bytesOf(client.request(get('/v2/a/manifests/b')))
    await client.request(get('/v2/a/manifests/none'))
    await bytesOf(client.request(get(`/v2/a/blobs/${image.config.digest}`)))
    expect(registry.requests.length).toBe(5)
    expect(registry.connections).toBe(1)
  })

  it('keeps the path of the base URL in front of its own', async () => {
    registry.serve('/some/where/v2/a/tags/list', Buffer.from('{}'))
    const client = bench.client(`${registry.url}/some/where/`)
    await bytesOf(client.request(get('/v2/a/tags/list?n=3')))
    expect(registry.requests[0]).toMatchObject({ path: '/some/where/v2/a/tags/list', query: 'n=3' })
  })

  it('streams a blob that is larger than any buffer, at the pace of its reader', async () => {
    const blob = registry.addBlob('a', Buffer.alloc(24 * 1024 * 1024, 'abc'))
    const response = await bench.client(registry).request(get(`/v2/a/blobs/${blob.digest}`))
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(response.body.readableLength).toBeLessThan(2 * 1024 * 1024)
    expect(digestOf(await bytesOf(Promise.resolve(response)))).toBe(blob.digest)
  })
})

describe('what it returns and what it throws', () => {
  it.each([304, 404, 405, 410, 416, 501])('returns %i with the beginning of its body', async (status) => {
    registry.misbehave({ kind: 'status', status, body: status === 304 ? '' : 'why' })
    const response = await bench.client(registry).request(get('/v2/a/manifests/b'))
    expect(response.status).toBe(status)
    expect((await bytesOf(Promise.resolve(response))).toString()).toBe(status === 304 ? '' : 'why')
  })

  it.each([
    [400, 'UPSTREAM_FAILED'],
    [401, 'DENIED'],
    [403, 'DENIED'],
    [429, 'TOO_MANY_REQUESTS'],
    [451, 'DENIED'],
    [500, 'UPSTREAM_FAILED'],
    [502, 'UPSTREAM_FAILED'],
    [503, 'UPSTREAM_UNAVAILABLE'],
    [504, 'UPSTREAM_TIMEOUT'],
  ])('throws for %i as %s, naming the host and the status', async (status, code) => {
    registry.misbehave({ kind: 'status', status, body: 'secret page' }, { path: /manifests/ })
    const message = await failureOf(bench.client(registry).request(get('/v2/a/manifests/b')), { code })
    expect(message).toContain(`upstream ${registry.host}`)
    expect(message).toContain(String(status))
    expect(message).not.toContain('secret')
  })

  it('passes on Retry-After of 429 and of 503', async () => {
    registry.misbehave({ kind: 'status', status: 429, headers: { 'retry-after': '17' } }, { times: 1 })
    registry.misbehave({ kind: 'status', status: 503, headers: { 'retry-after': '3' } })
    const retryAfter = { code: 'TOO_MANY_REQUESTS', retryAfterSeconds: 17 }
    await failureOf(bench.client(registry).request(get('/v2/a/manifests/b')), retryAfter)
    const unavailable = { code: 'UPSTREAM_UNAVAILABLE', retryAfterSeconds: 3 }
    await failureOf(bench.client(registry).request(get('/v2/a/manifests/b')), unavailable)
  })

  it('says that content which is denied may not exist', async () => {
    registry.misbehave({ kind: 'status', status: 403 })
    const message = await failureOf(bench.client(registry).request(get('/v2/a/manifests/b')), {
      code: 'DENIED',
    })
    expect(message).toContain('may not exist or needs credentials')
  })

  it('refuses a path that leaves the base URL', async () => {
    for (const client of [bench.client(`${registry.url}/base`), bench.client(registry)]) {
      for (const path of [
        '/v2/../x',
        '/v2/%2e%2e/x',
        'v2/x',
        'http://evil.example/v2/',
        '/v2\\x',
        '/v2/x#y',
      ]) {
        await expect(client.request(get(path))).rejects.toThrow(TypeError)
      }
    }
    await expect(bench.client(registry).request(get('//evil.example/x'))).rejects.toThrow(TypeError)
    expect(registry.requests).toEqual([])
  })
})

describe('a base URL', () => {
  it.each(['ftp://x', 'nonsense', 'https://u:hunter2@x', 'https://x?y=hunter2', 'https://x/#hunter2'])(
    'is refused when it is %s, without repeating a secret',
    (baseUrl) => {
      expect(() => bench.client(baseUrl)).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }))
      expect(() => bench.client(baseUrl)).not.toThrow('hunter2')
    },
  )
})

describe('many at once', () => {
  it('has no more requests under way than connections, and the others wait', async () => {
    const blob = registry.addBlob('a', Buffer.alloc(10, 'x'))
    registry.misbehave({ kind: 'delay', milliseconds: 50 })
    const client = bench.client(registry, { maxConnections: 2 })
    const all = Array.from({ length: 6 }, () => bytesOf(client.request(get(`/v2/a/blobs/${blob.digest}`))))
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(client.state()).toMatchObject({ active: 2, waiting: 4 })
    expect(registry.requests.length).toBe(2)
    await Promise.all(all)
    expect(client.state()).toMatchObject({ active: 0, waiting: 0 })
  })

  it('says so when no connection comes free in time, and a waiter may leave', async () => {
    const blob = registry.addBlob('a', Buffer.alloc(10, 'x'))
    registry.misbehave({ kind: 'stall', afterBytes: 1 })
    const client = bench.client(registry, {
      maxConnections: 1,
      timeLimitMilliseconds: 100,
      assumedOfflineMilliseconds: 1000,
    })
    const { body } = await client.request(get(`/v2/a/blobs/${blob.digest}`))
    const signal = AbortSignal.timeout(20)
    await expect(client.request(get(`/v2/a/blobs/${blob.digest}`, { signal }))).rejects.toThrow('timeout')
    const busy = client.request(get(`/v2/a/blobs/${blob.digest}`))
    expect(await failureOf(busy, { code: 'UPSTREAM_UNAVAILABLE' })).toContain('all 1 connections')
    expect(client.state()).toMatchObject({ circuit: 'closed', active: 1, waiting: 0 })
    body.destroy()
  })

  it('ends what is under way when it is closed', async () => {
    const blob = registry.addBlob('a', Buffer.alloc(10, 'x'))
    registry.misbehave({ kind: 'stall', afterBytes: 1 }, { times: 1 })
    registry.misbehave({ kind: 'hang' })
    const client = bench.client(registry)
    const body = bytesOf(client.request(get(`/v2/a/blobs/${blob.digest}`)))
    await expect.poll(() => registry.requests.length).toBe(1)
    const headers = client.request(get('/v2/a/manifests/b'))
    await expect.poll(() => registry.requests.length).toBe(2)
    await Promise.all([
      failureOf(body, { code: 'UPSTREAM_UNAVAILABLE' }),
      failureOf(headers, { code: 'UPSTREAM_UNAVAILABLE' }),
      client.close(),
    ])
    await failureOf(client.request(get('/v2/a/manifests/b')), { code: 'UPSTREAM_UNAVAILABLE' })
  })
})

describe('an upstream that is down', () => {
  it('is left alone for a while, and asked by one request afterwards', async () => {
    const clock = new ManualClock()
    registry.addImage('a', 'b')
    registry.misbehave({ kind: 'status', status: 503 }, { times: 2 })
    const client = bench.client(registry, { assumedOfflineMilliseconds: 30_000 }, { clock })
    const ask = () => bytesOf(client.request(get('/v2/a/manifests/b')))
    await failureOf(ask(), { code: 'UPSTREAM_UNAVAILABLE' })
    await failureOf(ask(), { code: 'UPSTREAM_UNAVAILABLE', retryAfterSeconds: 30 })
    expect(registry.requests.length).toBe(1)
    expect(client.state()).toMatchObject({ host: registry.host, circuit: 'open' })
    clock.pass(30_000)
    const outcomes = await Promise.allSettled([ask(), ask(), ask()])
    expect(outcomes.map((each) => each.status)).toEqual(['rejected', 'rejected', 'rejected'])
    expect(registry.requests.length).toBe(2)
    clock.pass(30_000)
    await ask()
    expect(client.state().circuit).toBe('closed')
  })

  it.each([500, 404, 403])('is not one that answers %i', async (status) => {
    registry.misbehave({ kind: 'status', status }, { path: /manifests/ })
    const client = bench.client(registry, { assumedOfflineMilliseconds: 30_000 })
    await client.request(get('/v2/a/manifests/b')).catch(() => undefined)
    expect(client.state().circuit).toBe('closed')
  })

  it('is one that refuses connections, times out, or answers 502', async () => {
    const settings = { assumedOfflineMilliseconds: 30_000, timeLimitMilliseconds: 100 }
    registry.misbehave({ kind: 'hang' }, { path: /hang/ })
    registry.misbehave({ kind: 'status', status: 502 }, { path: /bad/ })
    const gone = await bench.registry()
    await gone.close()
    for (const client of [bench.client(registry, settings), bench.client(gone, settings)]) {
      await client.request(get('/v2/hang/manifests/b')).catch(() => undefined)
      expect(client.state().circuit).toBe('open')
    }
    const client = bench.client(registry, settings)
    await client.request(get('/v2/bad/manifests/b')).catch(() => undefined)
    expect(client.state().circuit).toBe('open')
  })

  it('is not one whose caller went away', async () => {
    registry.misbehave({ kind: 'hang' })
    const client = bench.client(registry, { assumedOfflineMilliseconds: 30_000 })
    await expect(
      client.request(get('/v2/a/manifests/b', { signal: AbortSignal.timeout(30) })),
    ).rejects.toThrow('timeout')
    expect(client.state().circuit).toBe('closed')
  })

  it('is left alone after 429 until Retry-After is over', async () => {
    const clock = new ManualClock()
    registry.addImage('a', 'b')
    registry.misbehave({ kind: 'status', status: 429, headers: { 'retry-after': '20' } }, { times: 1 })
    const client = bench.client(registry, {}, { clock })
    await failureOf(client.request(get('/v2/a/manifests/b')), {
      code: 'TOO_MANY_REQUESTS',
      retryAfterSeconds: 20,
    })
    clock.pass(5000)
    await failureOf(client.request(get('/v2/a/manifests/b')), {
      code: 'TOO_MANY_REQUESTS',
      retryAfterSeconds: 15,
    })
    expect(registry.requests.length).toBe(1)
    clock.pass(15_000)
    await bytesOf(client.request(get('/v2/a/manifests/b')))
  })
})
