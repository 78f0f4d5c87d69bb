import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { adminPassword, Entrepot } from '../support/entrepot.js'
import { makeImage } from '../support/images.js'
import { bodyDigest, errorCodes, expectStatus } from '../support/registry-client.js'
import { RemoteFixture } from '../support/remote-fixture.js'
import { eventually } from '../support/workplace.js'

interface Outcome {
  readonly kind: 'served' | 'upstream' | 'error'
  readonly digest?: string
  readonly code?: string
  readonly cache?: string
  readonly found_in?: string
}

interface Explained {
  readonly members: readonly { readonly repo: string; readonly steps: readonly { readonly rule: string }[] }[]
  readonly outcome: Outcome
}

const basicOf = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
const admin = basicOf('admin', adminPassword)
const userPassword = 'Warehouse-9 door'
const as = Object.fromEntries(
  ['reader', 'pusher', 'keeper'].map((name) => [name, basicOf(name, userPassword)]),
) as Readonly<Record<'reader' | 'pusher' | 'keeper', string>>

describe('explanations, invalidation and the history of tags', () => {
  let entrepot: Entrepot
  let remote: RemoteFixture

  const ask = async (method: string, path: string, authorization = admin, body?: object) => {
    const answer = await fetch(`${entrepot.url}/artifactory/api/${path}`, {
      method,
      headers: { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    return { status: answer.status, text, json: text === '' ? undefined : (JSON.parse(text) as unknown) }
  }
  const explain = async (repo: string, image: string, reference: string, authorization = admin) => {
    const query = new URLSearchParams({ repo, image, reference }).toString()
    const answer = await ask('GET', `entrepot/explain?${query}`, authorization)
    expect([answer.text, answer.status]).toEqual([answer.text, 200])
    return answer.json as Explained
  }
  const pull = (name: string, reference: string, authorization = admin) =>
    entrepot.registry.get(`/v2/${name}/manifests/${reference}`, { authorization })

  /** What is explained is what the registry then answers. */
  async function expectTruth(repo: string, image: string, reference: string, authorization = admin) {
    const { outcome } = await explain(repo, image, reference, authorization)
    const answer = await pull(`${repo}/${image}`, reference, authorization)
    if (outcome.kind === 'served') {
      expect(bodyDigest(expectStatus(answer, 200))).toBe(outcome.digest)
      expect(answer.headers.get('x-artifactory-docker-registry')).toBe(outcome.found_in)
      expect(answer.headers.get('x-entrepot-cache')).toBe(outcome.cache ?? null)
    }
    if (outcome.kind === 'error') expect(errorCodes(answer)).toEqual([outcome.code])
    return outcome.kind === 'error' ? outcome.code : outcome.kind
  }

  beforeAll(async () => {
    entrepot = await Entrepot.start()
    remote = await RemoteFixture.create(entrepot)
    await entrepot.createRepository('all', { rclass: 'virtual', repositories: ['docker-local', remote.key] })
    for (const name of Object.keys(as))
      await ask('PUT', `security/users/${name}`, admin, {
        email: `${name}@example.org`,
        password: userPassword,
      })
    await ask('PUT', 'v2/security/permissions/team', admin, {
      name: 'team',
      repo: {
        repositories: ['docker-local', remote.key],
        'include-patterns': ['team/**'],
        actions: {
          users: {
            reader: ['read'],
            pusher: ['read', 'write', 'delete'],
            keeper: ['read', 'manage'],
          },
        },
      },
    })
    remote.upstream.add('team/app', '1', makeImage('upstream'))
    remote.upstream.add('closed/app', '1', makeImage('closed'))
  })
  afterAll(async () => {
    await remote?.upstream.stop()
    await entrepot?.dispose()
  })

  it('explain a pull as it then goes', async () => {
    expect(await expectTruth('all', 'team/app', '1', as.reader)).toBe('DENIED')
    remote.upstream.forgetRequests()
    expect((await explain('all', 'team/app', '1')).outcome.kind).toBe('upstream')
    expect(remote.upstream.seen).toEqual([])
    expect(await expectTruth('all', 'team/app', '1')).toBe('upstream')
    remote.upstream.forgetRequests()
    expect(await expectTruth('all', 'team/app', '1')).toBe('served')
    expect(await expectTruth('all', 'team/app', '1', as.reader)).toBe('served')
    expect(await expectTruth('all', 'closed/app', '1', as.reader)).toBe('DENIED')
    expect(await expectTruth('docker-local', 'team/app', '1', as.reader)).toBe('MANIFEST_UNKNOWN')
    expect(remote.upstream.seen).toEqual([])
  })

  it('explain to nobody what they may not read, and nothing to who is not logged in', async () => {
    const told = await explain('all', 'closed/app', '1', as.reader)
    expect(told.members).toEqual([])
    expect((await explain('all', 'closed/app', '1')).members.map(({ repo }) => repo)).toEqual([
      'docker-local',
      remote.key,
    ])
    const query = 'repo=all&image=team/app&reference=1'
    expect((await ask('GET', `entrepot/explain?${query}&user=admin`, as.reader)).status).toBe(403)
    expect((await ask('GET', `entrepot/explain?${query}`, 'Basic eDp5')).status).toBe(401)
  })

  it('have a tag looked up again, by who may manage it', async () => {
    const part = { repo: remote.key, image: 'team/app', reference: '1' }
    expect((await ask('POST', 'entrepot/invalidate', as.pusher, part)).status).toBe(403)
    expect((await explain('all', 'team/app', '1')).outcome).toMatchObject({ kind: 'served', cache: 'hit' })
    expect((await ask('POST', 'entrepot/invalidate', as.keeper, part)).json).toEqual({ invalidated: 1 })
    expect((await explain('all', 'team/app', '1')).outcome.kind).toBe('upstream')
    const answer = expectStatus(await pull('all/team/app', '1'), 200)
    expect(answer.headers.get('x-entrepot-cache')).toBe('revalidated')
  })

  it('tell what a tag pointed to, and put it back', async () => {
    const { registry } = entrepot
    const [first, second] = [makeImage('first'), makeImage('second')]
    await registry.pushImage('docker-local/team/moved', 'v1', first)
    await registry.pushImage('docker-local/team/moved', 'v1', second)
    const tag = 'entrepot/tags/docker-local/team/moved/v1'
    const history = async () =>
      (await ask('GET', `${tag}/history`, as.reader)).json as { events: Record<string, unknown>[] }
    expect(await history()).toMatchObject({
      events: [{ actor: 'admin', from: first.digest, to: second.digest, from_is_stored: true }, {}],
    })
    expect((await ask('POST', `${tag}/undo`, as.reader, { to: first.digest })).status).toBe(403)
    expect((await ask('POST', `${tag}/undo`, as.pusher, { to: first.digest })).json).toMatchObject({
      from: second.digest,
      to: first.digest,
    })
    expect(bodyDigest(await pull('docker-local/team/moved', 'v1'))).toBe(first.digest)
    expect((await history()).events[0]).toMatchObject({ actor: 'pusher', to: first.digest })

    expect((await registry.send('DELETE', '/v2/docker-local/team/moved/manifests/v1')).status).toBe(202)
    expect((await ask('POST', `${tag}/undo`, as.pusher, { to: second.digest })).status).toBe(200)
    expect(bodyDigest(await pull('docker-local/team/moved', 'v1'))).toBe(second.digest)

    const gone = `/v2/docker-local/team/moved/manifests/${first.digest}`
    expect((await registry.send('DELETE', gone)).status).toBe(202)
    const refused = await ask('POST', `${tag}/undo`, as.pusher, { to: first.digest })
    expect([refused.status, refused.text]).toEqual([
      404,
      expect.stringContaining('is no longer in docker-local'),
    ])
    await eventually('both changes are in the audit trail', async () => {
      const { text } = await ask('GET', 'entrepot/audit')
      return text.includes('tag.restore') && text.includes('cache.invalidate')
    })
  })
})
