import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AdminApiApp, errorsOf } from './testing/admin-api-app.js'

const batch = '/artifactory/api/v2/repositories/batch'
const configurations = '/artifactory/api/repositories/configurations'
const local = { rclass: 'local', packageType: 'docker' }
const remote = { rclass: 'remote', packageType: 'docker', url: 'https://registry-1.docker.io' }
const virtual = { rclass: 'virtual', packageType: 'docker' }

let app: AdminApiApp
beforeEach(async () => {
  app = await AdminApiApp.start()
})
afterEach(() => app.close())

const keys = () => app.repositories.all().map(({ config }) => config.key)

describe('a batch of repositories', () => {
  it('is created as a whole; one may list and deploy to another', async () => {
    const answer = await app.send('PUT', batch, [
      { ...virtual, key: 'all', repositories: ['here', 'hub'], defaultDeploymentRepo: 'here' },
      { ...local, key: 'here', notes: 'n', strange: 1 },
      { ...remote, key: 'hub' },
    ])
    expect(answer.status).toBe(201)
    expect(answer.headers.get('warning')).toContain('strange')
    expect((await app.get('all')).json).toMatchObject({
      repositories: ['here', 'hub'],
      defaultDeploymentRepo: 'here',
    })
    expect((await app.get('here')).json).toMatchObject({ notes: 'n', dockerTagRetention: 1 })
    const created = app.audited.filter(({ action }) => action === 'repository.create')
    expect(created.map(({ subject }) => subject?.name)).toEqual(['all', 'here', 'hub'])
  })

  it.each([
    ['a key that is taken', { ...local, key: 'taken' }, 409, 'taken'],
    ['a key that can not be', { ...local, key: 'UPPER' }, 400, 'repository key "UPPER"'],
    ['no key', local, 400, 'key of the object at position 1 is missing'],
    ['a key that is a number', { ...local, key: 3 }, 400, 'key of the object at position 1 is missing'],
    ['a key that came already', { ...local, key: 'first' }, 400, 'first is given more than once'],
    ['no kind', { key: 'second' }, 400, 'rclass is missing'],
    ['an unknown member', { ...virtual, key: 'v', repositories: ['nowhere'] }, 400, '"nowhere"'],
  ])('is refused as a whole for %s', async (_what, entry, status, message) => {
    await app.put('taken', local)
    const answer = await app.send('PUT', batch, [{ ...local, key: 'first' }, entry])
    expect(answer.status).toBe(status)
    expect(errorsOf(answer)[0]).toContain(message)
    expect(keys()).toEqual(['taken'])
    expect(app.audited.filter(({ action }) => action === 'repository.create')).toHaveLength(1)
  })

  it('is changed as a whole, each as an update alone would be', async () => {
    await app.put('here', { ...local, notes: 'n' })
    await app.put('hub', { ...remote, password: 'canary' })
    const answer = await app.send('POST', batch, [
      { key: 'here', description: 'd' },
      { key: 'hub', offline: true },
    ])
    expect(answer.status).toBe(200)
    expect((await app.get('here')).json).toMatchObject({ notes: 'n', description: 'd' })
    expect(app.repositories.find('hub')?.config).toMatchObject({ offline: true, password: 'canary' })
  })

  it.each([
    ['an unknown repository', { key: 'nowhere', notes: 'x' }, '"nowhere"'],
    ['another kind', { key: 'hub', rclass: 'local' }, 'rclass is "local"'],
    ['a repository that came already', { key: 'here' }, 'here is given more than once'],
  ])('is not changed at all for %s', async (_what, entry, message) => {
    await app.put('here', { ...local, notes: 'before' })
    await app.put('hub', remote)
    const answer = await app.send('POST', batch, [{ key: 'here', notes: 'after' }, entry])
    expect(answer.status).toBe(400)
    expect(errorsOf(answer)[0]).toContain(message)
    expect((await app.get('here')).json).toMatchObject({ notes: 'before' })
  })

  it('is a list of at most a thousand objects', async () => {
    for (const body of [{}, [1], ['a'], [[]], [null]]) {
      const answer = await app.send('PUT', batch, body)
      expect(answer.status).toBe(400)
      expect(errorsOf(answer)[0]).toBe('the body is not a JSON list of objects')
    }
    const many = Array.from({ length: 1001 }, (_, number) => ({ ...local, key: `r${number}` }))
    expect(errorsOf(await app.send('PUT', batch, many))[0]).toContain('expected at most 1000')
    expect((await app.send('PUT', batch, [])).status).toBe(201)
    expect(keys()).toEqual([])
  })
})

