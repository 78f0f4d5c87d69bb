import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { layerOf, makeImage, ociIndex, ociManifest, sha256, type Image } from '../support/images.js'
import {
  errorCodes,
  expectStatus,
  json,
  withQuery,
  type Answer,
  type Credentials,
} from '../support/registry-client.js'
import { eventually } from '../support/workplace.js'
import { keys } from './matrix/grants.js'
import type { Login, Visitor } from './matrix/visitor.js'
import { smallManifest, World } from './matrix/world.js'

/** What was promised of a change; how long it took is measured, so that nothing is added for the machine of the test. */
const knownWithinMs = 1000

const image = 'team-a/app'
const octets = { 'content-type': 'application/octet-stream' }
const absent = sha256('nobody has this')

/** An index over images that were made before, so that two can share one. */
function indexOver(...children: readonly Image[]): Image {
  const manifests = children.map(({ digest, mediaType, bytes }) => ({
    digest,
    mediaType,
    size: bytes.length,
  }))
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests }))
  return { mediaType: ociIndex, bytes, digest: sha256(bytes), blobs: new Map(), children }
}

function referrerOf(subject: Image, seed: string): Image {
  const { digest, mediaType, bytes } = subject
  return smallManifest(seed, {
    subject: { digest, mediaType, size: bytes.length },
    artifactType: 'application/x-signature',
  })
}

const [shared, onlyReleased, onlyDeveloped] = ['shared', 'released', 'developed'].map((seed) =>
  makeImage(seed, 500),
) as [Image, Image, Image]
const release = makeImage('release-1', 500)
const releaseIndex = indexOver(shared, onlyReleased)
const dev = makeImage('dev-1', 500)
const devIndex = indexOver(shared, onlyDeveloped)
const ofRelease = referrerOf(release, 'signature of the release')
const ofDev = referrerOf(dev, 'signature of the development')

let world: World
let reader: Credentials

beforeAll(async () => {
  world = await World.start()
  await world.createRepositories()
  const { registry } = world.entrepot
  for (const [tag, pushed] of [
    ['release-1', release],
    ['release-2', releaseIndex],
    ['dev-1', dev],
    ['dev-2', devIndex],
    [ofRelease.digest, ofRelease],
    [ofDev.digest, ofDev],
  ] as const)
    await registry.pushImage(`${keys.local}/${image}`, tag, pushed)
  await registry.pushImage(`${keys.local}/team-a/other`, 'release-1', release)
  reader = await world.createUser('tess')
  await world.putPermission('releases', {
    repositories: [keys.local],
    includes: [`${image}/release-*`],
    users: { tess: ['read', 'deploy'] },
  })
})
afterAll(async () => {
  await world?.stop()
})

function shape(answer: Answer, asked: string): string {
  const headers = ['content-type', 'www-authenticate', 'docker-content-digest'].map((name) =>
    answer.headers.get(name),
  )
  return JSON.stringify([answer.status, headers, answer.body.toString('utf8')]).replaceAll(asked, '<asked>')
}

const throughAll = [keys.local, keys.virtual, keys.nested].flatMap((key) =>
  (['Basic', 'Bearer'] as const).map((login): readonly [string, Login] => [key, login]),
)

