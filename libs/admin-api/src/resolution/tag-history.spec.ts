import { digestOf } from '@entrepot/kernel'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { AdminApiApp, errorsOf } from '../testing/admin-api-app.js'

const docker = { packageType: 'docker' }
const tags = '/artifactory/api/entrepot/tags'

let app: AdminApiApp
let count = 0
let image: string
let first: string
let second: string
const as: Record<string, { authorization: string }> = {}

beforeAll(async () => {
  app = await AdminApiApp.start()
  for (const name of ['reader', 'pusher', 'mover', 'blind', 'nobody'])
    as[name] = { authorization: await app.addUser(name) }
  await app.put('own', { ...docker, rclass: 'local' })
  await app.put('hub', { ...docker, rclass: 'remote', url: 'http://127.0.0.1:1' })
  await app.put('all', { ...docker, rclass: 'virtual', repositories: ['own', 'hub'] })
  await app.ports.permissions.targets.create({
    name: 'team',
    repositories: ['own', 'hub'],
    includes: ['team/*/1'],
    excludes: [],
    users: {
      reader: ['read'],
      pusher: ['read', 'deploy'],
      mover: ['read', 'deploy', 'overwrite'],
      blind: ['deploy', 'overwrite'],
    },
    groups: {},
  })
})
afterAll(() => app.close())
beforeEach(async () => {
  count += 1
  image = `team/app${count}`
  first = (await app.workbench.pushImage('own', image, '1')).digest
  second = (await app.workbench.pushImage('own', image, '1')).digest
})

const history = (query = '', who?: string, tag = '1') =>
  app.send(
    'GET',
    `${tags}/own/${image}/${tag}/history${query}`,
    undefined,
    who === undefined ? undefined : as[who],
  )
const undo = (to: unknown, who?: string, path = `own/${image}/1`) =>
  app.send('POST', `${tags}/${path}/undo`, { to }, who === undefined ? undefined : as[who])
const current = async () => (await app.workbench.pull('own', image, '1'))?.value.digest
const remove = (reference: string) => app.send('DELETE', `/artifactory/own/${image}/${reference}`)

describe('the history of a tag', () => {
  it('tells what it pointed to before and who moved it, the newest first', async () => {
    const at = '2026-01-01T00:00:00.000Z'
    expect((await history('', 'reader')).json).toEqual({
      events: [
        {
          id: expect.any(String) as string,
          at,
          actor: 'alice',
          from: first,
          to: second,
          from_is_stored: true,
        },
        { id: expect.any(String) as string, at, actor: 'alice', to: first, from_is_stored: false },
      ],
    })
  })

  it('comes by pages', async () => {
    const page = (await history('?limit=1')).json as { events: { to: string }[]; cursor: string }
    expect([page.events.map(({ to }) => to), typeof page.cursor]).toEqual([[second], 'string'])
    const rest = (await history(`?limit=1&cursor=${page.cursor}`)).json as typeof page
    expect([rest.events.map(({ to }) => to), rest.cursor]).toEqual([[first], undefined])
    expect((await history('?cursor=x')).status).toBe(400)
    expect((await history('?limit=0')).status).toBe(400)
  })

  it('is not there for a tag that never was or may not be read', async () => {
    await app.workbench.pushImage('own', image, 'secret')
    for (const tag of ['secret', 'absent']) {
      const answer = await history('', 'reader', tag)
      expect([answer.status, errorsOf(answer)[0]]).toEqual([404, `there is no tag "own/${image}:${tag}"`])
    }
    expect((await history('', 'nobody')).status).toBe(404)
  })

  it('is refused for a virtual repository, and for what is no tag', async () => {
    const virtual = await app.send('GET', `${tags}/all/${image}/1/history`)
    expect([virtual.status, errorsOf(virtual)[0]]).toEqual([
      400,
      'all has no tags of its own: name the local or remote repository that holds them',
    ])
    for (const path of [`own/${image}/-`, 'own/1', 'own/A/1'])
      expect((await app.send('GET', `${tags}/${path}/history`)).status).toBe(400)
  })
})

describe('putting a tag back', () => {
  it('points it to what it pointed to before, which is an event and in the audit trail', async () => {
    const answer = await undo(first, 'mover')
    expect(answer.json).toEqual({ repo: 'own', image, tag: '1', from: second, to: first })
    expect(await current()).toBe(first)
    expect((await history()).json).toMatchObject({
      events: [{ actor: 'mover', from: second, to: first }, {}, {}],
    })
    expect(app.audited.at(-1)).toMatchObject({
      action: 'tag.restore',
      actor: 'mover',
      subject: { kind: 'image', name: `own/${image}:1` },
      before: { digest: second },
      after: { digest: first },
    })
  })

  it('needs the right to overwrite, but for a tag that was deleted only that to deploy', async () => {
    expect((await undo(first, 'reader')).status).toBe(403)
    expect((await undo(first, 'pusher')).status).toBe(403)
    expect((await undo(first, 'nobody')).status).toBe(404)
    // Who may not read it must not find out by trial what it pointed to.
    expect((await undo(first, 'blind')).status).toBe(404)
    expect(await current()).toBe(second)
    await app.workbench.manifests.deleteTag(
      app.repositories.find('own')?.id as never,
      image as never,
      '1' as never,
      'ann',
    )
    expect(await current()).toBeUndefined()
    expect((await undo(second, 'reader')).status).toBe(403)
    expect((await undo(second, 'pusher')).status).toBe(200)
    expect(await current()).toBe(second)
  })

  it('is refused when the manifest is gone', async () => {
    await remove(`sha256:${first.slice(7)}`)
    const answer = await undo(first, 'mover')
    expect([answer.status, errorsOf(answer)[0]]).toEqual([
      404,
      `manifest ${first} of ${image} is no longer in own: push it again to get tag 1 back`,
    ])
    expect(await current()).toBe(second)
  })

  it('is refused for a manifest that it never pointed to', async () => {
    const { digest } = await app.workbench.pushImage('own', image, 'secret')
    const answer = await undo(digest, 'mover')
    expect([answer.status, errorsOf(answer)[0]]).toEqual([
      400,
      `tag ${image}:1 in own never pointed to ${digest}`,
    ])
    expect((await undo(digestOf(Buffer.from('x')), 'mover')).status).toBe(400)
  })

  it.each([
    ['nothing', undefined, 400],
    ['a number', 7, 400],
    ['no digest', 'latest', 400],
  ])('is refused to %s', async (_what, to, status) => {
    expect((await undo(to)).status).toBe(status)
  })

  it('is refused for remotes, virtuals, and where patterns leave it out or the repository is out of service', async () => {
    expect((await undo(first, undefined, `hub/${image}/1`)).status).toBe(405)
    expect((await undo(first, undefined, `all/${image}/1`)).status).toBe(400)
    for (const change of [{ excludesPattern: 'team/**' }, { blackedOut: true }]) {
      await app.post('own', change)
      try {
        expect((await undo(first)).status).toBeGreaterThanOrEqual(403)
      } finally {
        await app.post('own', { excludesPattern: '', blackedOut: false })
      }
    }
    expect(await current()).toBe(second)
  })
})
