import { digestOf } from '@entrepot/kernel'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { AdminApiApp, errorsOf } from '../testing/admin-api-app.js'

const storage = '/artifactory/api/storage'
const metadata = '/artifactory/api/metadata'
const docker = { packageType: 'docker' }
const url = 'https://registry.example'
const configFile = digestOf(Buffer.from('{}')).replace(':', '__')
const tag = 'local/team/app/1.0'

type Ask = { authorization: string }

let app: AdminApiApp
let reader: Ask
let annotator: Ask
beforeAll(async () => {
  app = await AdminApiApp.start({ publicUrl: url })
  reader = { authorization: await app.addUser('reader') }
  annotator = { authorization: await app.addUser('annotator') }
  await app.put('local', { ...docker, rclass: 'local' })
  await app.put('hidden', { ...docker, rclass: 'local' })
  await app.put('virtual', { ...docker, rclass: 'virtual', repositories: ['local', 'hidden'] })
  await app.ports.permissions.targets.create({
    name: 'content',
    repositories: ['local'],
    includes: ['team/**'],
    excludes: ['team/app/secret'],
    users: { reader: ['read'], annotator: ['read', 'annotate'] },
    groups: {},
  })
})
beforeEach(async () => {
  await app.workbench.pushImage('local', 'team/app', '1.0')
  await app.workbench.pushImage('local', 'team/app', 'secret')
  await app.workbench.pushImage('local', 'team/lib', '1.0')
  await app.workbench.pushImage('hidden', 'team/app', 'there')
})
afterAll(() => app.close())

const send = (method: string, path: string, ask?: Ask, body?: unknown) => app.send(method, path, body, ask)
const read = async (path: string, query = '', ask?: Ask) => {
  const answer = await send('GET', `${storage}/${path}?properties${query}`, ask)
  return answer.status === 200
    ? (answer.json as { properties: object }).properties
    : [answer.status, ...errorsOf(answer)]
}
const set = (path: string, properties: string, ask?: Ask) =>
  send('PUT', `${storage}/${path}?properties=${properties}&recursive=0`, ask)
const remove = (path: string, keys: string, ask?: Ask) =>
  send('DELETE', `${storage}/${path}?properties=${keys}&recursive=0`, ask)
const patch = (path: string, props: unknown, query = '?recursiveProperties=0', ask?: Ask) =>
  send('PATCH', `${metadata}/${path}${query}`, ask, { props })

const none = [404, 'No properties could be found.']

