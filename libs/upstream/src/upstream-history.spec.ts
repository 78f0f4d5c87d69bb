import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { FaultyRegistry } from './testing/faulty-registry.js'
import { bytesOf, failureOf, get, ManualClock, Workbench } from './testing/workbench.js'
import type { UpstreamClient } from './upstream-client.js'
import { UpstreamError } from './upstream-error.js'
import { UpstreamHistory } from './upstream-history.js'

const bench = new Workbench()
let registry: FaultyRegistry
let clock: ManualClock
let client: UpstreamClient

beforeEach(async () => {
  registry = await bench.registry()
  clock = new ManualClock()
  registry.addImage('a', 'b')
  client = bench.client(
    registry,
    { queryParams: 'key=canary', assumedOfflineMilliseconds: 30_000 },
    { clock },
  )
})
afterEach(() => bench.end())

const ask = () => client.request(get('/v2/a/manifests/b?n=secret'))
const record = () => client.state().record

describe('what is remembered of an upstream', () => {
  it('is nothing before it was asked', () => {
    expect(client.state()).toMatchObject({ circuit: 'closed', since: undefined })
    expect(record()).toMatchObject({
      since: clock.now(),
      reachable: undefined,
      requests: 0,
      latency: undefined,
      rateLimit: undefined,
      retryAt: undefined,
      lastFailures: [],
    })
  })

  it('is that it answers, and that a manifest which is not there is no failure', async () => {
    clock.pass(1000)
    await bytesOf(ask())
    await bytesOf(client.request(get('/v2/a/manifests/none')))
    expect(record()).toMatchObject({
      reachable: true,
      reachableSince: clock.now(),
      requests: 2,
      answers: 2,
      answeredAt: clock.now(),
      latency: { count: 2 },
      lastFailures: [],
    })
  })

  it('is an outage, since when, what was asked then, and that it is over', async () => {
    const fault = registry.misbehave({ kind: 'status', status: 503 })
    const began = clock.now()
    await failureOf(ask(), { code: 'UPSTREAM_UNAVAILABLE' })
    clock.pass(10_000)
    // Left alone, it is not asked: no failure of its own.
    await failureOf(ask(), { code: 'UPSTREAM_UNAVAILABLE' })
    clock.pass(25_000)
    await failureOf(ask(), { code: 'UPSTREAM_UNAVAILABLE' })
    expect(client.state()).toMatchObject({
      circuit: 'open',
      since: began,
      until: clock.now() + 30_000,
      record: { reachable: false, reachableSince: began, requests: 2, answers: 2 },
    })
    expect(record().failures).toEqual(new Map([['UPSTREAM_UNAVAILABLE', 2]]))
    expect(record().lastFailures).toMatchObject([
      { at: began + 35_000, method: 'GET', path: '/v2/a/manifests/b', code: 'UPSTREAM_UNAVAILABLE' },
      { at: began },
    ])
    fault.stop()
    clock.pass(30_000)
    await bytesOf(ask())
    expect(client.state()).toMatchObject({
      circuit: 'closed',
      since: undefined,
      record: { reachable: true, reachableSince: clock.now() },
    })
    expect(record().lastFailures).toHaveLength(2)
    expect(JSON.stringify([...record().lastFailures])).not.toMatch(/canary|secret/)
  })

  it('is a connection that can not be made, and a body that breaks off', async () => {
    const { digest } = registry.addBlob('a', Buffer.alloc(100_000))
    registry.misbehave({ kind: 'drop', afterBytes: 10 })
    await failureOf(bytesOf(client.request(get(`/v2/a/blobs/${digest}`))), { code: 'UPSTREAM_UNAVAILABLE' })
    expect(record()).toMatchObject({
      reachable: true,
      lastFailures: [
        { path: `/v2/a/blobs/${digest}`, message: expect.stringContaining('broke off after 10 bytes') },
      ],
    })
    const nowhere = bench.client('http://127.0.0.1:1', {}, { clock })
    await failureOf(nowhere.request(get('/v2/a/manifests/b')), { code: 'UPSTREAM_UNAVAILABLE' })
    expect(nowhere.state().record).toMatchObject({
      reachable: false,
      requests: 1,
      answers: 0,
      latency: undefined,
    })
  })

  it('is when it wants to be asked again, until then', async () => {
    registry.misbehave({ kind: 'status', status: 429, headers: { 'retry-after': '20' } }, { times: 1 })
    await failureOf(ask(), { code: 'TOO_MANY_REQUESTS' })
    expect(client.state()).toMatchObject({
      circuit: 'throttled',
      record: { reachable: true, retryAt: clock.now() + 20_000 },
    })
    clock.pass(20_000)
    expect(record().retryAt).toBeUndefined()
  })

  it.each([
    [
      { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '76;w=21600' },
      { limit: 100, remaining: 76, windowSeconds: 21_600, resetAt: undefined },
    ],
    [
      { 'RateLimit-Limit': '10', 'RateLimit-Remaining': '0', 'RateLimit-Reset': '50' },
      { limit: 10, remaining: 0, windowSeconds: undefined, resetAt: Date.UTC(2026, 0, 1) + 50_000 },
    ],
    [
      { 'ratelimit-limit': '10', 'ratelimit-remaining': '9', 'ratelimit-reset': '1767225700' },
      { limit: 10, remaining: 9, windowSeconds: undefined, resetAt: 1_767_225_700_000 },
    ],
  ])('is what it says of its quota, as %o', async (headers, expected) => {
    registry.misbehave({ kind: 'status', status: 404, headers })
    await bytesOf(ask())
    expect(record().rateLimit).toEqual({ ...expected, at: clock.now() })
  })

  it.each([[{ 'ratelimit-limit': 'many', 'ratelimit-remaining': '1' }], [{ 'ratelimit-limit': '1' }]])(
    'is no quota where it says none that is understood, as %o',
    async (headers) => {
      registry.misbehave({ kind: 'status', status: 404, headers })
      await bytesOf(ask())
      expect(record().rateLimit).toBeUndefined()
    },
  )

  it('is bounded: the last hundred answers and the last twenty failures', () => {
    const history = new UpstreamHistory(clock)
    const hop = { host: 'x', purpose: 'registry', method: 'GET', error: undefined } as const
    for (let n = 1; n <= 300; n += 1) {
      history.onRequest({ ...hop, status: 200, milliseconds: n })
      history.onRequest({ ...hop, purpose: 'redirect', status: 200, milliseconds: 9999 })
      history.failed({ method: 'GET', path: `/${n}` }, new UpstreamError('DENIED', 'no', 'alive'))
    }
    const { latency, lastFailures, failures, requests } = history.record()
    expect(latency).toEqual({ count: 100, last: 300, p50: 250, p95: 295 })
    expect(lastFailures.map(({ path }) => path)).toEqual(Array.from({ length: 20 }, (_, n) => `/${300 - n}`))
    expect([requests, failures.get('DENIED')]).toEqual([300, 300])
  })
})

