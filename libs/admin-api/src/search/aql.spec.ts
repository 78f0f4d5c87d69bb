import { createHash } from 'node:crypto'
import { maximumRuns } from '@entrepot/builds'
import { afterAll, beforeAll, describe, expect, it, test, vi } from 'vitest'
import { AdminApiApp, type Ask, errorsOf } from '../testing/admin-api-app.js'

const docker = { packageType: 'docker' }

interface Found {
  readonly repo: string
  readonly path: string
  readonly name: string
  readonly properties?: readonly { readonly key: string; readonly value: string }[]
  readonly [field: string]: unknown
}

let app: AdminApiApp
let reader: string
let stranger: string
let manifest: string
beforeAll(async () => {
  app = await AdminApiApp.start()
  await app.put('docker-local', { ...docker, rclass: 'local' })
  await app.put('hub', { ...docker, rclass: 'remote', url: 'http://127.0.0.1:1' })
  await app.put('docker', { ...docker, rclass: 'virtual', repositories: ['docker-local', 'hub'] })
  const { digest } = await app.workbench.pushImage('docker-local', 'team/app', '1.0')
  manifest = digest
  await app.workbench.pushImage('docker-local', 'secret/app', '1.0')
  await app.workbench.pushImage('docker-local', 'team/app', 'rc')
  reader = await app.addUser('reader')
  stranger = await app.addUser('stranger')
  await app.ports.permissions.targets.create({
    name: 'team',
    repositories: ['docker-local'],
    includes: ['team/app/1.*'],
    excludes: [],
    users: { reader: ['read'] },
    groups: {},
  })
})
afterAll(() => app.close())

const ask = (text: string, more: Ask = {}) =>
  app.send('POST', '/artifactory/api/search/aql', undefined, {
    raw: text,
    headers: { 'content-type': 'text/plain' },
    ...more,
  })
const find = async (text: string, more: Ask = {}) => {
  const answer = await ask(text, more)
  expect(answer.status, answer.text).toBe(200)
  return (answer.json as { results: readonly Found[] }).results
}
const pathsOf = (found: readonly Found[]) => [...new Set(found.map(({ repo, path }) => `${repo}/${path}`))]