describe.each(throughAll)('with rights to the tags release-*, through %s with %s', (key, login) => {
  const name = `${key}/${image}`
  let tess: Visitor
  beforeAll(() => {
    tess = world.visitor(reader, login)
  })
  const get = (rest: string, method = 'GET') => tess.send(method, `/v2/${name}/${rest}`)

  async function expectHidden(kind: 'blobs' | 'manifests', item: string, ghost: string): Promise<void> {
    for (const method of ['GET', 'HEAD']) {
      const [answer, unknown] = [await get(`${kind}/${item}`, method), await get(`${kind}/${ghost}`, method)]
      expect([item, answer.status]).toEqual([item, 404])
      expect(shape(answer, item)).toBe(shape(unknown, ghost))
    }
  }

  it.each([
    ['an image', 'release-1', release],
    ['an index and its children', 'release-2', releaseIndex],
  ] as const)('pulls %s by tag, by digest, and all that it needs', async (_what, tag, pushed) => {
    const expectWhole = async (part: Image) => {
      expect(sha256((await get(`manifests/${part.digest}`)).body)).toBe(part.digest)
      for (const digest of part.blobs.keys()) expect(sha256((await get(`blobs/${digest}`)).body)).toBe(digest)
      for (const child of part.children) await expectWhole(child)
    }
    expect((await get(`manifests/${tag}`)).headers.get('docker-content-digest')).toBe(pushed.digest)
    await expectWhole(pushed)
  })

  it('finds nothing of other tags: their manifests, configurations and layers are absent', async () => {
    for (const tag of ['dev-1', 'dev-2']) await expectHidden('manifests', tag, 'dev-3')
    for (const { digest } of [dev, devIndex, onlyDeveloped]) await expectHidden('manifests', digest, absent)
    for (const digest of [...dev.blobs.keys(), ...onlyDeveloped.blobs.keys()])
      await expectHidden('blobs', digest, absent)
  })

  it('finds the referrers of what it reaches, and no others', async () => {
    const listed = async (subject: string) =>
      (json(expectStatus(await get(`referrers/${subject}`), 200)) as { manifests: { digest: string }[] })
        .manifests
    expect((await listed(release.digest)).map(({ digest }) => digest)).toEqual([ofRelease.digest])
    expectStatus(await get(`manifests/${ofRelease.digest}`), 200)
    expect(await listed(dev.digest)).toEqual(await listed(absent))
    await expectHidden('manifests', ofDev.digest, absent)
  })

  it('is shown the readable tags and images only', async () => {
    const { tags } = json(expectStatus(await get('tags/list'), 200)) as { tags: string[] }
    expect(tags.filter((tag) => !tag.startsWith('release-'))).toEqual([])
    expect(tags).toEqual(expect.arrayContaining(['release-1', 'release-2']))
    const first = await get('tags/list?n=1&last=dev-2')
    expect(json(first)).toMatchObject({ tags: ['release-1'] })
    expect(json(await get('tags/list?n=1'))).toMatchObject({ tags: ['release-1'] })
    const catalog = json(await tess.send('GET', '/v2/_catalog?n=1000')) as { repositories: string[] }
    expect(catalog.repositories).toContain(name)
    expect(catalog.repositories.filter((each) => !each.endsWith(`/${image}`))).toEqual([])
  })

  it('pushes release-9 and is refused dev, also by a push of what may be read', async () => {
    const push = async (tag: string, pushed: Image) =>
      tess.send('PUT', `/v2/${name}/manifests/${tag}`, {
        headers: { 'content-type': ociManifest },
        body: pushed.bytes,
      })
    const fresh = smallManifest(`release-9 by ${login} through ${key}`)
    for (const [digest, bytes] of fresh.blobs)
      expectStatus(
        await tess.send('POST', `/v2/${name}/blobs/uploads/?digest=${digest}`, {
          headers: octets,
          body: bytes,
        }),
        201,
      )
    expectStatus(await push(`release-9-${key}-${login}`, fresh), 201)
    for (const [tag, pushed] of [
      ['dev', fresh],
      ['dev-1', fresh],
      ['releases', release],
    ] as const) {
      const answer = await push(tag, pushed)
      expect([tag, answer.status, errorCodes(answer)]).toEqual([tag, 403, ['DENIED']])
    }
    const byDigest = await tess.send('PUT', `/v2/${name}/manifests/${fresh.digest}?tag=release-8&tag=dev`, {
      headers: { 'content-type': ociManifest },
      body: fresh.bytes,
    })
    expect([byDigest.status, errorCodes(byDigest)]).toEqual([403, ['DENIED']])
    // Deploy alone moves no tag.
    const moved = await push('release-1', fresh)
    expect([moved.status, errorCodes(moved)]).toEqual([403, ['DENIED']])
    expect((await get('manifests/release-1')).headers.get('docker-content-digest')).toBe(release.digest)
  })

  it('gets nothing of other tags by a push that refers to it', async () => {
    const stolen = await tess.send('PUT', `/v2/${name}/manifests/release-8`, {
      headers: { 'content-type': ociManifest },
      body: dev.bytes,
    })
    expect([stolen.status, new Set(errorCodes(stolen))]).toEqual([400, new Set(['MANIFEST_BLOB_UNKNOWN'])])
    for (const [pushed, ghost] of [
      [indexOver(onlyDeveloped), indexOver(makeImage('never pushed', 500))],
    ] as const) {
      const put = (index: Image) =>
        tess.send('PUT', `/v2/${name}/manifests/release-8`, {
          headers: { 'content-type': ociIndex },
          body: index.bytes,
        })
      const [answer, unknown] = [await put(pushed), await put(ghost)]
      expect(answer.status).toBe(400)
      expect(shape(answer, pushed.children[0]?.digest ?? '')).toBe(
        shape(unknown, ghost.children[0]?.digest ?? ''),
      )
    }
    for (const from of ['', `&from=${name}`, `&from=${keys.local}/${image}`]) {
      const mount = await tess.send('POST', `/v2/${name}/blobs/uploads/?mount=${layerOf(dev).digest}${from}`)
      expect(mount.status).toBe(202)
    }
    await expectHidden('blobs', layerOf(dev).digest, absent)
    await expectHidden('manifests', onlyDeveloped.digest, absent)
  })
})

