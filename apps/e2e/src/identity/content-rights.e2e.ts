import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Entrepot } from '../support/entrepot.js'
import { layerOf, makeImage, makeIndex } from '../support/images.js'
import { errorCodes, expectStatus, Registry } from '../support/registry-client.js'
import { RemoteFixture } from '../support/remote-fixture.js'
import { eventually } from '../support/workplace.js'

const name = 'docker-local/team/app'
const password = 'Harbour 4 lamps'

describe('rights to content', () => {
  let entrepot: Entrepot
  let remote: RemoteFixture
  let dev: Registry
  let reader: Registry
  let filler: Registry

  beforeAll(async () => {
    entrepot = await Entrepot.start()
    remote = await RemoteFixture.create(entrepot)
    await entrepot.createRepository('everything', {
      rclass: 'virtual',
      repositories: ['docker-local', remote.key],
    })
    const users = ['dev', 'reader', 'filler']
    for (const user of users) {
      const account = { name: user, email: `${user}@example.org`, password }
      await change(`/artifactory/api/security/users/${user}`, account)
    }
    const [one, two, three] = users.map((user) => new Registry(entrepot.url, { user, password }))
    dev = one!
    reader = two!
    filler = three!
    await target('developers', ['docker-local'], ['**/dev-*'], { dev: ['read', 'deploy', 'delete'] })
    await target('readers', [remote.key, 'docker-local'], ['**'], { reader: ['read'] })
    await target('fillers', [remote.key], ['**'], { filler: ['read', 'deploy'] })
    await entrepot.registry.pushImage(name, 'release-1', makeImage('release'))
    const knows = async () => (await reader.manifest(name, 'release-1')).status === 200
    await eventually('the targets are known', knows, 5000)
  })
  afterAll(async () => {
    await remote?.upstream.stop()
    await entrepot?.dispose()
  })

  const change = async (path: string, body: object) => {
    const headers = { 'content-type': 'application/json' }
    const answer = await entrepot.registry.send('PUT', path, { headers, body: JSON.stringify(body) })
    if (answer.status >= 300) throw new Error(`PUT ${path}: ${answer.status} ${answer.body.toString()}`)
  }
  const target = (
    title: string,
    repositories: readonly string[],
    includes: readonly string[],
    users: object,
  ) =>
    change(`/artifactory/api/v2/security/permissions/${title}`, {
      name: title,
      repo: { 'include-patterns': includes, repositories, actions: { users } },
    })

  it('to some tags are enough to push, pull and delete an image for several platforms', async () => {
    const index = makeIndex('of developers')
    await dev.pushImage(name, 'dev-1', index)
    expect((await dev.manifest(name, 'dev-1')).status).toBe(200)
    for (const child of index.children) {
      expect((await dev.manifest(name, child.digest)).status).toBe(200)
      expect((await dev.blob(name, layerOf(child).digest)).status).toBe(200)
    }
    expect(await dev.tags(name)).toEqual(['dev-1'])
    const refused = await dev.putManifest(name, 'release-2', index.bytes, index.mediaType)
    expect([refused.status, errorCodes(refused)]).toEqual([403, ['DENIED']])
    expect((await dev.send('DELETE', `/v2/${name}/manifests/${index.digest}`)).status).toBe(202)
  })

  it('to other tags can not be had by referring to what these reach', async () => {
    const secret = makeImage('release')
    expect((await dev.blob(name, layerOf(secret).digest)).status).toBe(404)
    const stolen = await dev.putManifest(name, 'dev-2', secret.bytes, secret.mediaType)
    expect([stolen.status, errorCodes(stolen)[0]]).toEqual([400, 'MANIFEST_BLOB_UNKNOWN'])
    // Who has the bytes may push them, though they are there already.
    await dev.pushImage(name, 'dev-2', secret)
    expect((await dev.blob(name, layerOf(secret).digest)).status).toBe(200)
    const moved = await dev.putManifest(name, 'dev-2', makeIndex('x', []).bytes, makeIndex('x', []).mediaType)
    expect([moved.status, errorCodes(moved)]).toEqual([403, ['DENIED']])
  })

  it('to deploy decide who fills the cache of a remote', async () => {
    const image = makeImage('upstream')
    remote.upstream.add('lib/app', '1', image)
    remote.upstream.forgetRequests()
    for (const key of [remote.key, 'everything']) {
      const refused = await reader.manifest(`${key}/lib/app`, '1')
      expect([refused.status, errorCodes(refused)]).toEqual([403, ['DENIED']])
      expect(refused.body.toString()).toContain(`not in the cache of remote repository ${remote.key}`)
    }
    expect(remote.upstream.seen).toEqual([])
    expectStatus(await filler.manifest(`${remote.key}/lib/app`, '1'), 200)
    for (const digest of image.blobs.keys()) {
      expectStatus(await filler.blob(`${remote.key}/lib/app`, digest), 200)
      const isHit = async () =>
        (await filler.blob(`${remote.key}/lib/app`, digest)).headers.get('x-entrepot-cache') === 'hit'
      await eventually('the blob is cached', isHit)
    }
    remote.upstream.forgetRequests()
    for (const key of [remote.key, 'everything']) {
      expectStatus(await reader.manifest(`${key}/lib/app`, '1'), 200)
      for (const digest of image.blobs.keys()) expectStatus(await reader.blob(`${key}/lib/app`, digest), 200)
    }
    expectStatus(await reader.manifest('everything/team/app', 'release-1'), 200)
    expect(remote.upstream.seen).toEqual([])
  })

  it('are of the image, for blobs too', async () => {
    const shared = makeImage('shared by two images')
    await entrepot.registry.pushImage('docker-local/team/one', '1', shared)
    const { digest } = layerOf(shared)
    expect((await entrepot.registry.blob('docker-local/team/two', digest)).status).toBe(404)
    const mounted = await entrepot.registry.send(
      'POST',
      `/v2/docker-local/team/two/blobs/uploads/?mount=${digest}&from=docker-local/team/one`,
    )
    expect(mounted.status).toBe(201)
    expect((await entrepot.registry.blob('docker-local/team/two', digest)).status).toBe(200)
    const removal = (image: string) =>
      entrepot.registry.send('DELETE', `/v2/docker-local/team/${image}/blobs/${digest}`)
    expect((await removal('one')).status).toBe(403)
    expect((await removal('two')).status).toBe(202)
    expect((await entrepot.registry.blob('docker-local/team/one', digest)).status).toBe(200)
  })
})
