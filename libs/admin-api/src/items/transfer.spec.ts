import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { AdminApiApp, type Answer, errorsOf } from '../testing/admin-api-app.js'

const docker = { packageType: 'docker' }
const api = '/artifactory/api'

let app: AdminApiApp
let reader: { authorization: string }
let mover: { authorization: string }
beforeAll(async () => {
  app = await AdminApiApp.start({ publicUrl: 'https://registry.example' })
  reader = { authorization: await app.addUser('reader') }
  mover = { authorization: await app.addUser('mover') }
  for (const key of ['dev', 'prod', 'hidden', 'inbox']) await app.put(key, { ...docker, rclass: 'local' })
  await app.put('docker', {
    ...docker,
    rclass: 'virtual',
    repositories: ['dev', 'prod', 'hidden'],
    defaultDeploymentRepo: 'prod',
  })
  await app.put('remote', { ...docker, rclass: 'remote', url: 'http://127.0.0.1:1' })
  const target = { includes: ['team/**'], excludes: ['team/app/secret'], groups: {} }
  await app.ports.permissions.targets.create({
    ...target,
    name: 'source',
    repositories: ['dev'],
    users: { reader: ['read'], mover: ['read', 'delete'] },
  })
  await app.ports.permissions.targets.create({
    ...target,
    name: 'target',
    repositories: ['prod'],
    users: { reader: ['read'], mover: ['read', 'deploy'] },
  })
  await app.ports.permissions.targets.create({
    ...target,
    name: 'inbox',
    repositories: ['inbox'],
    users: { mover: ['deploy'] },
  })
})
beforeEach(async () => {
  for (const key of ['dev', 'prod']) await app.send('DELETE', `/artifactory/${key}/team/`)
  for (const tag of ['1.0', 'secret']) await app.workbench.pushImage('dev', 'team/app', tag)
  await app.workbench.pushImage('dev', 'team/web', '1.0')
  await app.workbench.pushImage('hidden', 'team/app', '1.0')
})
afterAll(() => app.close())

type Ask = { readonly authorization: string }

const transfer = (verb: 'copy' | 'move', from: string, query: Readonly<Record<string, string>>, ask?: Ask) =>
  app.send('POST', `${api}/${verb}/${from}?${new URLSearchParams(query).toString()}`, undefined, ask)
const copy = (from: string, to: string, ask?: Ask) => transfer('copy', from, { to }, ask)
const move = (from: string, to: string, ask?: Ask) => transfer('move', from, { to }, ask)
const infoOf = async (path: string) =>
  (await app.send('GET', `${api}/storage/${path}`)).json as { children: object }
const isThere = async (path: string) => (await app.send('GET', `${api}/storage/${path}`)).status === 200
const messagesOf = ({ json }: Answer) => (json as { messages: { level: string; message: string }[] }).messages

describe('POST /artifactory/api/copy', () => {
  it('copies a tag and tells so', async () => {
    const answer = await copy('dev/team/app/1.0', '/prod/team/released/2026')
    expect([answer.status, answer.json]).toEqual([
      200,
      {
        messages: [
          { level: 'INFO', message: 'dev:team/app:1.0 to prod:team/released:2026: copied' },
          {
            level: 'INFO',
            message:
              'copying dev:team/app/1.0 to prod:team/released/2026 completed successfully, 1 manifest was copied',
          },
        ],
      },
    ])
    expect((await infoOf('prod/team/released/2026')).children).toEqual(
      (await infoOf('dev/team/app/1.0')).children,
    )
    expect(app.audited.at(-1)).toMatchObject({
      action: 'push',
      actor: 'admin',
      subject: { kind: 'image', name: 'prod/team/released:2026' },
      after: { tags: ['2026'], copiedFrom: 'dev/team/app:1.0' },
    })
  })

  it('tells in a dry run what would be, and does and writes down nothing', async () => {
    const before = app.audited.length
    const answer = await transfer('move', 'dev/team/app/1.0', { to: '/prod/team/app/1.0', dry: '1' })
    expect([answer.status, messagesOf(answer).map(({ message }) => message)]).toEqual([
      200,
      [
        'dev:team/app:1.0 to prod:team/app:1.0: would be moved',
        'dry run of moving dev:team/app/1.0 to prod:team/app/1.0 completed successfully, 1 manifest would be moved',
      ],
    ])
    expect([await isThere('dev/team/app/1.0'), await isThere('prod/team/app/1.0')]).toEqual([true, false])
    expect(app.audited.length).toBe(before)
  })

  it('takes the properties of tag and image along', async () => {
    const { properties, directory } = app.workbench
    const [dev, prod] = ['dev', 'prod'].map((key) => directory.find(key)?.id as never)
    const image = { kind: 'image', image: 'team/web' as never } as const
    const tag = { kind: 'tag', image: 'team/web' as never, tag: '1.0' as never } as const
    const set = new Map([['qa', ['passed']]])
    await properties.change(dev as never, [image, tag], { set, remove: [] })
    expect((await copy('dev/team/web', '/prod/team/web')).status).toBe(200)
    for (const found of await properties.find(prod as never, [image, tag])) {
      expect(Object.fromEntries(found)).toEqual({ qa: ['passed'] })
    }
  })

  it('copies what the caller may read, and nothing else', async () => {
    const answer = await copy('dev/team/app', '/prod/team/app', mover)
    expect([answer.status, messagesOf(answer)]).toMatchObject([
      200,
      [{ message: 'dev:team/app:1.0 to prod:team/app:1.0: copied' }, { level: 'INFO' }],
    ])
    expect(await isThere('prod/team/app/secret')).toBe(false)
  })

  it('copies into what may not be read', async () => {
    expect((await copy('dev/team/app/1.0', '/inbox/team/app/1.0', mover)).status).toBe(200)
  })
})

