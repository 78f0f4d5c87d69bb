import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { FaultyRegistry } from './testing/faulty-registry.js'
import { selfSignedCertificate } from './testing/self-signed-certificate.js'
import { bytesOf, failureOf, get, Workbench } from './testing/workbench.js'
import type {
  ObservedBody,
  ObservedRateLimit,
  ObservedRequest,
  UpstreamObserver,
} from './upstream-observer.js'

const bench = new Workbench()
let registry: FaultyRegistry

beforeEach(async () => {
  registry = await bench.registry()
})
afterEach(() => bench.end())

describe('connections that fail', () => {
  it('says that nothing listens', async () => {
    const gone = await bench.registry()
    await gone.close()
    const message = await failureOf(bench.client(gone).request(get('/v2/a/manifests/b')), {
      code: 'UPSTREAM_UNAVAILABLE',
    })
    expect(message).toBe(`upstream ${gone.host} refuses connections`)
  })

  it('says that a name does not resolve', async () => {
    const message = await failureOf(
      bench.client('http://registry.invalid').request(get('/v2/a/manifests/b')),
      {
        code: 'UPSTREAM_UNAVAILABLE',
      },
    )
    expect(message).toMatch(/^upstream registry.invalid has a name that/)
  })

  it('says that a certificate is not trusted', async () => {
    const secure = await bench.registry({ tls: selfSignedCertificate() })
    const message = await failureOf(bench.client(secure).request(get('/v2/a/manifests/b')), {
      code: 'UPSTREAM_UNAVAILABLE',
    })
    expect(message).toContain('over TLS (DEPTH_ZERO_SELF_SIGNED_CERT)')
    expect(secure.requests).toEqual([])
  })

  it('says that what answers is not HTTP', async () => {
    const client = bench.client(await bench.rawServer('SSH-2.0-OpenSSH_9.9\r\n'))
    const message = await failureOf(client.request(get('/v2/a/manifests/b')), { code: 'UPSTREAM_FAILED' })
    expect(message).toContain('not HTTP/1.1')
  })

  it('times out when the headers do not come', async () => {
    registry.misbehave({ kind: 'hang' })
    const client = bench.client(registry, { timeLimitMilliseconds: 100 })
    const start = performance.now()
    await failureOf(client.request(get('/v2/a/manifests/b')), { code: 'UPSTREAM_TIMEOUT' })
    expect(performance.now() - start).toBeLessThan(1500)
    expect(registry.count('GET', /./)).toBe(1)
    expect(client.state().active).toBe(0)
  })

  it('times out when the TLS handshake does not come', async () => {
    const url = (await bench.rawServer(undefined)).replace('http:', 'https:')
    const client = bench.client(url, { timeLimitMilliseconds: 100 })
    await failureOf(client.request(get('/v2/a/manifests/b')), { code: 'UPSTREAM_TIMEOUT' })
  })

  it('repeats once when the connection is reset before the answer', async () => {
    const image = registry.addImage('a', 'b')
    registry.misbehave({ kind: 'reset' }, { times: 1 })
    const bytes = await bytesOf(bench.client(registry).request(get('/v2/a/manifests/b')))
    expect(bytes.equals(image.bytes)).toBe(true)
    expect(registry.count('GET', '/v2/a/manifests/b')).toBe(2)
  })

  it('repeats no more than once', async () => {
    registry.misbehave({ kind: 'reset' })
    const message = await failureOf(bench.client(registry).request(get('/v2/a/manifests/b')), {
      code: 'UPSTREAM_UNAVAILABLE',
    })
    expect(message).toContain('closed the connection before answering')
    expect(registry.count('GET', /./)).toBe(2)
  })
})

describe('bodies that fail', () => {
  it('fails a body that breaks off, after what had come', async () => {
    const blob = registry.addBlob('a', Buffer.alloc(1000, 'x'))
    registry.misbehave({ kind: 'drop', afterBytes: 400 })
    const client = bench.client(registry)
    const { body } = await client.request(get(`/v2/a/blobs/${blob.digest}`))
    let bytes = 0
    body.on('data', (chunk: Buffer) => (bytes += chunk.length))
    const end = new Promise((_, reject) => body.once('error', reject))
    expect(await failureOf(end, { code: 'UPSTREAM_UNAVAILABLE' })).toContain('broke off after 400 bytes')
    expect(bytes).toBe(400)
    expect(registry.count('GET', /blobs/)).toBe(1)
    expect(client.state().active).toBe(0)
  })

  it('fails a body that falls silent', async () => {
    const blob = registry.addBlob('a', Buffer.alloc(1000, 'x'))
    registry.misbehave({ kind: 'stall', afterBytes: 10 })
    const client = bench.client(registry, { idleLimitMilliseconds: 100 })
    const work = bytesOf(client.request(get(`/v2/a/blobs/${blob.digest}`)))
    expect(await failureOf(work, { code: 'UPSTREAM_TIMEOUT' })).toContain('fell silent after 10 bytes')
  })

  it('bears a body that is slower in all than the limits, as long as bytes keep coming', async () => {
    const blob = registry.addBlob('a', Buffer.alloc(30, 'x'))
    registry.misbehave({ kind: 'drip', everyMilliseconds: 20 })
    const client = bench.client(registry, { timeLimitMilliseconds: 400, idleLimitMilliseconds: 400 })
    expect((await bytesOf(client.request(get(`/v2/a/blobs/${blob.digest}`)))).length).toBe(30)
  })

  it('bears a reader that pauses for longer than the idle limit', async () => {
    const blob = registry.addBlob('a', Buffer.alloc(8 * 1024 * 1024, 'x'))
    const client = bench.client(registry, { idleLimitMilliseconds: 100 })
    const { body } = await client.request(get(`/v2/a/blobs/${blob.digest}`))
    await new Promise((resolve) => setTimeout(resolve, 500))
    let bytes = 0
    for await (const chunk of body as AsyncIterable<Buffer>) bytes += chunk.length
    expect(bytes).toBe(blob.bytes.length)
  })
})

