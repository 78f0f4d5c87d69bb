import { FaultyRegistry } from '@entrepot/upstream/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { AdminApiApp, errorsOf } from '../testing/admin-api-app.js'

const docker = { packageType: 'docker' }
const route = '/artifactory/api/entrepot/upstream'

let app: AdminApiApp
let upstream: FaultyRegistry
let keeper: { authorization: string }
let reader: { authorization: string }

beforeAll(async () => {
  upstream = await FaultyRegistry.start()
  upstream.addImage('team/app', '1')
  app = await AdminApiApp.start()
  keeper = { authorization: await app.addUser('keeper') }
  reader = { authorization: await app.addUser('reader') }
  const remote = { ...docker, rclass: 'remote', url: upstream.url, queryParams: 'key=canary' }
  await app.put('hub', { ...remote, username: 'ann', password: 'canary' })
  await app.put('closed', remote)
  await app.put('off', { ...remote, offline: true })
  await app.put('own', { ...docker, rclass: 'local' })
  await app.ports.permissions.targets.create({
    name: 'team',
    repositories: ['hub', 'own'],
    includes: ['team/**'],
    excludes: [],
    users: { keeper: ['read', 'manage'], reader: ['read', 'deploy', 'delete'] },
    groups: {},
  })
})
afterAll(async () => {
  await app.close()
  await upstream.close()
})
beforeEach(() => upstream.heal())

const get = (path: string, as?: { authorization: string }) =>
  app.send('GET', `${route}${path}`, undefined, as)
const probe = (key: string, as?: { authorization: string }) =>
  app.send('POST', `${route}/${key}/probe`, undefined, as)

describe('GET /artifactory/api/entrepot/upstream', () => {
  it('tells administrators of all upstreams, others of those they manage', async () => {
    const keys = async (as?: { authorization: string }) => {
      const { json } = await get('', as)
      const { instance, upstreams } = json as { instance: string; upstreams: { repo: string }[] }
      expect(instance).toBe('server-0')
      return upstreams.map(({ repo }) => repo)
    }
    expect(await keys()).toEqual(['closed', 'hub', 'off'])
    expect(await keys(keeper)).toEqual(['hub'])
    expect(await keys(reader)).toEqual([])
  })

  it('tells how one does, through an outage and after it', async () => {
    expect((await get('/closed')).json).toEqual({
      instance: 'server-0',
      repo: 'closed',
      url: upstream.url,
      offline: false,
      reachable: null,
      reachable_since: null,
      circuit: { state: 'closed', since: null, next_try: null, failure: null },
      observed_since: expect.any(String),
      requests: { total: 0, answered: 0, active: 0, waiting: 0, last_answer: null },
      latency: null,
      rate_limit: null,
      retry_after: null,
      failures: {},
      last_failures: [],
    })
    upstream.misbehave({ kind: 'status', status: 503, headers: { 'retry-after': '60' } })
    await expect(app.workbench.pull('closed', 'team/app', '1')).rejects.toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
    })
    expect((await get('/closed')).json).toMatchObject({
      reachable: false,
      circuit: { state: 'open', failure: { code: 'UPSTREAM_UNAVAILABLE' } },
      requests: { total: 1, answered: 1 },
      latency: { count: 1 },
      retry_after: expect.any(String),
      failures: { UPSTREAM_UNAVAILABLE: 1 },
      last_failures: [{ asked: 'GET /v2/team/app/manifests/1', code: 'UPSTREAM_UNAVAILABLE' }],
    })
    upstream.heal()
    upstream.misbehave({
      kind: 'status',
      status: 200,
      headers: { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '76;w=21600' },
    })
    expect((await probe('closed')).json).toMatchObject({ reachable: true, status: 200, failure: null })
    expect((await get('/closed')).json).toMatchObject({
      reachable: true,
      circuit: { state: 'closed', since: null },
      rate_limit: { limit: 100, remaining: 76, window_seconds: 21_600, reset: null },
      last_failures: [{}],
    })
  })

  it('shows no credentials, and what was asked for to administrators only', async () => {
    upstream.misbehave({ kind: 'status', status: 500 })
    await expect(app.workbench.pull('hub', 'team/app', '1')).rejects.toMatchObject({
      code: 'UPSTREAM_FAILED',
    })
    const [mine, all] = [await get('/hub', keeper), await get('/hub')]
    expect(JSON.stringify([mine.json, all.json])).not.toContain('canary')
    expect(JSON.stringify(mine.json)).not.toContain('team/app')
    expect(JSON.stringify(all.json)).toContain('team/app')
    expect(mine.json).toMatchObject({ last_failures: [{ code: 'UPSTREAM_FAILED' }] })
  })

  it.each([
    ['a remote that may not be read', 'closed', () => reader, 404],
    ['what does not exist', 'nothing', () => keeper, 404],
    ['a remote that may be read only', 'hub', () => reader, 403],
    ['a local repository', 'own', () => keeper, 400],
  ])('refuses %s', async (_, key, as, status) => {
    for (const answer of [await get(`/${key}`, as()), await probe(key, as())]) {
      expect(answer.status).toBe(status)
      expect(errorsOf(answer)).toHaveLength(1)
    }
  })
})

describe('POST /artifactory/api/entrepot/upstream/{repo}/probe', () => {
  it('says whether the upstream is there, and is in the audit trail', async () => {
    upstream.misbehave({ kind: 'reset' })
    expect((await probe('hub', keeper)).json).toMatchObject({
      instance: 'server-0',
      repo: 'hub',
      reachable: false,
      status: null,
      failure: { code: 'UPSTREAM_UNAVAILABLE' },
    })
    expect(app.audited.at(-1)).toMatchObject({
      action: 'upstream.probe',
      actor: 'keeper',
      subject: { kind: 'repository', name: 'hub' },
      after: { reachable: false },
    })
  })

  it('asks nothing for a remote that is offline', async () => {
    upstream.forgetRequests()
    const answer = await probe('off')
    expect([answer.status, errorsOf(answer)[0]]).toEqual([400, expect.stringContaining('is offline')])
    expect(upstream.requests).toEqual([])
  })
})