describe('POST /artifactory/api/move', () => {
  it('moves a folder of images into a virtual repository, and writes down both ends', async () => {
    const answer = await move('dev/team', '/docker/team/moved/')
    expect([answer.status, messagesOf(answer).length]).toEqual([200, 4])
    expect(await isThere('prod/team/moved/team/web/1.0')).toBe(true)
    expect(await isThere('dev/team/web/1.0')).toBe(false)
    expect(app.audited.slice(-2)).toMatchObject([
      { action: 'push', subject: { name: 'prod/team/moved/team/web:1.0' } },
      { action: 'delete', subject: { name: 'dev/team/web:1.0' } },
    ])
  })

  it('goes on after a failure, and says what became of what', async () => {
    await app.workbench.pushImage('dev', 'team/app', '2.0')
    const { digest } = await app.workbench.pushImage('prod', 'team/app', '1.0')
    const answer = await move('dev/team/app', '/prod/team/', mover)
    expect(answer.status).toBe(403)
    expect(messagesOf(answer)).toMatchObject([
      { level: 'ERROR', message: expect.stringContaining('may not overwrite team/app:1.0') as string },
      { level: 'INFO', message: 'dev:team/app:2.0 to prod:team/app:2.0: moved' },
      {
        level: 'ERROR',
        message: 'moving dev:team/app to prod:team/app failed for 1, 1 manifest was moved',
      },
    ])
    expect(errorsOf(answer)).toHaveLength(1)
    expect((await app.workbench.pull('prod', 'team/app', '1.0'))?.value.digest).toBe(digest)
    const stopped = await transfer('move', 'dev/team/app', { to: '/prod/team/', failFast: '1' }, mover)
    expect([stopped.status, messagesOf(stopped).length]).toEqual([403, 2])
  })

  it('says what went because the target keeps only so many tags', async () => {
    await app.post('prod', { maxUniqueTags: 1 })
    try {
      await app.workbench.pushImage('prod', 'team/web', 'old')
      const dry = await transfer('move', 'dev/team/web/1.0', { to: '/prod/team/web/1.0', dry: '1' })
      expect(messagesOf(dry)[1]).toEqual({
        level: 'WARNING',
        message: '1 older tag of prod:team/web would go: the repository keeps only so many of an image',
      })
      const done = await move('dev/team/web/1.0', '/prod/team/web/1.0')
      expect(messagesOf(done)[1]?.message).toContain('1 older tag of prod:team/web (old) went')
      expect(app.audited.at(-1)).toMatchObject({
        action: 'delete',
        subject: { name: 'prod/team/web' },
        before: { tags: ['old'] },
      })
    } finally {
      await app.post('prod', { maxUniqueTags: 0 })
    }
  })
})

