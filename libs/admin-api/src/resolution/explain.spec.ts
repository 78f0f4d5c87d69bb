import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AdminApiApp, errorsOf } from '../testing/admin-api-app.js'

const docker = { packageType: 'docker' }
const explain = '/artifactory/api/entrepot/explain'

let app: AdminApiApp
let reader: { authorization: string }
let nobody: { authorization: string }
let digest: string

beforeAll(async () => {
  app = await AdminApiApp.start()
  reader = { authorization: await app.addUser('reader', { groups: [] }) }
  nobody = { authorization: await app.addUser('nobody') }
  await app.addUser('gone-user', { disabled: true })
  await app.put('hub', { ...docker, rclass: 'remote', url: 'http://127.0.0.1:1' })
  await app.put('own', { ...docker, rclass: 'local' })
  await app.put('hidden', { ...docker, rclass: 'local' })
  await app.put('inner', { ...docker, rclass: 'virtual', repositories: ['own'], excludesPattern: 'x/**' })
  await app.put('all', { ...docker, rclass: 'virtual', repositories: ['hidden', 'inner', 'hub'] })
  await app.ports.permissions.targets.create({
    name: 'team',
    repositories: ['own', 'hub'],
    includes: ['team/**'],
    excludes: [],
    users: { reader: ['read'] },
    groups: {},
  })
  digest = (await app.workbench.pushImage('own', 'team/app', '1')).digest
})
afterAll(() => app.close())

const ask = (parameters: string, as?: { authorization: string }) =>
  app.send('GET', `${explain}?${parameters}`, undefined, as)

const pull = 'repo=all&image=team/app&reference=1'
const step = (rule: string, effect: string) => expect.objectContaining({ rule, effect }) as object

describe('GET /artifactory/api/entrepot/explain', () => {
  it('tells an administrator of every member, with rights and what is served', async () => {
    expect((await ask(pull)).json).toEqual({
      repo: 'all',
      image: 'team/app',
      reference: '1',
      user: 'admin',
      members: [
        expect.objectContaining({
          repo: 'hidden',
          steps: [step('permission', 'noted'), step('stored', 'passed')],
        }),
        {
          repo: 'own',
          rclass: 'local',
          through: ['all', 'inner'],
          priority: false,
          blackedOut: false,
          read: { allowed: true, targets: [] },
          deploy: { allowed: true, targets: [] },
          steps: [step('permission', 'noted'), step('stored', 'taken')],
        },
        expect.objectContaining({ repo: 'hub', offline: false, steps: [step('order', 'passed')] }),
      ],
      outcome: {
        kind: 'served',
        digest,
        media_type: 'application/vnd.oci.image.manifest.v1+json',
        found_in: 'own',
      },
    })
  })

  it('tells an administrator what another user would get, and by which targets', async () => {
    const told = (await ask(`${pull}&user=reader`)).json
    expect(told).toMatchObject({
      user: 'reader',
      members: [
        { repo: 'hidden', read: { allowed: false, targets: [] }, steps: [step('permission', 'passed')] },
        { repo: 'own', read: { allowed: true, targets: ['team'] }, deploy: { allowed: false, targets: [] } },
        { repo: 'hub' },
      ],
      outcome: { kind: 'served', found_in: 'own' },
    })
    expect((await ask(`${pull}&user=anonymous`)).json).toMatchObject({
      user: 'anonymous',
      outcome: { kind: 'error', code: 'DENIED' },
    })
  })

  it('tells others what they would get, and nothing of members that they may not read', async () => {
    const answer = await ask(pull, reader)
    expect(answer.json).toMatchObject({
      user: 'reader',
      members: [{ repo: 'own', read: { allowed: true } }, { repo: 'hub' }],
      outcome: { kind: 'served', digest, found_in: 'own' },
    })
    expect(answer.text).not.toContain('hidden')
    expect(answer.text).not.toContain('targets')
    const closed = await ask('repo=all&image=other/app&reference=1', reader)
    expect(closed.json).toMatchObject({ members: [], outcome: { kind: 'error', code: 'DENIED' } })
  })

  it('tells that an upstream would be asked, without asking it', async () => {
    expect((await ask('repo=hub&image=team/app&reference=2')).json).toMatchObject({
      members: [
        {
          repo: 'hub',
          steps: [step('permission', 'noted'), step('cache', 'noted'), step('upstream', 'noted')],
        },
      ],
      outcome: {
        kind: 'upstream',
        repo: 'hub',
        message: 'its upstream would be asked for team/app:2 by GET',
      },
    })
  })

  it('knows no repository that the caller may not know of', async () => {
    for (const [parameters, as] of [
      [pull, nobody],
      ['repo=hidden&image=team/app&reference=1', reader],
      ['repo=nowhere&image=team/app&reference=1', undefined],
    ] as const) {
      const answer = await ask(parameters, as)
      expect(answer.status).toBe(404)
      expect(errorsOf(answer)[0]).toMatch(/^there is no repository/)
    }
    const token = await app.bearer('reader', { type: 'repository', name: 'all/team/app', actions: ['pull'] })
    expect((await ask(pull, { authorization: token })).status).toBe(404)
  })

  it.each([
    ['image=a&reference=1', 400, 'repo is missing'],
    ['repo=all&reference=1', 400, 'image is missing'],
    ['repo=all&image=a', 400, 'reference is missing'],
    ['repo=all&image=A&reference=1', 400, '"A"'],
    ['repo=all&image=a&reference=-', 400, '"-"'],
    ['repo=all&image=a&reference=sha256:1', 400, 'sha256:1'],
    ['repo=all&repo=own&image=a&reference=1', 400, 'more than once'],
    [`${pull}&user=absent`, 404, 'there is no user "absent"'],
    [`${pull}&user=gone-user`, 400, 'disabled'],
  ])('refuses %s', async (parameters, status, message) => {
    const answer = await ask(parameters)
    expect(answer.status).toBe(status)
    expect(errorsOf(answer)[0]).toContain(message)
  })

  it('lets only administrators ask for others', async () => {
    expect((await ask(`${pull}&user=admin`, reader)).status).toBe(403)
  })
})