it('leaves no secret of a repository in the audit trail, only that it changed', async () => {
  await app.put('hub', { ...remote, password: 'canary-1', queryParams: 'sig=canary-2' })
  await app.post('hub', { queryParams: 'sig=canary-3' })
  await app.post('hub', { notes: 'n' })
  expect(JSON.stringify(app.audited)).not.toContain('canary')
  const changes = app.audited.filter(({ action }) => action.startsWith('repository.'))
  const told = changes.map(({ after }) => after as { queryParams?: string; password?: string })
  expect(told.map(({ queryParams, password }) => [queryParams, password])).toEqual([
    ['changed', 'changed'],
    ['changed', undefined],
    ['given', undefined],
  ])
})

describe('the configurations of all repositories', () => {
  beforeEach(async () => {
    await app.put('here', local)
    await app.put('hub', { ...remote, username: 'u', password: 'canary' })
    await app.put('all', { ...virtual, repositories: ['here', 'hub'] })
  })

  it('are those of each, by kind, without any password', async () => {
    const answer = await app.send('GET', configurations)
    const [here, hub, all] = await Promise.all(['here', 'hub', 'all'].map((key) => app.get(key)))
    expect(answer.json).toEqual({ LOCAL: [here?.json], REMOTE: [hub?.json], VIRTUAL: [all?.json] })
    expect(answer.text).not.toContain('canary')
  })

  it('are filtered by kinds and package types', async () => {
    const shown = async (query: string) => {
      const lists = (await app.send('GET', `${configurations}?${query}`)).json as Record<string, unknown[]>
      return Object.entries(lists).map(([kind, list]) => `${kind} ${list.length}`)
    }
    expect(await shown('repoType=local,Virtual')).toEqual(['LOCAL 1', 'REMOTE 0', 'VIRTUAL 1'])
    expect(await shown('packageType=docker')).toEqual(['LOCAL 1', 'REMOTE 1', 'VIRTUAL 1'])
    expect(await shown('packageType=maven,npm')).toEqual(['LOCAL 0', 'REMOTE 0', 'VIRTUAL 0'])
    const answer = await app.send('GET', `${configurations}?repoType=lokal`)
    expect(answer.status).toBe(400)
    expect(errorsOf(answer)[0]).toContain('repoType is "lokal"')
  })

  it('leave no place for a repository of that name', async () => {
    const answer = await app.put('configurations', local)
    expect(answer.status).toBe(400)
    expect(errorsOf(answer)[0]).toContain('"configurations" is reserved')
  })
})

it("answers one configuration under Artifactory's media type to those who ask for it", async () => {
  await app.put('here', local)
  const type = 'application/vnd.org.jfrog.artifactory.repositories.LocalRepositoryConfiguration+json'
  const path = '/artifactory/api/repositories/here'
  const asked = await app.send('GET', path, undefined, { headers: { accept: `${type}, */*` } })
  expect(asked.headers.get('content-type')?.split(';')[0]).toBe(type.toLowerCase())
  expect(JSON.parse(asked.text)).toEqual((await app.get('here')).json)
  const head = await app.send('HEAD', path)
  expect([head.status, head.text]).toEqual([200, ''])
  expect((await app.send('HEAD', '/artifactory/api/repositories/nowhere')).status).toBe(400)
})
