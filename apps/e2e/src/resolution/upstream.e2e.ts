import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AdminClient, type Json } from '../support/admin-client.js'
import { adminPassword, Entrepot } from '../support/entrepot.js'
import { makeImage } from '../support/images.js'
import { expectStatus } from '../support/registry-client.js'
import { RemoteFixture } from '../support/remote-fixture.js'
import { eventually } from '../support/workplace.js'

const upstreams = '/artifactory/api/entrepot/upstream'
const userPassword = 'Warehouse-9 door'

interface State extends Json {
  readonly instance: string
  readonly reachable: boolean | null
  readonly reachable_since: string
  readonly circuit: {
    readonly state: string
    readonly since: string | null
    readonly next_try: string | null
  }
  readonly last_failures: readonly Json[]
  readonly requests: { readonly total: number }
}

describe('the state of an upstream', () => {
  let entrepot: Entrepot
  let remote: RemoteFixture
  let admin: AdminClient
  let keeper: AdminClient
  let reader: AdminClient

  beforeAll(async () => {
    entrepot = await Entrepot.start()
    admin = AdminClient.basic(entrepot.url, 'admin', adminPassword)
    remote = await RemoteFixture.create(entrepot, {
      username: 'ann',
      password: 'canary-password',
      queryParams: 'key=canary-param',
      retrievalCachePeriodSecs: 0,
      assumedOfflinePeriodSecs: 300,
      metadataRetrievalTimeoutSecs: 2,
    })
    await entrepot.createRepository('unmanaged', { rclass: 'remote', url: 'http://127.0.0.1:1' })
    remote.upstream.add('team/app', '1', makeImage('app'))
    const people = ['keeper', 'reader'].map(async (name) => {
      const body = { email: `${name}@example.org`, password: userPassword }
      await admin.make({ method: 'PUT', path: `/artifactory/api/security/users/${name}`, body, done: [201] })
      return AdminClient.basic(entrepot.url, name, userPassword)
    })
    ;[keeper, reader] = (await Promise.all(people)) as [AdminClient, AdminClient]
    await admin.make({
      method: 'PUT',
      path: '/artifactory/api/v2/security/permissions/team',
      body: {
        name: 'team',
        repo: {
          repositories: [remote.key],
          'include-patterns': ['team/**'],
          actions: { users: { keeper: ['read', 'manage'], reader: ['read', 'write'] } },
        },
      },
      done: [200, 201],
    })
  })
  afterAll(async () => {
    await remote?.upstream.stop()
    await entrepot?.dispose()
  })

  const stateOf = async (client = admin) => (await client.json(`${upstreams}/${remote.key}`)) as State
  const pull = (tag = '1') => entrepot.registry.manifest(`${remote.key}/team/app`, tag)
  const probe = async () =>
    JSON.parse(
      (await keeper.make({ method: 'POST', path: `${upstreams}/${remote.key}/probe`, done: [200] })).text,
    ) as Json

  it('is unknown before anything was asked', async () => {
    expect(await stateOf()).toMatchObject({
      repo: remote.key,
      url: remote.upstream.url,
      reachable: null,
      circuit: { state: 'closed' },
      requests: { total: 0 },
    })
  })

  it('shows that it answers, how fast, and what is left of its quota', async () => {
    remote.upstream.faults = {
      headers: { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '76;w=21600' },
    }
    expectStatus(await pull(), 200)
    const state = await stateOf()
    expect(state).toMatchObject({
      reachable: true,
      circuit: { state: 'closed', since: null },
      latency: { last: expect.any(Number), p50: expect.any(Number), p95: expect.any(Number) },
      rate_limit: { limit: 100, remaining: 76, window_seconds: 21_600 },
      last_failures: [],
    })
    expect(state.instance).not.toBe('')
  })

  it('shows an outage, since when, what failed and when it is asked again, and the recovery', async () => {
    remote.upstream.faults = { status: { code: 503 } }
    const before = Date.now()
    expect((await pull('2')).status).toBe(503)
    const outage = await stateOf()
    expect(outage).toMatchObject({
      reachable: false,
      circuit: { state: 'open', failure: { code: 'UPSTREAM_UNAVAILABLE' } },
      failures: { UPSTREAM_UNAVAILABLE: 1 },
      last_failures: [
        {
          asked: 'GET /v2/team/app/manifests/2',
          code: 'UPSTREAM_UNAVAILABLE',
          message: expect.stringContaining('503'),
        },
      ],
    })
    expect(Date.parse(outage.circuit.since ?? '')).toBeGreaterThanOrEqual(before)
    expect(Date.parse(outage.circuit.next_try ?? '')).toBeGreaterThan(Date.now() + 200_000)
    // What is cached is served meanwhile, and the upstream left alone.
    const { total } = outage.requests
    expect(expectStatus(await pull(), 200).headers.get('x-entrepot-cache')).toBe('stale')
    expect((await stateOf()).requests.total).toBe(total)

    remote.upstream.faults = {}
    expect(await probe()).toMatchObject({ repo: remote.key, reachable: true, status: 200, failure: null })
    expect(await stateOf()).toMatchObject({
      reachable: true,
      circuit: { state: 'closed' },
      last_failures: [{}],
    })
    expect(expectStatus(await pull(), 200).headers.get('x-entrepot-cache')).toBe('revalidated')
  })

  it('shows that it wants to be left alone, and until when', async () => {
    remote.upstream.faults = { status: { code: 429, retryAfter: '40' } }
    expect((await pull('3')).status).toBe(429)
    const state = await stateOf()
    expect(state).toMatchObject({ reachable: true, circuit: { state: 'throttled' } })
    expect(Date.parse(String(state['retry_after']))).toBeGreaterThan(Date.now() + 10_000)
    remote.upstream.faults = {}
  })

  it('is found out by a probe where the upstream is gone', async () => {
    await remote.upstream.stop()
    expect(await probe()).toMatchObject({
      reachable: false,
      status: null,
      failure: { code: 'UPSTREAM_UNAVAILABLE' },
    })
    expect(await stateOf()).toMatchObject({ reachable: false })
    await eventually('the probe is in the audit trail', async () => {
      const { text } = await admin.send('GET', '/artifactory/api/entrepot/audit')
      return text.includes('upstream.probe') && text.includes('keeper')
    })
  })

  it('is told to who manages the remote, without what was asked for, and credentials to nobody', async () => {
    const told = async (client: AdminClient) => {
      const { upstreams: list } = (await client.json(upstreams)) as unknown as { upstreams: State[] }
      return list.map(({ repo }) => repo)
    }
    expect(await told(admin)).toEqual(expect.arrayContaining([remote.key, 'unmanaged', 'docker-hub']))
    expect(await told(keeper)).toEqual([remote.key])
    expect(await told(reader)).toEqual([])
    expect((await stateOf(keeper)).last_failures[0]).not.toHaveProperty('asked')
    for (const path of [remote.key, `${remote.key}/probe`]) {
      const method = path === remote.key ? 'GET' : 'POST'
      expect((await reader.send(method, `${upstreams}/${path}`)).status).toBe(403)
    }
    const hidden = await keeper.send('GET', `${upstreams}/unmanaged`)
    const absent = await keeper.send('GET', `${upstreams}/nothing`)
    expect([hidden.status, hidden.text.replace('unmanaged', 'nothing')]).toEqual([404, absent.text])
    expect(JSON.stringify([await stateOf(), await stateOf(keeper)])).not.toContain('canary')
    expect(entrepot.output).not.toContain('canary')
  })
})