describe('a search by AQL', () => {
  it('answers what was found in the shape of Artifactory', async () => {
    const answer = await ask(
      'items.find({"repo": "docker-local", "path": "team/app/1.0", "name": "manifest.json"})',
    )
    expect(answer.json).toEqual({
      results: [
        {
          repo: 'docker-local',
          path: 'team/app/1.0',
          name: 'manifest.json',
          type: 'file',
          size: expect.any(Number) as number,
          created: '2026-01-01T00:00:00.000Z',
          created_by: 'ann',
          modified: '2026-01-02T00:00:00.000Z',
          modified_by: 'bob',
          updated: '2026-01-02T00:00:00.000Z',
        },
      ],
      range: { start_pos: 0, end_pos: 1, total: 1 },
    })
  })

  it('shows the fields and properties that are included, with SHA-1 of the very content', async () => {
    const criteria = '{"repo": "docker-local", "path": "team/app/1.0"}'
    const found = await find(
      `items.find(${criteria}).include("name", "sha256", "actual_sha1", "actual_md5", "property.*")`,
    )
    expect(found).toHaveLength(3)
    for (const { name, sha256, actual_sha1: sha1, ...rest } of found) {
      expect(Object.keys(rest)).toEqual(['properties'])
      const file = await app.send('GET', `/artifactory/docker-local/team/app/1.0/${name}`)
      expect(file.status).toBe(200)
      if (name === 'manifest.json') {
        expect(sha1).toBe(createHash('sha1').update(file.text).digest('hex'))
        expect(sha256).toBe(manifest.slice(7))
        expect(rest.properties).toContainEqual({ key: 'docker.manifest.digest', value: manifest })
      }
      expect(sha1).toMatch(/^[0-9a-f]{40}$/)
    }
    const by = await find(
      `items.find({"actual_sha1": "${found[0]?.['actual_sha1'] as string}"}).include("sha256")`,
    )
    expect(by).toContainEqual({ sha256: found[0]?.['sha256'] })
  })

  it('stops, skips and says so', async () => {
    const text = 'items.find({"repo": "docker-local", "name": "manifest.json"}).sort({"$asc": ["path"]})'
    const answer = await ask(`${text}.include("path").offset(1).limit(1)`)
    expect(answer.json).toEqual({
      results: [{ path: 'team/app/1.0' }],
      range: { start_pos: 1, end_pos: 2, total: 1, limit: 1 },
    })
  })

  it('says when there is more than is answered, and when a checksum is still missing', async () => {
    const found = { items: [], isCut: true, lacksChecksums: true }
    const finder = vi.spyOn(app.ports.content.finder, 'find').mockResolvedValueOnce(found)
    const answer = await ask('items.find()')
    expect(answer.json).toMatchObject({
      range: { notification: expect.stringContaining('trimmed') as string },
    })
    expect(answer.headers.get('warning')).toContain('SHA-1')
    finder.mockRestore()
  })

  it('says when there are more runs of builds than it looked at', async () => {
    const moment = new Date('2026-01-01')
    const run = { number: '1', url: undefined, started: moment, published: moment, publishedBy: 'ann' }
    const runs = Array.from({ length: maximumRuns }, (_, at) => ({ ...run, name: `build-${at}` }))
    const entries = vi.spyOn(app.ports.builds.store, 'entries')
    const query = 'builds.find({"name": "build-7"}).include("name")'
    entries.mockResolvedValueOnce(runs)
    expect((await ask(query)).json).toEqual({
      results: [{ 'build.name': 'build-7' }],
      range: {
        start_pos: 0,
        end_pos: 1,
        total: 1,
        notification: expect.stringContaining('trimmed') as string,
      },
    })
    entries.mockResolvedValueOnce(runs.slice(1))
    expect((await ask(query)).json).toEqual({
      results: [{ 'build.name': 'build-7' }],
      range: { start_pos: 0, end_pos: 1, total: 1 },
    })
    entries.mockRestore()
  })

  it('finds what the caller may read and nothing else: tags by pattern, and nothing by a token for something else', async () => {
    const all = 'items.find({"type": "any"})'
    expect(pathsOf(await find(all))).toContain('docker-local/secret/app/1.0')
    expect(pathsOf(await find(all, { authorization: reader }))).toEqual([
      'docker-local/team',
      'docker-local/team/app',
      'docker-local/team/app/1.0',
    ])
    expect(await find(all, { authorization: stranger })).toEqual([])
    expect(
      await find('items.find({"repo": "docker", "path": {"$match": "team/app/r*"}})', {
        authorization: reader,
      }),
    ).toEqual([])
    const pull = await app.bearer('admin', {
      type: 'repository',
      name: 'docker-local/team/app',
      actions: ['pull'],
    })
    expect(await find(all, { authorization: pull })).toEqual([])
  })

  it('keeps the own properties of an image from who may read only some of its tags', async () => {
    const url = '/artifactory/api/storage/docker-local/team/app?properties=owner=shop&recursive=0'
    expect((await app.send('PUT', url)).status).toBe(204)
    const folders = (criteria: string, more?: Ask) =>
      find(
        `items.find({"type": "folder", "repo": "docker-local", ${criteria}}).include("name", "property.*")`,
        more,
      )
    const named = '"name": "app", "path": "team"'
    const properties = [{ key: 'owner', value: 'shop' }]
    expect(await folders(named)).toEqual([{ name: 'app', properties }])
    expect(await folders('"@owner": "shop"')).toEqual([{ name: 'app', properties }])
    const partly = { authorization: reader }
    expect(await folders(named, partly)).toEqual([{ name: 'app' }])
    expect(await folders('"@owner": "shop"', partly)).toEqual([])
  })

  it('is a search of the members by the name of a virtual repository', async () => {
    const found = await find('items.find({"repo": "docker", "path": {"$match": "team/app/*"}})')
    expect(pathsOf(found)).toEqual(['docker-local/team/app/1.0', 'docker-local/team/app/rc'])
  })

  it('does not show what the patterns of a repository hide', async () => {
    await app.put('opened', { ...docker, rclass: 'local' })
    await app.workbench.pushImage('opened', 'open/app', '1')
    await app.workbench.pushImage('opened', 'closed/app', '1')
    expect(pathsOf(await find('items.find({"repo": "opened"})'))).toEqual([
      'opened/closed/app/1',
      'opened/open/app/1',
    ])
    await app.post('opened', { includesPattern: 'open/**' })
    expect(pathsOf(await find('items.find({"repo": "opened"})'))).toEqual(['opened/open/app/1'])
    await app.post('opened', { blackedOut: true })
    expect(await find('items.find({"repo": "opened"})')).toEqual([])
  })

  it('finds what a build lists by the SHA-1 that clients got before, of the caller’s builds', async () => {
    const [file] = await find(
      'items.find({"path": "team/app/1.0", "name": "manifest.json"}).include("actual_sha1")',
    )
    const artifact = { name: 'manifest.json', sha1: file?.['actual_sha1'] }
    const body = { name: 'app', number: '1', started: '2026-01-31T12:00:00.000+0000' }
    const modules = [{ id: 'm', artifacts: [artifact] }]
    await app.send('PUT', '/artifactory/api/build', { ...body, modules }, { authorization: reader })
    const query =
      'items.find({"$or":[{"$and":[{"artifact.module.build.name":"app","artifact.module.build.number":"1"}]}]})'
    expect(pathsOf(await find(query, { authorization: reader }))).toEqual(['docker-local/team/app/1.0'])
    expect(pathsOf(await find(query))).toEqual(['docker-local/team/app/1.0'])
    expect(await find(query, { authorization: stranger })).toEqual([])
    const builds =
      'builds.find({"name": {"$match": "a*"}, "started": {"$gt": "2026-01-01"}}).include("name", "number")'
    expect(await find(builds, { authorization: reader })).toEqual([
      { 'build.name': 'app', 'build.number': '1' },
    ])
    expect(await find(builds, { authorization: stranger })).toEqual([])
    expect(await find('builds.find({"$or": [{"number": "2"}]}).sort({"$desc": ["started"]})')).toEqual([])
  })

  test.each([
    ['', 400, 'line 1 column 1: the query ends, expected items.find('],
    ['items.find({"repo": 5', 400, 'the query ends'],
    ['items.find({"colour": "red"})', 400, 'line 1 column 13'],
  ])('%s is refused with %i', async (text, status, message) => {
    const answer = await ask(text)
    expect(answer.status).toBe(status)
    expect(errorsOf(answer)[0]).toContain(message)
  })

  it('is taken without a media type, as the CLI sends it, and not as a form or from nobody', async () => {
    const bytes = new TextEncoder().encode('items.find({"repo": "docker-local"}).limit(1)')
    expect((await ask('', { raw: bytes, headers: {} })).status).toBe(415)
    const untyped = await fetch(`${app.url}/artifactory/api/search/aql`, {
      method: 'POST',
      headers: { authorization: reader },
      body: bytes,
    })
    expect(untyped.status).toBe(200)
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    expect((await ask('items.find()', { headers: form })).status).toBe(415)
    expect((await ask('items.find()', { authorization: undefined })).status).toBe(401)
  })
})
