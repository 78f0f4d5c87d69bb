import { digestOf } from '@entrepot/kernel'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { AdminApiApp, errorsOf } from '../testing/admin-api-app.js'

const storage = '/artifactory/api/storage'
const docker = { packageType: 'docker' }
const url = 'https://registry.example'
const config = digestOf(Buffer.from('{}'))
const configFile = config.replace(':', '__')

let app: AdminApiApp
let reader: { authorization: string }
let remover: { authorization: string }
beforeAll(async () => {
  app = await AdminApiApp.start({ publicUrl: url })
  reader = { authorization: await app.addUser('reader') }
  remover = { authorization: await app.addUser('remover') }
  await app.put('local', { ...docker, rclass: 'local' })
  await app.put('hidden', { ...docker, rclass: 'local' })
  await app.put('virtual', {
    ...docker,
    rclass: 'virtual',
    repositories: ['local', 'hidden'],
    defaultDeploymentRepo: 'local',
  })
  await app.put('remote', { ...docker, rclass: 'remote', url: 'http://127.0.0.1:1' })
  await app.ports.permissions.targets.create({
    name: 'content',
    repositories: ['local'],
    includes: ['team/**'],
    excludes: ['team/app/secret'],
    users: { reader: ['read'], remover: ['read', 'delete'] },
    groups: {},
  })
})
beforeEach(async () => {
  await app.workbench.pushImage('local', 'team/app', '1.0')
  await app.workbench.pushImage('local', 'team/app', 'secret')
  await app.workbench.pushImage('local', 'other/app', '1.0')
  await app.workbench.pushImage('hidden', 'team/app', 'there')
})
afterAll(() => app.close())

const get = (path: string, ask?: { authorization: string }) =>
  app.send('GET', `${storage}/${path}`, undefined, ask)
const remove = (path: string, ask?: { authorization: string }) =>
  app.send('DELETE', `/artifactory/${path}`, undefined, ask)

describe('GET /artifactory/api/storage', () => {
  it('answers what a folder is, with its children', async () => {
    expect((await get('local/team/app')).json).toEqual({
      repo: 'local',
      path: '/team/app',
      created: '1970-01-01T00:00:00.000Z',
      lastModified: '1970-01-01T00:00:00.000Z',
      lastUpdated: '1970-01-01T00:00:00.000Z',
      children: [
        { uri: '/1.0', folder: true },
        { uri: '/secret', folder: true },
      ],
      uri: `${url}${storage}/local/team/app`,
    })
    for (const path of ['local', 'local/']) {
      expect((await get(path)).json).toMatchObject({
        path: '/',
        children: [{ uri: '/other' }, { uri: '/team' }],
        uri: `${url}${storage}/local`,
      })
    }
    expect((await get('local/team/app/1.0/')).json).toMatchObject({
      path: '/team/app/1.0',
      created: '2026-01-01T00:00:00.000Z',
      lastModified: '2026-01-02T00:00:00.000Z',
    })
  })

  it('answers what a file is', async () => {
    const { json } = await get(`local/team/app/1.0/${configFile}`)
    expect(json).toEqual({
      repo: 'local',
      path: `/team/app/1.0/${configFile}`,
      created: '2026-01-01T00:00:00.000Z',
      createdBy: 'ann',
      lastModified: '2026-01-02T00:00:00.000Z',
      modifiedBy: 'bob',
      lastUpdated: '2026-01-02T00:00:00.000Z',
      downloadUri: `${url}/artifactory/api/docker/local/v2/team/app/blobs/${config}`,
      mimeType: 'application/vnd.oci.image.config.v1+json',
      size: '2',
      checksums: { sha256: config.slice(7) },
      originalChecksums: { sha256: config.slice(7) },
      uri: `${url}${storage}/local/team/app/1.0/${configFile}`,
    })
    const manifest = await get('virtual/team/app/there/manifest.json')
    expect(manifest.json).toMatchObject({
      repo: 'hidden',
      uri: `${url}${storage}/virtual/team/app/there/manifest.json`,
    })
  })

  it('lists a folder, deep or not, with folders or without', async () => {
    const uris = async (query: string) => {
      const { json } = await get(`local/team?list${query}`)
      return (json as { files: { uri: string }[] }).files.map(({ uri }) => uri)
    }
    expect(await uris('')).toEqual([])
    expect(await uris('&listFolders=1')).toEqual(['/app'])
    expect(await uris('&deep=1&depth=2&listFolders=1')).toEqual(['/app', '/app/1.0', '/app/secret'])
    const deep = await uris('&deep=1')
    expect(deep).toHaveLength(6)
    expect(deep).toContain('/app/1.0/manifest.json')
    const { json } = await get('local/team/app/1.0?list')
    expect(json).toMatchObject({ uri: `${url}${storage}/local/team/app/1.0` })
    expect((json as { files: object[] }).files).toContainEqual({
      uri: `/${configFile}`,
      size: 2,
      lastModified: '2026-01-02T00:00:00.000Z',
      folder: false,
      sha2: config.slice(7),
    })
  })

  it.each(['?list&deep=yes', '?list&deep=1&depth=0', '?list&deep=1&depth=-1', '?list&deep=1&deep=1'])(
    'refuses the options %s',
    async (query) => {
      const answer = await get(`local/team${query}`)
      expect([answer.status, errorsOf(answer).length]).toEqual([400, 1])
    },
  )

  it('does not list a file', async () => {
    expect((await get('local/team/app/1.0/manifest.json?list')).status).toBe(400)
  })

  it('shows nobody what they may not read, nor that it is there', async () => {
    expect((await get('local/team/app', reader)).json).toMatchObject({
      children: [{ uri: '/1.0', folder: true }],
    })
    expect((await get('local?list&deep=1', reader)).text).not.toMatch(/secret|other/)
    const absent = await get('local/team/app/absent', reader)
    for (const hidden of ['local/team/app/secret', 'local/other/app', 'hidden/team/app', 'none/team/app']) {
      const answer = await get(hidden, reader)
      expect([answer.status, errorsOf(answer)]).toEqual([404, [`there is no item "${hidden}"`]])
      expect(absent.status).toBe(answer.status)
    }
    expect((await get('virtual/team/app', reader)).json).toMatchObject({ children: [{ uri: '/1.0' }] })
    const scoped = await app.bearer('reader', { type: 'repository', name: 'local/team/app', actions: ['*'] })
    expect((await get('local/team/app', { authorization: scoped })).status).toBe(404)
  })

  it.each(['local/team//app', 'local/team%2Fapp/1.0', 'local/..%2Fhidden', 'local/%00', 'remote/team/app'])(
    'answers 404 to %s',
    async (path) => {
      expect(await app.sendPath('GET', `${storage}/${path}`)).toBe(404)
    },
  )
})

