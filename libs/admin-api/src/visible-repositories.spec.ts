import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AdminApiApp } from './testing/admin-api-app.js'

const base = '/artifactory/api/repositories'
const docker = { packageType: 'docker' }

let app: AdminApiApp
let reader: { authorization: string }
beforeAll(async () => {
  app = await AdminApiApp.start({ publicUrl: 'https://registry.example' })
  reader = { authorization: await app.addUser('reader') }
  await app.put('open-local', { ...docker, rclass: 'local', notes: 'canary-notes' })
  await app.put('hidden-local', { ...docker, rclass: 'local' })
  const remote = {
    ...docker,
    rclass: 'remote',
    url: 'https://canary.example',
    username: 'u',
    password: 'canary',
  }
  await app.put('open-remote', remote)
  await app.put('open-virtual', {
    ...docker,
    rclass: 'virtual',
    repositories: ['hidden-local', 'open-local'],
  })
  await app.put('hidden-virtual', { ...docker, rclass: 'virtual', repositories: ['hidden-local'] })
  await app.put('nested-virtual', { ...docker, rclass: 'virtual', repositories: ['open-virtual'] })
  await app.ports.permissions.targets.create({
    name: 'readers',
    repositories: ['open-local', 'open-remote'],
    includes: ['team/**'],
    excludes: [],
    users: { reader: ['read'] },
    groups: {},
  })
})
afterAll(() => app.close())

describe('who is no administrator', () => {
  it('sees the repositories in which they may read something, and none other', async () => {
    const listed = (await app.send('GET', base, undefined, reader)).json as { key: string }[]
    expect(listed.map(({ key }) => key)).toEqual([
      'nested-virtual',
      'open-local',
      'open-remote',
      'open-virtual',
    ])
    const nothing = { authorization: await app.addUser('nothing') }
    expect((await app.send('GET', base, undefined, nothing)).json).toEqual([])
  })

  it('sees of them what the list has, without upstream, members and notes', async () => {
    for (const key of ['open-local', 'open-remote', 'open-virtual']) {
      const answer = await app.send('GET', `${base}/${key}`, undefined, reader)
      expect(answer.json).toMatchObject({ key, packageType: 'docker' })
      expect(answer.text).not.toMatch(/canary|hidden|username/)
    }
    expect((await app.send('GET', base, undefined, reader)).text).not.toMatch(/canary|hidden/)
  })

  it('can not tell what they may not read from what does not exist', async () => {
    for (const key of ['hidden-local', 'hidden-virtual']) {
      const hidden = await app.send('GET', `${base}/${key}`, undefined, reader)
      const absent = await app.send('GET', `${base}/absent`, undefined, reader)
      expect([hidden.status, hidden.text.replace(key, 'absent')]).toEqual([absent.status, absent.text])
    }
  })

  it('sees with a limited token what the token is for', async () => {
    const { secret } = await app.ports.accessTokens.create(
      { subject: 'admin', scope: 'artifact:hidden-local:r' },
      await app.principal('admin'),
    )
    const answer = await app.send('GET', base, undefined, { authorization: `Bearer ${secret}` })
    const keys = (answer.json as { key: string }[]).map(({ key }) => key)
    expect(keys).toEqual(['hidden-local', 'hidden-virtual', 'nested-virtual', 'open-virtual'])
  })
})

describe('a registry token for some content', () => {
  it("shows no list, an administrator's neither", async () => {
    const pull = { type: 'repository', name: 'open-local/team/app', actions: ['pull'] }
    for (const name of ['admin', 'reader']) {
      const authorization = await app.bearer(name, pull)
      expect((await app.send('GET', base, undefined, { authorization })).json).toEqual([])
      expect((await app.send('GET', `${base}/open-local`, undefined, { authorization })).status).toBe(400)
    }
  })
})

describe('the audit trail of repositories', () => {
  it('has each change, and of the password only that it changed', async () => {
    const from = app.audited.length
    const remote = {
      ...docker,
      rclass: 'remote',
      url: 'https://a.example',
      username: 'u',
      password: 'canary-1',
    }
    await app.put('seen', remote)
    await app.post('seen', { notes: 'n', password: 'canary-2' })
    await app.post('seen', { notes: 'm' })
    await app.send('DELETE', `${base}/seen`)
    const entries = app.audited.slice(from)
    expect(entries).toMatchObject([
      { action: 'repository.create', after: { url: 'https://a.example', password: 'changed' } },
      { action: 'repository.update', before: { notes: '' }, after: { notes: 'n', password: 'changed' } },
      { action: 'repository.update', before: { notes: 'n' }, after: { notes: 'm' } },
      { action: 'repository.delete', before: { notes: 'm' }, subject: { kind: 'repository', name: 'seen' } },
    ])
    expect(entries[2]?.after).not.toHaveProperty('password')
    expect(JSON.stringify([entries, app.logged])).not.toContain('canary-')
  })
})