describe('the properties of an item', () => {
  it('are set as JFrog’s clients write them, told and deleted', async () => {
    const answer = await set(tag, 'build.name=My+App%5C%2C+1;os=linux%2Cwin;stamp=a%3Db%20c')
    expect([answer.status, answer.text]).toEqual([204, ''])
    expect(await read(tag)).toEqual({ 'build.name': ['My App, 1'], os: ['linux', 'win'], stamp: ['a=b c'] })
    expect((await send('GET', `${storage}/${tag}?properties=`)).json).toMatchObject({
      uri: `${url}${storage}/${tag}`,
    })
    expect(await read(`${tag}/${configFile}`, '=os,none')).toEqual({ os: ['linux', 'win'] })
    expect(await read(tag, '=none')).toEqual(none)
    // Terraform's provider encodes all of it.
    await set(tag, encodeURIComponent('qa=passed,twice;os=bsd'))
    expect(await read(tag, '=qa,os')).toEqual({ os: ['bsd'], qa: ['passed', 'twice'] })
    expect((await remove(tag, 'os,build.name')).status).toBe(204)
    expect((await remove(tag, 'never')).status).toBe(204)
    expect(await read(tag)).toEqual({ qa: ['passed', 'twice'], stamp: ['a=b c'] })
    expect((await remove(tag, 'qa,stamp')).status).toBe(204)
    expect(await read(tag)).toEqual(none)
  })

  it('are patched', async () => {
    await set(tag, 'old=x;kept=y')
    const answer = await patch(tag, { old: null, os: 'linux,win', list: ['a,b', 'c'] })
    expect([answer.status, answer.text]).toEqual([204, ''])
    expect(await read(tag)).toEqual({ kept: ['y'], list: ['a,b', 'c'], os: ['linux', 'win'] })
    expect((await patch(tag, {})).status).toBe(204)
  })

  it('show on the file of a manifest what it is, which nobody sets or deletes', async () => {
    const file = `${tag}/manifest.json`
    expect(await read(file, '=docker.manifest,docker.repoName')).toEqual({
      'docker.manifest': ['1.0'],
      'docker.repoName': ['team/app'],
    })
    const refused = await set(file, 'docker.label.x=y')
    expect([refused.status, errorsOf(refused)[0]]).toEqual([
      400,
      "docker.label.x says what a manifest is, and can't be set: leave it out",
    ])
    const kept = await patch(file, { 'docker.manifest': null, qa: 'x' })
    expect([kept.status, kept.headers.get('warning')]).toEqual([
      204,
      '299 - "properties that say what a manifest is were not deleted"',
    ])
    expect(await read(file, '=docker.manifest,qa')).toEqual({ 'docker.manifest': ['1.0'], qa: ['x'] })
  })

  it('are set on all of a folder unless that is switched off', async () => {
    for (const [path, query] of [
      [`${storage}/local/team`, ''],
      [`${storage}/local/team/app`, '&recursive=1'],
    ]) {
      await send('PUT', `${path}?properties=deep=${query?.length}${query}`)
    }
    expect(await read('local/team/app/1.0')).toEqual({ deep: ['12'] })
    expect(await read('local/team/app/secret')).toEqual({ deep: ['12'] })
    expect(await read('local/team/lib')).toEqual({ deep: ['0'] })
    await patch('local/team/lib', { flat: 'x' }, '?recursiveProperties=0&atomicProperties=1')
    await patch('local/team/lib', { all: 'x' }, '')
    expect(await read('local/team/lib')).toEqual({ all: ['x'], deep: ['0'], flat: ['x'] })
    expect(await read('local/team/lib/1.0')).toEqual({ all: ['x'], deep: ['0'] })
    expect(app.audited.at(-1)).toMatchObject({ after: { items: 2 } })
    await send('DELETE', `${storage}/local/team?properties=deep,all,flat`)
    expect(await read('local/team/lib/1.0')).toEqual(none)
    const flat = await set('local/team', 'x=y')
    expect([flat.status, errorsOf(flat).length]).toEqual([400, 1])
  })

  it('of a repository are for whoever may read and annotate all of it', async () => {
    expect((await set('local', 'owner=blue')).status).toBe(204)
    expect(await read('local')).toEqual({ owner: ['blue'] })
    expect(await read('local/', '=owner')).toEqual({ owner: ['blue'] })
    expect(await read('local', '', annotator)).toEqual(none)
    expect((await set('local', 'owner=green', annotator)).status).toBe(403)
    const all = { authorization: await app.addUser('keeper') }
    await app.ports.permissions.targets.create({
      name: 'all',
      repositories: ['ANY LOCAL'],
      includes: ['**'],
      excludes: ['secret/**'],
      users: { keeper: ['read', 'annotate'] },
      groups: {},
    })
    expect((await patch('local', { owner: 'green' }, '?recursiveProperties=0', all)).status).toBe(204)
    expect(await read('local', '', all)).toEqual({ owner: ['green'] })
    expect(app.audited.at(-1)?.subject).toEqual({ kind: 'repository', name: 'local' })
    expect((await set('virtual', 'owner=blue')).status).toBe(405)
    expect(await read('virtual')).toEqual(none)
  })

  it('of what a remote has cached are there under the name that Artifactory gives it, too', async () => {
    await app.put('far', { ...docker, rclass: 'remote', url: 'http://127.0.0.1:1' })
    for (const key of ['far', 'far-cache']) {
      expect((await set(key, 'owner=blue')).status).toBe(204)
      expect(await read(key)).toEqual({ owner: ['blue'] })
    }
    expect(await read('local-cache')).toEqual([404, 'there is no item "local-cache/"'])
  })

  it('are written down when they change', async () => {
    await set(tag, 'qa=passed', annotator)
    expect(app.audited.at(-1)).toMatchObject({
      action: 'property.update',
      outcome: 'ok',
      actor: 'annotator',
      subject: { kind: 'image', name: 'local/team/app:1.0' },
      before: { properties: {} },
      after: { properties: { qa: ['passed'] }, removed: [], items: 1 },
    })
    await remove('virtual/team/app/1.0', 'qa,other')
    expect(app.audited.at(-1)).toMatchObject({
      subject: { kind: 'image', name: 'local/team/app:1.0' },
      before: { properties: { qa: ['passed'] } },
      after: { properties: {}, removed: ['qa', 'other'] },
    })
  })

  it('are told to nobody who may not read the item, nor that it is there', async () => {
    await set('local/team/app/secret', 'qa=x')
    for (const path of [
      'local/team/app/secret',
      'local/team/app/absent',
      'hidden/team/app/there',
      'none/team/app',
    ]) {
      const expected = [404, `there is no item "${path}"`]
      expect(await read(path, '', reader)).toEqual(expected)
      for (const answer of [
        await set(path, 'a=b', annotator),
        await remove(path, 'a', annotator),
        await patch(path, { a: 'b' }, '', annotator),
        await set(path, 'sha256=b', annotator),
      ]) {
        expect([answer.status, ...errorsOf(answer)]).toEqual(expected)
      }
    }
    const scoped = await app.bearer('reader', { type: 'repository', name: 'local/team/app', actions: ['*'] })
    expect(await read(tag, '', { authorization: scoped })).toEqual([404, `there is no item "${tag}"`])
  })

  it('are changed by nobody who may not annotate the item', async () => {
    for (const answer of [
      await set(tag, 'a=b', reader),
      await remove(tag, 'a', reader),
      await patch(tag, { a: 'b' }, '', reader),
      await set('local/team/app', 'a=b', annotator),
      await patch('local/team', { a: 'b' }, '', annotator),
    ]) {
      expect([answer.status, errorsOf(answer).length]).toEqual([403, 1])
    }
    expect(await read(tag)).toEqual(none)
    expect(app.audited.at(-1)).toMatchObject({ action: 'access', outcome: 'refused' })
    expect((await set('local/team/lib/1.0', 'a=b', annotator)).status).toBe(204)
  })

  it.each([
    ['PUT', `${storage}/${tag}`, 'properties is missing'],
    ['PUT', `${storage}/${tag}?properties=`, 'properties is missing'],
    ['PUT', `${storage}/${tag}?properties=a`, 'no "="'],
    ['PUT', `${storage}/${tag}?properties=a%20b=c`, 'can’t'.replace('’', "'")],
    ['PUT', `${storage}/${tag}?properties=a=b&properties=c=d`, 'more than once'],
    ['PUT', `${storage}/${tag}?properties=a=b&recursive=maybe`, 'recursive is "maybe"'],
    ['PUT', `${storage}/${tag}?properties=a=%00`, 'NUL'],
    ['DELETE', `${storage}/${tag}`, 'properties is missing'],
    ['DELETE', `${storage}/${tag}?properties=a,,b`, '0 characters long'],
    ['GET', `${storage}/${tag}?properties=a%20b`, '" " in it'],
    ['PATCH', `${metadata}/${tag}?recursiveProperties=2`, 'props is missing'],
  ])('refuse %s %s', async (method, path, expected) => {
    const answer = await send(method, path, undefined, method === 'PATCH' ? {} : undefined)
    expect([answer.status, errorsOf(answer)[0]]).toEqual([400, expect.stringContaining(expected)])
  })
})