describe('DELETE /artifactory/{repository}/{path}', () => {
  it('deletes a tag and writes it down', async () => {
    const answer = await remove('local/team/app/1.0', remover)
    expect([answer.status, answer.text]).toEqual([204, ''])
    expect((await get('local/team/app/1.0')).status).toBe(404)
    expect(app.audited.at(-1)).toMatchObject({
      action: 'delete',
      outcome: 'ok',
      actor: 'remover',
      subject: { kind: 'image', name: 'local/team/app:1.0' },
      before: { tags: ['1.0'] },
    })
    expect((await remove('local/team/app/1.0', remover)).status).toBe(404)
  })

  it('deletes an image, and all images of a folder', async () => {
    expect((await remove('virtual/other/app')).status).toBe(204)
    expect(app.audited.at(-1)?.subject).toEqual({ kind: 'image', name: 'local/other/app' })
    expect((await remove('local/team/')).status).toBe(204)
    expect((await get('local')).json).toMatchObject({ children: [] })
    expect((await get('hidden')).json).toMatchObject({ children: [{ uri: '/team' }] })
  })

  it('refuses who may read but not delete, and leaves everything', async () => {
    for (const path of ['local/team/app/1.0', 'local/team/app', 'local/team']) {
      const answer = await remove(path, reader)
      expect([answer.status, errorsOf(answer).length]).toEqual([403, 1])
      expect(app.audited.at(-1)).toMatchObject({ action: 'access', outcome: 'refused', actor: 'reader' })
    }
    // One of the tags is not theirs.
    expect((await remove('local/team/app', remover)).status).toBe(403)
    expect((await get('local/team/app')).json).toMatchObject({ children: { length: 2 } })
  })

  it('finds nothing where nothing may be read, and deletes no repository', async () => {
    const paths = ['local/other/app', 'local/team/app/secret', 'hidden/team/app', 'none/x', 'api/none/x']
    for (const path of [...paths, 'local/']) {
      expect([path, (await remove(path, remover)).status]).toEqual([path, 404])
    }
    expect((await get('hidden/team/app/there')).status).toBe(200)
  })

  it('deletes a manifest by its digest, with its tags', async () => {
    const { digest } = await app.workbench.pushImage('local', 'team/app', '2.0')
    expect((await remove(`local/team/app/${digest}`, reader)).status).toBe(403)
    expect((await remove(`local/team/app/sha256:${'0'.repeat(64)}`)).status).toBe(404)
    expect((await remove('local/team/app/sha256:short')).status).toBe(404)
    expect((await remove(`local/team/app/${digest}`)).status).toBe(204)
    expect((await get('local/team/app/2.0')).status).toBe(404)
    expect(app.audited.at(-1)).toMatchObject({
      subject: { name: `local/team/app@${digest}` },
      before: { tags: ['2.0'] },
    })
  })

  it('says where it is what a virtual repository can not delete', async () => {
    for (const path of ['virtual/team/app/there', 'virtual/only']) {
      await app.workbench.pushImage('hidden', 'only', '1')
      const answer = await remove(path)
      expect([answer.status, errorsOf(answer)[0]]).toEqual([
        405,
        `${path.slice(8)} is not in local, where repository virtual deletes: name the repository that has it`,
      ])
    }
    expect((await remove('virtual/none')).status).toBe(404)
    expect((await get('hidden/team/app/there')).status).toBe(200)
    await remove('hidden/only')
  })

  it('takes no blob out of an image, and nothing out of the cache of a remote', async () => {
    expect((await remove(`local/team/app/1.0/${configFile}`)).status).toBe(409)
    expect((await remove('remote/team/app')).status).toBe(404)
  })
})