describe('a change of rights', () => {
  const manifest = `/v2/${keys.virtual}/${image}/manifests/dev-1`
  const scope = `repository:${keys.virtual}/${image}:pull`

  async function statusesOf(
    bearer: string | undefined,
    credentials: Credentials,
  ): Promise<readonly number[]> {
    const answers = [
      await world.wire.sendWith(bearer, 'GET', manifest),
      await world.visitor(credentials).send('GET', manifest),
    ]
    return answers.map(({ status }) => status)
  }

  /** For somebody with a token that was got before, and who keeps it. */
  async function expectChange(
    credentials: Credentials,
    bearer: string | undefined,
    change: () => Promise<unknown>,
    expected: readonly number[],
  ): Promise<void> {
    await change()
    const isKnown = async () => (await statusesOf(bearer, credentials)).join() === expected.join()
    await eventually(`the answers are ${expected.join()}`, isKnown, knownWithinMs)
  }

  const toRead = (
    users: Record<string, string[]>,
    groups: Record<string, string[]> = {},
    name = 'changing',
  ) => world.putPermission(name, { repositories: ['ANY LOCAL'], includes: ['team-a/**'], users, groups })

  it('is known within a second to tokens in use: a target given, narrowed, widened and taken', async () => {
    const una = await world.createUser('una')
    await toRead({ una: ['read'] })
    const bearer = await world.visitor(una).bearer(scope)
    await expectChange(una, bearer, () => Promise.resolve(), [200, 200])
    const narrow = () =>
      world.putPermission('changing', {
        repositories: [keys.local],
        includes: ['team-a/**'],
        excludes: ['**/dev-*'],
        users: { una: ['read'] },
      })
    await expectChange(una, bearer, narrow, [404, 404])
    await expectChange(una, bearer, () => toRead({ una: ['read'] }), [200, 200])
    const remove = () => world.arrange('DELETE', '/artifactory/api/v2/security/permissions/changing')
    await expectChange(una, bearer, remove, [401, 403])
    await expectChange(una, bearer, () => toRead({ una: ['deploy'] }), [401, 403])
    await expectChange(una, bearer, () => toRead({ una: ['read'] }), [200, 200])
  })

  it('is known within a second to tokens in use: of a group, and of its members', async () => {
    await world.arrange('POST', '/access/api/v2/groups', { name: 'changers' })
    const vera = await world.createUser('vera', { groups: ['changers'] })
    await toRead({}, { changers: ['read'] }, 'of-a-group')
    const bearer = await world.visitor(vera).bearer(scope)
    await expectChange(vera, bearer, () => Promise.resolve(), [200, 200])
    const leave = () => world.arrange('PATCH', '/access/api/v2/users/vera/groups', { remove: ['changers'] })
    const join = () => world.arrange('PATCH', '/access/api/v2/groups/changers/members', { add: ['vera'] })
    await expectChange(vera, bearer, leave, [401, 403])
    await expectChange(vera, bearer, join, [200, 200])
    await expectChange(
      vera,
      bearer,
      () => world.arrange('DELETE', '/access/api/v2/groups/changers'),
      [401, 403],
    )
  })

  it('is known within a second to tokens in use: of an administrator who is none any more', async () => {
    const wanda = await world.createUser('wanda', { admin: true })
    const bearer = await world.visitor(wanda).bearer(`${scope} registry:admin:*`)
    await expectChange(wanda, bearer, () => Promise.resolve(), [200, 200])
    expectStatus(await world.wire.sendWith(bearer, 'GET', '/access/api/v2/users'), 200)
    const demote = () => world.arrange('PATCH', '/access/api/v2/users/wanda', { admin: false })
    await expectChange(wanda, bearer, demote, [401, 403])
    expectStatus(await world.wire.sendWith(bearer, 'GET', '/access/api/v2/users'), 403)
  })

  it('is known within a second to an upload that is under way', async () => {
    const xena = await world.createUser('xena')
    const give = (actions: readonly string[]) =>
      world.putPermission('uploading', {
        repositories: [keys.local],
        includes: ['team-x/**'],
        users: { xena: actions },
      })
    await give(['read', 'deploy'])
    const registry = world.registry(xena)
    const name = `${keys.local}/team-x/app`
    const location = await registry.startUpload(name)
    expectStatus(await registry.send('PATCH', location, { headers: octets, body: 'first' }), 202)
    await give(['read'])
    const refused = async () =>
      (await registry.send('PATCH', location, { headers: octets, body: 'more' })).status === 403
    await eventually('the upload is refused', refused, knownWithinMs)
    const closing = withQuery(location, `digest=${sha256('first')}`)
    expectStatus(await registry.send('PUT', closing), 403)
    expectStatus(await registry.blob(name, sha256('first')), 404)
    expectStatus(await world.entrepot.registry.blob(name, sha256('first')), 404)
  })
})