describe('callers that leave', () => {
  it('rejects with the reason, before and while waiting for headers', async () => {
    registry.misbehave({ kind: 'hang' })
    const client = bench.client(registry)
    await expect(
      client.request(get('/v2/a/manifests/b', { signal: AbortSignal.abort('gone') })),
    ).rejects.toBe('gone')
    const leaving = new AbortController()
    const reason = new Error('the client went away')
    setTimeout(() => leaving.abort(reason), 30)
    await expect(client.request(get('/v2/a/manifests/b', { signal: leaving.signal }))).rejects.toBe(reason)
    expect(client.state().active).toBe(0)
  })

  it('cuts the body off with the reason', async () => {
    const blob = registry.addBlob('a', Buffer.alloc(100, 'x'))
    registry.misbehave({ kind: 'stall', afterBytes: 10 })
    const client = bench.client(registry)
    const leaving = new AbortController()
    const response = await client.request(get(`/v2/a/blobs/${blob.digest}`, { signal: leaving.signal }))
    setTimeout(() => leaving.abort(new Error('enough')), 30)
    await expect(bytesOf(Promise.resolve(response))).rejects.toThrow('enough')
    expect(client.state().active).toBe(0)
  })

  it('frees the connection of a body that is destroyed', async () => {
    const blob = registry.addBlob('a', Buffer.alloc(8 * 1024 * 1024, 'x'))
    const client = bench.client(registry, { maxConnections: 1 })
    for (let turn = 0; turn < 3; turn += 1) {
      const { body } = await client.request(get(`/v2/a/blobs/${blob.digest}`))
      body.destroy()
    }
    expect((await bytesOf(client.request(get(`/v2/a/blobs/${blob.digest}`)))).length).toBe(blob.bytes.length)
  })
})

class Notebook implements UpstreamObserver {
  readonly requests: ObservedRequest[] = []
  readonly bodies: ObservedBody[] = []
  readonly limits: ObservedRateLimit[] = []

  onRequest(request: ObservedRequest): void {
    this.requests.push(request)
  }

  onBody(body: ObservedBody): void {
    this.bodies.push(body)
  }

  onRateLimit(limit: ObservedRateLimit): void {
    this.limits.push(limit)
  }
}

describe('what the observer is told', () => {
  it('is every hop, under the name of the upstream', async () => {
    const store = await bench.registry()
    const blob = registry.addBlob('a', Buffer.alloc(100, 'x'))
    store.serve('/signed', blob.bytes)
    registry.requireToken()
    registry.misbehave({ kind: 'redirect', to: `${store.url}/signed?signature=s` }, { path: /blobs/ })
    const observer = new Notebook()
    const client = bench.client(registry, {}, { observer })
    await bytesOf(client.request(get(`/v2/a/blobs/${blob.digest}`)))
    const { host } = registry
    expect(observer.requests.map(({ purpose, status }) => [purpose, status])).toEqual([
      ['registry', 401],
      ['token', 200],
      ['registry', 307],
      ['redirect', 200],
    ])
    expect(observer.requests.every((each) => each.host === host && each.error === undefined)).toBe(true)
    expect(observer.bodies.at(-1)).toMatchObject({ host, bytes: 100, complete: true })
    expect(JSON.stringify(observer)).not.toContain('signature')
  })

  it('is the code of a hop without an answer, and a body that broke off', async () => {
    const blob = registry.addBlob('a', Buffer.alloc(100, 'x'))
    const observer = new Notebook()
    const client = bench.client(registry, { timeLimitMilliseconds: 100 }, { observer })
    registry.misbehave({ kind: 'drop', afterBytes: 40 }, { times: 1 })
    await bytesOf(client.request(get(`/v2/a/blobs/${blob.digest}`))).catch(() => undefined)
    registry.misbehave({ kind: 'hang' })
    await client.request(get('/v2/a/manifests/b', { method: 'HEAD' })).catch(() => undefined)
    expect(observer.bodies).toMatchObject([{ bytes: 40, complete: false }])
    expect(observer.requests.at(-1)).toMatchObject({
      method: 'HEAD',
      status: undefined,
      error: 'UPSTREAM_TIMEOUT',
    })
    expect(observer.requests.at(-1)?.milliseconds).toBeGreaterThanOrEqual(90)
  })

  it("is what the upstream says of its quota, where it speaks Docker Hub's dialect", async () => {
    const headers = { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '20;w=21600' }
    registry.misbehave({ kind: 'status', status: 200, headers }, { times: 1 })
    registry.misbehave({ kind: 'status', status: 200, headers: { 'ratelimit-limit': 'many' } })
    const observer = new Notebook()
    const client = bench.client(registry, {}, { observer })
    await bytesOf(client.request(get('/v2/a/manifests/b')))
    await bytesOf(client.request(get('/v2/a/manifests/b')))
    expect(observer.limits).toEqual([
      { host: registry.host, limit: 100, remaining: 20, windowSeconds: 21_600, resetAt: undefined },
    ])
  })
})