describe('POST /artifactory/api/docker/{repository}/v2/promote', () => {
  const promote = (key: string, body: object, ask?: { authorization: string }) =>
    app.send('POST', `/artifactory/api/docker/${key}/v2/promote`, body, ask)
  const asked = { targetRepo: 'hidden', dockerRepository: 'team/app', tag: '1.0', targetTag: 'released' }

  it('moves a tag, and writes down both ends', async () => {
    const answer = await promote('local', { ...asked, projectKey: '' })
    expect([answer.status, answer.text]).toEqual([200, 'Promotion ended successfully: 1 tag\n'])
    expect(answer.headers.get('warning')).toContain('projectKey')
    expect((await get('local/team/app/1.0')).status).toBe(404)
    expect((await get('hidden/team/app/released')).status).toBe(200)
    expect(app.audited.slice(-2)).toMatchObject([
      {
        action: 'push',
        subject: { kind: 'image', name: 'hidden/team/app:released' },
        after: { tags: ['released'], promotedFrom: 'local/team/app:1.0' },
      },
      { action: 'delete', subject: { kind: 'image', name: 'local/team/app:1.0' } },
    ])
    expect((await promote('local', asked)).status).toBe(404)
  })

  it.each([{}, { tag: '', targetTag: '' }])('copies all tags where %j is said of them', async (tags) => {
    const { targetRepo, dockerRepository } = asked
    const answer = await promote('virtual', {
      targetRepo,
      dockerRepository,
      targetDockerRepository: 'copied',
      copy: true,
      ...tags,
    })
    expect(answer.text).toMatch(/^Promotion ended successfully: [34] tags\n$/)
    expect((await get('hidden/copied/secret')).status).toBe(200)
    expect((await get('local/team/app/secret')).status).toBe(200)
  })

  it('keeps image and tag where they are said to be empty', async () => {
    const body = { targetRepo: 'hidden', dockerRepository: 'team/app', tag: 'secret', copy: true }
    const answer = await promote('local', { ...body, targetDockerRepository: '', targetTag: '' })
    expect([answer.status, answer.text]).toEqual([200, 'Promotion ended successfully: 1 tag\n'])
    expect((await get('hidden/team/app/secret')).status).toBe(200)
  })

  it('tells nobody of a repository that is closed to them', async () => {
    const answers = [
      await promote('local', asked, reader),
      await promote('local', { ...asked, targetRepo: 'none' }, reader),
      await promote('hidden', { ...asked, targetRepo: 'local' }, reader),
      await promote('none', { ...asked, targetRepo: 'local' }, reader),
    ]
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404])
    expect((await promote('local', { ...asked, targetRepo: 'local' }, reader)).status).toBe(403)
    expect((await promote('local', { ...asked, targetRepo: 'local', tag: 'secret' }, reader)).status).toBe(
      404,
    )
  })

  it.each([
    [{}, 400],
    [{ ...asked, tag: 7 }, 400],
    [{ ...asked, copy: 'yes' }, 400],
    [{ ...asked, tag: '-x' }, 400],
    [{ ...asked, dockerRepository: 'UPPER' }, 400],
    [{ ...asked, targetRepo: 'remote' }, 405],
  ])('refuses %j', async (body, status) => {
    const answer = await promote('local', body)
    expect([answer.status, errorsOf(answer).length > 0]).toEqual([status, true])
  })
})
