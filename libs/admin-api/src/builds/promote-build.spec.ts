import { beforeEach, afterEach, describe, expect, it, test } from 'vitest'
import { AdminApiApp, type Answer, errorsOf } from '../testing/admin-api-app.js'

const docker = { packageType: 'docker', rclass: 'local' }
const base = '/artifactory/api/build'

let app: AdminApiApp
let ci: string
let digest: string
beforeEach(async () => {
  app = await AdminApiApp.start()
  for (const key of ['dev', 'prod', 'other']) await app.put(key, docker)
  ci = await app.addUser('ci')
  await app.ports.permissions.targets.create({
    name: 'ci',
    repositories: ['dev', 'prod'],
    includes: ['team/**'],
    excludes: [],
    users: { ci: ['read', 'deploy', 'overwrite', 'annotate', 'delete'] },
    groups: {},
  })
  ;({ digest } = await app.workbench.pushImage('dev', 'team/app', '1.0'))
  const modules = [{ id: 'm', artifacts: [{ name: 'manifest.json', sha256: digest.slice(7) }] }]
  const build = { name: 'app', number: '7', started: '2026-01-31T12:00:00.000+0000', modules }
  await app.send('PUT', base, build, { authorization: ci })
})
afterEach(() => app.close())

const promote = (body: object, authorization = ci, run = 'app/7'): Promise<Answer> =>
  app.send('POST', `${base}/promote/${run}`, body, { authorization })
const isThere = async (repository: string, tag = '1.0') =>
  (await app.send('GET', `/artifactory/api/storage/${repository}/team/app/${tag}`)).status === 200
const buildInfo = async () =>
  ((await app.send('GET', `${base}/app/7`)).json as { buildInfo: Record<string, unknown> }).buildInfo

describe('the promotion of a build', () => {
  it('moves its images, sets properties on them and notes the status', async () => {
    const body = {
      status: 'released',
      comment: 'tested',
      ciUser: 'jenkins',
      targetRepo: 'prod',
      properties: { qa: ['ok'] },
    }
    const answer = await promote(body)
    expect(answer.status, answer.text).toBe(200)
    expect(answer.json).toMatchObject({ messages: [{ level: 'INFO' }, { level: 'INFO' }] })
    expect([await isThere('dev'), await isThere('prod')]).toEqual([false, true])
    const set = await app.send('GET', '/artifactory/api/storage/prod/team/app/1.0?properties')
    expect(set.json).toMatchObject({ properties: { qa: ['ok'] } })
    expect(await buildInfo()).toMatchObject({
      statuses: [
        {
          status: 'released',
          comment: 'tested',
          ciUser: 'jenkins',
          user: 'ci',
          repository: 'prod',
          timestamp: '2026-01-01T00:00:00.000+0000',
        },
      ],
    })
    expect((await app.send('GET', `${base}/app/LAST_RELEASE`)).status).toBe(200)
    const actions = app.audited
      .filter(({ outcome, action }) => outcome === 'ok' && action !== 'login')
      .map(({ action }) => action)
    expect(actions.slice(-3)).toEqual(['push', 'delete', 'build.promote'])
  })

  it('copies when it is told to, only the tag that the build has properties on', async () => {
    const manifest = await app.send('GET', '/artifactory/dev/team/app/1.0/manifest.json')
    await app.workbench.pushManifest('dev', 'team/app', 'same', Buffer.from(manifest.text))
    expect((await promote({ targetRepo: 'prod', copy: true })).status).toBe(200)
    expect([await isThere('dev'), await isThere('prod'), await isThere('prod', 'same')]).toEqual([
      true,
      true,
      true,
    ])
    await app.send('DELETE', '/artifactory/prod/team/app')
    await app.send(
      'PUT',
      '/artifactory/api/storage/dev/team/app/1.0?properties=build.name=app;build.number=7',
    )
    expect((await promote({ targetRepo: 'prod', copy: true })).status).toBe(200)
    expect([await isThere('prod'), await isThere('prod', 'same')]).toEqual([true, false])
    const again = await promote({ targetRepo: 'prod', sourceRepo: 'prod', copy: true })
    expect(again.json).toMatchObject({ messages: [{ message: 'no image of the build was found' }] })
    expect((await promote({ targetRepo: 'prod', copy: true })).status).toBe(200)
  })

  it('changes nothing in a dry run, and only the status without a target', async () => {
    const answer = await promote({ status: 'staged', targetRepo: 'prod', dryRun: true })
    expect(answer.status).toBe(200)
    expect(await isThere('prod')).toBe(false)
    expect(await buildInfo()).not.toHaveProperty('statuses')
    expect((await promote({ status: 'staged' })).json).toEqual({ messages: [] })
    expect(await buildInfo()).toMatchObject({ statuses: [{ status: 'staged', user: 'ci' }] })
  })

  it('says so when there is nothing of the build, or not in the source', async () => {
    const answer = await promote({ targetRepo: 'prod', sourceRepo: 'prod' })
    expect(answer.json).toEqual({
      messages: [{ level: 'WARNING', message: 'no image of the build was found' }],
    })
    expect((await promote({ targetRepo: 'prod', artifacts: false })).json).toMatchObject({
      messages: [{ level: 'WARNING' }],
    })
    expect(await isThere('dev')).toBe(true)
  })

  it('needs the build, and the rights to the images: nothing is noted without', async () => {
    const stranger = await app.addUser('stranger')
    expect((await promote({ status: 'x' }, stranger)).status).toBe(404)
    expect((await promote({ status: 'x' }, ci, 'app/8')).status).toBe(404)
    expect((await promote({ status: 'x', targetRepo: 'other' })).status).toBe(404)
    expect(errorsOf(await promote({ status: 'x', targetRepo: 'none' }))[0]).toContain(
      'there is no repository',
    )
    await app.send('PUT', '/artifactory/api/v2/security/permissions/more', {
      repo: { repositories: ['other'], actions: { users: { ci: ['read'] } } },
    })
    expect((await promote({ status: 'x', targetRepo: 'other' })).status).toBe(403)
    expect(await buildInfo()).not.toHaveProperty('statuses')
    expect(await isThere('dev')).toBe(true)
  })

  test.each([
    [{ dryRun: 'yes' }, 'dryRun is "yes"'],
    [{ timestamp: 'now' }, 'timestamp is "now"'],
    [{ properties: { a: [1] } }, 'properties has for "a" something else'],
    [{ properties: 'a' }, 'properties is not an object'],
  ])('is refused with %o', async (body, message) => {
    const answer = await promote(body)
    expect(answer.status).toBe(400)
    expect(errorsOf(answer)[0]).toContain(message)
  })
})