describe('a probe', () => {
  it('asks at once, and ends that an upstream is left alone when that is back', async () => {
    const fault = registry.misbehave({ kind: 'status', status: 502 })
    await failureOf(ask(), { code: 'UPSTREAM_FAILED' })
    expect(await client.probe()).toMatchObject({
      reachable: false,
      status: undefined,
      failure: { code: 'UPSTREAM_FAILED' },
    })
    expect(client.state().circuit).toBe('open')
    fault.stop()
    expect(await client.probe()).toEqual({
      reachable: true,
      status: 200,
      milliseconds: 0,
      failure: undefined,
    })
    expect(client.state().circuit).toBe('closed')
    await bytesOf(ask())
  })

  it('is one however many want to know, and takes a question for a login as an answer', async () => {
    registry.requireBasic('ann', 'pw')
    registry.misbehave({ kind: 'delay', milliseconds: 30 })
    const probes = await Promise.all([client.probe(), client.probe(), client.probe()])
    expect(probes.map(({ status }) => status)).toEqual([401, 401, 401])
    expect(registry.count('GET', '/v2/')).toBe(1)
    expect((await client.probe()).reachable).toBe(true)
    expect(registry.count('GET', '/v2/')).toBe(2)
  })

  it('tells of an upstream that throttles that it is there, and does not end the throttling', async () => {
    registry.misbehave({ kind: 'status', status: 429, headers: { 'retry-after': '20' } }, { times: 1 })
    await failureOf(ask(), { code: 'TOO_MANY_REQUESTS' })
    expect(await client.probe()).toMatchObject({ reachable: true, status: 200 })
    expect(client.state().circuit).toBe('throttled')
    registry.misbehave({ kind: 'status', status: 429 })
    expect(await client.probe()).toMatchObject({ reachable: true, failure: { code: 'TOO_MANY_REQUESTS' } })
  })

  it('has the time limit of a request', async () => {
    const impatient = bench.client(registry, { timeLimitMilliseconds: 50 })
    registry.misbehave({ kind: 'hang' })
    expect(await impatient.probe()).toMatchObject({ reachable: false, failure: { code: 'UPSTREAM_TIMEOUT' } })
  })
})