describe('a copy or move is refused', () => {
  const everything = async () => [await infoOf('dev?list&deep=1'), await infoOf('prod?list&deep=1')]

  it.each([
    ['without to', 'dev/team/app', {}, 400],
    ['with an empty to', 'dev/team/app', { to: '' }, 400],
    ['with a to without a repository', 'dev/team/app', { to: '//x' }, 400],
    ['with an empty part in to', 'dev/team/app', { to: '/prod/a//b' }, 400],
    ['with a dry that is no switch', 'dev/team/app', { to: '/prod/a', dry: 'maybe' }, 400],
    ['with suppressLayouts that is no switch', 'dev/team/app', { to: '/prod/a', suppressLayouts: '2' }, 400],
    ['out of the tree', 'dev/team/app', { to: '/prod/../hidden/x' }, 400],
    ['from nowhere', 'none/team/app', { to: '/prod/a' }, 404],
    ['of nothing', 'dev/team/none', { to: '/prod/a' }, 404],
    ['to nowhere', 'dev/team/app', { to: '/none/a' }, 404],
    ['to a remote', 'dev/team/app', { to: '/remote/a' }, 405],
    ['of a part of a manifest', `dev/team/app/1.0/sha256__${'0'.repeat(64)}`, { to: '/prod/a/b' }, 409],
    ['into a tag', 'dev/team/web/1.0', { to: '/dev/team/app/1.0/x' }, 409],
    ['onto itself', 'dev/team/web/1.0', { to: '/dev/team/web/1.0' }, 400],
  ])('%s', async (_, from, query, status) => {
    const before = await everything()
    for (const verb of ['copy', 'move'] as const) {
      const answer = await transfer(verb, from, query)
      expect([answer.status, answer.text]).toEqual([status, answer.text])
      expect(messagesOf(answer).map(({ message }) => message)).toEqual(errorsOf(answer))
      expect(messagesOf(answer)[0]).toMatchObject({ level: 'ERROR' })
    }
    expect(await everything()).toEqual(before)
  })

  it('to who may not, and what is hidden is not there', async () => {
    const denied = await move('dev/team/app/1.0', '/prod/team/app/1.0', reader)
    expect([denied.status, errorsOf(denied)]).toEqual([
      403,
      ['reader may not deploy team/app:1.0 in repository prod'],
    ])
    expect(app.audited.at(-1)).toMatchObject({ action: 'access', outcome: 'refused', actor: 'reader' })
    const answers = [
      await copy('dev/team/app/secret', '/prod/team/x/1', mover),
      await copy('hidden/team/app/1.0', '/prod/team/x/1', mover),
      await copy('none/team/app/1.0', '/prod/team/x/1', mover),
      await copy('dev/team/app/1.0', '/hidden/team/x/1', mover),
      await copy('dev/team/app/1.0', '/none/team/x/1', mover),
      await copy(`hidden/team/app/1.0/sha256__${'0'.repeat(64)}`, '/prod/team/x/1', mover),
    ]
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404, 404])
    const scoped = { type: 'repository', name: 'dev/team/app', actions: ['*'] } as const
    const token = { authorization: await app.bearer('mover', { ...scoped, actions: ['*'] }) }
    expect((await copy('dev/team/app/1.0', '/prod/team/x/1', token)).status).toBe(404)
    expect((await copy('dev/team/app/1.0', '/prod/team/x/1', { authorization: '' })).status).toBe(401)
  })
})

/**
 * What `jf rt cp` and `jf rt mv` send, as jfrog-client-go's MoveCopyService makes it: the repository in `to` without a slash
 * before it, everything else query-escaped, no body; before a folder goes to a path with a slash at its end, a PUT of that path.
 */
describe('the calls of the JFrog CLI', () => {
  const send = (method: string, path: string) => app.send(method, `/artifactory/${path}`, undefined, mover)

  it('copy a file under its own name', async () => {
    const answer = await send(
      'POST',
      'api/copy/dev/team/app/1.0/manifest.json?to=prod%2Fteam%2Fapp%2F1.0%2Fmanifest.json',
    )
    expect(answer.status).toBe(200)
    expect(await isThere('prod/team/app/1.0/manifest.json')).toBe(true)
  })

  it('try it first', async () => {
    expect((await send('POST', 'api/move/dev/team/app/1.0?dry=1&to=prod%2Fteam%2Fapp%2F1.0')).status).toBe(
      200,
    )
    expect(await isThere('prod/team/app/1.0')).toBe(false)
  })

  it('move a folder into one that they make', async () => {
    const made = await send('PUT', 'prod/team/stable/')
    expect([made.status, made.json]).toEqual([
      201,
      {
        repo: 'prod',
        path: '/team/stable',
        created: '2026-01-01T00:00:00.000Z',
        uri: `https://registry.example${api}/storage/prod/team/stable`,
        children: [],
      },
    ])
    expect(made.headers.get('warning')).toContain('as soon as there is an image in it')
    expect((await send('POST', 'api/move/dev/team/web?to=prod%2Fteam%2Fstable%2F')).status).toBe(200)
    expect(await isThere('prod/team/stable/web/1.0')).toBe(true)
    expect(await isThere('dev/team/web/1.0')).toBe(false)
  })

  it('delete a folder', async () => {
    expect((await send('DELETE', 'dev/team/web/')).status).toBe(204)
  })
})

describe('PUT /artifactory/{repository}/{folder}/', () => {
  it.each([
    ['prod/team/file', undefined, 404],
    ['none/team/', undefined, 404],
    ['remote/team/', undefined, 405],
    ['prod/UPPER/', undefined, 400],
    ['prod/a//b/', undefined, 404],
    ['prod/team/', 'reader', 403],
    ['hidden/team/', 'reader', 404],
    ['none/team/', 'reader', 404],
  ])('of %s is refused to %s with %d', async (path, who, status) => {
    const ask = who === undefined ? undefined : reader
    expect((await app.send('PUT', `/artifactory/${path}`, undefined, ask)).status).toBe(status)
  })
})
