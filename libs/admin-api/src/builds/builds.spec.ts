import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from 'vitest'
import { AdminApiApp, type Ask, errorsOf } from '../testing/admin-api-app.js'

const base = '/artifactory/api/build'
const started = '2026-01-31T12:00:00.000+0000'

let app: AdminApiApp
let user: string
let other: string
let run = 0
beforeAll(async () => {
  app = await AdminApiApp.start()
  user = await app.addUser('publisher')
  other = await app.addUser('other')
})
afterAll(() => app.close())

describe('build-info', () => {
  let name: string
  beforeEach(() => {
    run += 1
    name = `team/app ${run}`
  })

  const publish = (number: string, more: object = {}, ask: Ask = {}) =>
    app.send('PUT', base, { name, number, started, ...more }, ask)
  const path = (...parts: readonly string[]) => [base, ...parts.map(encodeURIComponent)].join('/')
  const recorded = (action: string) =>
    app.audited.filter((entry) => entry.action === action && entry.subject?.name.startsWith(name))
  const numbersOf = async () => {
    const answer = await app.send('GET', path(name))
    const { buildsNumbers = [] } = (answer.json ?? {}) as { buildsNumbers?: readonly { uri: string }[] }
    return buildsNumbers.map(({ uri }) => uri.slice(1)).sort()
  }

  it('is published by a user and read as it came, with who published it, by its escaped or plain name', async () => {
    const modules = [
      { id: 'app:1', type: 'docker', artifacts: [{ name: 'manifest.json', sha1: 'a'.repeat(40) }] },
    ]
    const given = { modules, agent: { name: 'jfrog-cli' }, artifactoryPrincipal: 'somebody else' }
    const headers = { 'content-type': 'application/vnd.org.jfrog.artifactory+json' }
    expect((await publish('1', given, { authorization: user, headers })).status).toBe(204)
    for (const found of [path(name, '1'), `${base}/team/app%20${run}/1`]) {
      const answer = await app.send('GET', found)
      expect(answer.status).toBe(200)
      expect(answer.json).toEqual({
        uri: expect.stringMatching(`${base}/team%2Fapp%20${run}/1$`) as string,
        buildInfo: { name, number: '1', started, ...given, artifactoryPrincipal: 'publisher' },
      })
    }
    expect(recorded('build.publish')).toMatchObject([
      {
        actor: 'publisher',
        subject: { kind: 'build', name: `${name}/1` },
        after: { contents: 1, replaced: false },
      },
    ])
  })

  it('is listed by name, and its runs by number', async () => {
    await publish('1')
    await publish('2', { started: '2026-02-01T00:00:00.000+0100' })
    const all = (await app.send('GET', base)).json as { builds: readonly { uri: string }[] }
    expect(all.builds).toContainEqual({
      uri: `/team%2Fapp%20${run}`,
      lastStarted: '2026-01-31T23:00:00.000+0000',
    })
    expect((await app.send('GET', path(name))).json).toMatchObject({
      buildsNumbers: [
        { uri: '/2', started: '2026-01-31T23:00:00.000+0000' },
        { uri: '/1', started: '2026-01-31T12:00:00.000+0000' },
      ],
    })
    expect((await app.send('GET', `${base}/team/app%20${run}`)).json).toMatchObject({
      buildsNumbers: [{ uri: '/2' }, { uri: '/1' }],
    })
  })

  it('is not there for users who did not publish it, in any route', async () => {
    await publish('1', {}, { authorization: user })
    const absent = `absent ${run}`
    const body = { buildName: name, deleteAll: true }
    const asks = (of: string): readonly (readonly [string, string, unknown?])[] => [
      ['GET', path(of)],
      ['GET', path(of, '1')],
      ['GET', path(of, 'LATEST')],
      ['DELETE', `${path(of)}?deleteAll=1`],
      ['POST', `${base}/delete`, { ...body, buildName: of }],
      ['POST', `${base}/retention/${encodeURIComponent(of)}`, { count: 0 }],
      ['POST', `${base}/rename/${encodeURIComponent(of)}?to=x`, {}],
      ['POST', `${base}/append/${encodeURIComponent(of)}/1`, []],
    ]
    for (const [position, [method, url, given]] of asks(name).entries()) {
      const [, absentUrl = '', absentBody] = asks(absent)[position] ?? []
      const hidden = await app.send(method, url, given, { authorization: other })
      const none = await app.send(method, absentUrl, absentBody, { authorization: other })
      expect(hidden.status, `${method} ${url}`).toBe(404)
      expect(hidden.text.replaceAll(name, 'x')).toBe(none.text.replaceAll(absent, 'x'))
    }
    const listed = (await app.send('GET', base, undefined, { authorization: other })).json
    expect(listed).toMatchObject({ builds: [] })
    const latest = await app.send(
      'POST',
      `${base}/patternArtifacts`,
      [{ buildName: name, buildNumber: 'LATEST' }],
      {
        authorization: other,
      },
    )
    expect(latest.json).toEqual([{ buildName: name, buildNumber: '' }])
    expect(await numbersOf()).toEqual(['1'])
  })

  it('lets two users publish the same name and number, each their own', async () => {
    expect((await publish('1', { agent: 'a' }, { authorization: user })).status).toBe(204)
    expect((await publish('1', { agent: 'b' }, { authorization: other })).status).toBe(204)
    const seen = async (authorization: string) =>
      (await app.send('GET', path(name, '1'), undefined, { authorization })).json
    expect(await seen(user)).toMatchObject({ buildInfo: { agent: 'a' } })
    expect(await seen(other)).toMatchObject({ buildInfo: { agent: 'b' } })
  })

  it('is not for nobody, nor for a token that is limited to some content or stands for groups', async () => {
    const { scope } = { scope: `artifact:here/**:*` }
    const made = await app.send('POST', '/access/api/v1/tokens', { username: 'publisher', scope })
    const { access_token: token } = made.json as { access_token: string }
    await app.addGroup(`crew-${run}`)
    await app.send('PATCH', '/access/api/v2/users/publisher/groups', { add: [`crew-${run}`] })
    const ofGroup = `applied-permissions/groups:crew-${run}`
    const group = await app.send('POST', '/access/api/v1/tokens', { username: 'publisher', scope: ofGroup })
    const { access_token: groupToken } = group.json as { access_token: string }
    expect((await publish('1', {}, { authorization: `Bearer ${groupToken}` })).status).toBe(403)
    expect((await publish('1', {}, { authorization: undefined })).status).toBe(401)
    expect((await publish('1', {}, { authorization: `Bearer ${token}` })).status).toBe(403)
    expect(await numbersOf()).toEqual([])
  })

  it('tells the number of the latest run', async () => {
    await publish('9')
    await publish('10', { started: '2026-02-01T00:00:00.000+0000' })
    const asked = [
      { buildName: name, buildNumber: 'LATEST' },
      { buildName: name, buildNumber: '9' },
      { buildName: name, buildNumber: 'LAST_RELEASE' },
    ]
    const answer = await app.send('POST', `${base}/patternArtifacts`, asked)
    expect((answer.json as { buildNumber: string }[]).map(({ buildNumber }) => buildNumber)).toEqual([
      '10',
      '9',
      '',
    ])
    expect((await app.send('GET', path(name, 'LATEST'))).json).toMatchObject({ buildInfo: { number: '10' } })
    expect((await app.send('GET', path(name, 'LAST_RELEASE'))).status).toBe(404)
  })

  it('takes for the last release the very run, of several with its number', async () => {
    await publish('1', { agent: 'released' })
    const [store, viewer] = [app.ports.builds.store, { kind: 'all' } as const]
    const released = await store.find(viewer, name, '1')
    const no = { comment: undefined, repository: undefined, ciUser: undefined, user: 'ann' }
    await store.addStatus(released?.id ?? '', { status: 'released', timestamp: new Date(0), ...no })
    await publish('1', { agent: 'later', started: '2026-02-01T00:00:00.000+0000' })
    const read = async (number: string, query = '') =>
      (await app.send('GET', `${path(name, number)}${query}`)).json
    expect(await read('LAST_RELEASE')).toMatchObject({ buildInfo: { agent: 'released' } })
    expect(await read('LATEST')).toMatchObject({ buildInfo: { agent: 'later' } })
    const at = `?started=${encodeURIComponent(started)}`
    expect(await read('LATEST', at)).toMatchObject({ buildInfo: { agent: 'released' } })
    const asked = [{ buildName: name, buildNumber: 'LAST_RELEASE' }]
    expect((await app.send('POST', `${base}/patternArtifacts`, asked)).json).toEqual([
      { buildName: name, buildNumber: '1' },
    ])
  })

  it('takes the run that started at a moment, of several with its number', async () => {
    await publish('1', { agent: 'first' })
    await publish('1', { agent: 'second', started: '2026-02-01T00:00:00.000+0000' })
    const at = `${path(name, '1')}?started=${encodeURIComponent(started)}`
    expect((await app.send('GET', at)).json).toMatchObject({ buildInfo: { agent: 'first' } })
    expect((await app.send('GET', path(name, '1'))).json).toMatchObject({ buildInfo: { agent: 'second' } })
  })

  it('gets modules appended, or more content to one that it has', async () => {
    await publish('1', { modules: [{ id: 'a', artifacts: [{ name: 'x' }] }] })
    const added = [{ id: 'a', artifacts: [{ name: 'y' }] }, { id: 'b' }]
    const url = `${base}/append/${encodeURIComponent(name)}/1`
    expect((await app.send('POST', url, added)).status).toBe(204)
    expect((await app.send('GET', path(name, '1'))).json).toMatchObject({
      buildInfo: { modules: [{ id: 'a', artifacts: [{ name: 'x' }, { name: 'y' }] }, { id: 'b' }] },
    })
    expect((await app.send('POST', url, [{ id: 1 }])).status).toBe(400)
    expect((await app.send('POST', `${base}/append/x`, [])).status).toBe(400)
  })

  it('is renamed with all its runs', async () => {
    await publish('1')
    const answer = await app.send(
      'POST',
      `${base}/rename/${encodeURIComponent(name)}?to=renamed%2F${run}`,
      {},
    )
    expect(answer.status).toBe(200)
    expect(await numbersOf()).toEqual([])
    expect((await app.send('GET', path(`renamed/${run}`, '1'))).json).toMatchObject({
      buildInfo: { name: `renamed/${run}` },
    })
    expect(recorded('build.update')).toMatchObject([{ before: { name } }])
  })

  it('is deleted by numbers, or wholly', async () => {
    for (const number of ['1', '2', '3']) await publish(number)
    expect((await app.send('DELETE', `${path(name)}?buildNumbers=1,9`)).status).toBe(200)
    expect(await numbersOf()).toEqual(['2', '3'])
    expect((await app.send('POST', `${base}/delete`, { buildName: name, buildNumbers: ['2'] })).status).toBe(
      200,
    )
    expect(await numbersOf()).toEqual(['3'])
    expect((await app.send('DELETE', path(name))).status).toBe(400)
    expect((await app.send('DELETE', `${path(name)}?deleteAll=1`)).status).toBe(200)
    expect(await numbersOf()).toEqual([])
    expect(recorded('build.delete').map(({ before }) => before)).toEqual([
      { numbers: ['1'] },
      { numbers: ['2'] },
      { numbers: ['3'] },
    ])
  })

  it('is discarded by count and age, as the CLI asks for it', async () => {
    for (const day of [1, 2, 3, 4]) await publish(`${day}`, { started: `2026-01-0${day}T00:00:00.000+0000` })
    const url = `${base}/retention/${encodeURIComponent(name)}?async=false`
    const body = { deleteBuildArtifacts: false, count: '2', buildNumbersNotToBeDiscarded: ['1'] }
    expect((await app.send('POST', url, body)).status).toBe(204)
    expect(await numbersOf()).toEqual(['1', '3', '4'])
    const old = { minimumBuildDate: '2026-01-04T00:00:00.000+0000', deleteBuildArtifacts: false }
    expect((await app.send('POST', url, old)).status).toBe(204)
    expect(await numbersOf()).toEqual(['4'])
    expect((await app.send('POST', url, old)).status).toBe(204)
  })

  test.each([
    [{ count: -1 }, 'count is -1'],
    [{ count: 'many' }, 'count is "many"'],
    [{}, 'count and minimumBuildDate are missing'],
    [{ minimumBuildDate: 'yesterday' }, 'minimumBuildDate is "yesterday"'],
    [{ count: 1, deleteBuildArtifacts: true }, 'deleteBuildArtifacts is true, expected false'],
  ])('is not discarded by %o', async (body, message) => {
    await publish('1')
    const answer = await app.send('POST', `${base}/retention/${encodeURIComponent(name)}`, body)
    expect(answer.status).toBe(400)
    expect(errorsOf(answer)[0]).toContain(message)
    expect(await numbersOf()).toEqual(['1'])
  })

  it('is taken up to 16 MiB and no longer', async () => {
    const modules = [
      { id: 'm', artifacts: Array.from({ length: 40_000 }, (_, at) => ({ name: `${at}`.padEnd(60) })) },
    ]
    expect((await publish('1', { modules })).status).toBe(204)
    const answer = await publish('2', { notes: 'x'.repeat(17 * 1024 * 1024) })
    expect(answer.status).toBe(413)
    expect(await numbersOf()).toEqual(['1'])
  })

  it('says so when a project has no effect, and when it is no build-info', async () => {
    const warned = await app.send('PUT', `${base}?project=team`, { name, number: '1', started })
    expect(warned.headers.get('warning')).toContain('there are no projects here')
    const usual = await app.send('PUT', `${base}?buildRepo=artifactory-build-info`, {
      name,
      number: '1',
      started,
    })
    expect(usual.headers.get('warning')).toBeNull()
    expect(errorsOf(await app.send('PUT', base, { name }))).toEqual([
      'number is missing, expected text of 1 to 500 characters without control characters',
    ])
    const text = await app.send('PUT', base, undefined, {
      raw: 'no',
      headers: { 'content-type': 'text/plain' },
    })
    expect(text.status).toBe(415)
  })
})
