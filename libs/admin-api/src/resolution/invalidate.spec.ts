import { FaultyRegistry } from '@entrepot/upstream/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { AdminApiApp, errorsOf } from '../testing/admin-api-app.js'

const docker = { packageType: 'docker' }
const route = '/artifactory/api/entrepot/invalidate'

let app: AdminApiApp
let upstream: FaultyRegistry
let keeper: { authorization: string }
let reader: { authorization: string }

beforeAll(async () => {
  upstream = await FaultyRegistry.start()
  app = await AdminApiApp.start()
  keeper = { authorization: await app.addUser('keeper') }
  reader = { authorization: await app.addUser('reader') }
  await app.put('hub', { ...docker, rclass: 'remote', url: upstream.url })
  await app.put('own', { ...docker, rclass: 'local' })
  await app.ports.permissions.targets.create({
    name: 'team',
    repositories: ['hub', 'own'],
    includes: ['team/**'],
    excludes: [],
    users: { keeper: ['read', 'manage'], reader: ['read', 'deploy', 'overwrite', 'delete'] },
    groups: {},
  })
  for (const image of ['team/app', 'team/other', 'open/app']) {
    upstream.addImage(image, '1')
    upstream.addImage(image, '2')
  }
})
afterAll(async () => {
  await app.close()
  await upstream.close()
})
beforeEach(async () => {
  await app.send('POST', route, { repo: 'hub' })
  for (const image of ['team/app', 'team/other', 'open/app'])
    for (const tag of ['1', '2', 'absent']) await app.workbench.pull('hub', image, tag)
  upstream.forgetRequests()
})

const ask = (body: object, as?: { authorization: string }) => app.send('POST', route, body, as)
const isFresh = async (image: string, tag: string) => {
  upstream.forgetRequests()
  await app.workbench.pull('hub', image, tag)
  return upstream.requests.length === 0
}

describe('POST /artifactory/api/entrepot/invalidate', () => {
  it('has a tag looked up again, and nothing else', async () => {
    expect((await ask({ repo: 'hub', image: 'team/app', reference: '1' }, keeper)).json).toEqual({
      invalidated: 1,
    })
    expect(await isFresh('team/app', '2')).toBe(true)
    expect(await isFresh('team/app', '1')).toBe(false)
    expect(app.audited.at(-1)).toMatchObject({
      action: 'cache.invalidate',
      actor: 'keeper',
      subject: { kind: 'image', name: 'hub/team/app:1' },
      after: { invalidated: 1 },
    })
  })

  it('has what was missing looked up again', async () => {
    await ask({ repo: 'hub', image: 'team/app', reference: 'absent' })
    expect(await isFresh('team/app', 'absent')).toBe(false)
  })

  it('has an image looked up again', async () => {
    expect((await ask({ repo: 'hub', image: 'team/app' }, keeper)).json).toEqual({ invalidated: 3 })
    expect(await isFresh('team/other', '1')).toBe(true)
    expect(await isFresh('team/app', '2')).toBe(false)
  })

  it('has a whole remote looked up again, for administrators', async () => {
    expect((await ask({ repo: 'hub' })).json).toEqual({ invalidated: 9 })
    expect(app.audited.at(-1)).toMatchObject({ subject: { kind: 'repository', name: 'hub' } })
    expect(await isFresh('open/app', '1')).toBe(false)
    const refused = await ask({ repo: 'hub' }, keeper)
    expect([refused.status, errorsOf(refused)[0]]).toEqual([
      403,
      'keeper may not manage hub: all of a remote repository is for administrators',
    ])
  })

  it('keeps the content, for when the upstream can not be asked', async () => {
    await ask({ repo: 'hub' })
    upstream.misbehave({ kind: 'status', status: 503 })
    try {
      expect((await app.workbench.pull('hub', 'team/app', '1'))?.cache).toBe('stale')
    } finally {
      upstream.heal()
      app.workbench.clock.advance(301)
    }
  })

  it.each([
    ['without the right to manage', { repo: 'hub', image: 'team/app', reference: '1' }, 403],
    ['an image without it', { repo: 'hub', image: 'team/app' }, 403],
    ['an image that may not be read', { repo: 'hub', image: 'open/app' }, 403],
    ['a repository that is not there', { repo: 'nowhere', image: 'team/app' }, 404],
  ])('refuses a reader: %s', async (_what, body, status) => {
    expect((await ask(body, reader)).status).toBe(status)
    expect(await isFresh('team/app', '1')).toBe(true)
  })

  it.each([
    [{}, 'repo is missing'],
    [{ repo: 'own' }, 'own is a local repository: only a remote one has a cache'],
    [{ repo: 'hub', imag: 'a' }, 'field "imag" is unknown, expected repo, image and reference'],
    [{ repo: 'hub', reference: '1' }, 'reference is given without image: name its image'],
    [{ repo: 'hub', image: '' }, '""'],
    [{ repo: 'hub', image: 'a', reference: '-' }, '"-"'],
    [{ repo: 7 }, 'repo is 7'],
  ])('refuses %j', async (body, message) => {
    const answer = await ask(body)
    expect(answer.status).toBe(400)
    expect(errorsOf(answer)[0]).toContain(message)
  })
})
