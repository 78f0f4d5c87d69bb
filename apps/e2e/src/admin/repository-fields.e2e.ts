import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { AdminClient, type Json } from '../support/admin-client.js'
import { adminPassword, Entrepot } from '../support/entrepot.js'
import { type Image, layerOf, makeImage, noise, sha256 } from '../support/images.js'
import { bodyDigest, errorCodes, expectStatus, type Registry } from '../support/registry-client.js'
import { honestFailures, RemoteFixture } from '../support/remote-fixture.js'
import { listen } from '../support/workplace.js'

const docker = { packageType: 'docker' }
const answeredBy = 'x-artifactory-docker-registry'
const batch = '/artifactory/api/v2/repositories/batch'
const repositories = '/artifactory/api/repositories'
const layerType = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip'
const dockerManifest = 'application/vnd.docker.distribution.manifest.v2+json'
const schema1 = 'application/vnd.docker.distribution.manifest.v1+prettyjws'

let made = 0
let entrepot: Entrepot
let registry: Registry
let admin: AdminClient

beforeAll(async () => {
  entrepot = await Entrepot.start()
  registry = entrepot.registry
  admin = AdminClient.basic(entrepot.url, 'admin', adminPassword)
})
afterAll(() => entrepot?.dispose())

const change = (key: string, fields: Json) =>
  admin.make({ method: 'POST', path: `${repositories}/${key}`, body: fields, done: [200] })
const freshKey = (kind: string) => {
  made += 1
  return `${kind}-field-${made}`
}
const isThere = async (name: string, reference: string) => {
  const { status } = await registry.manifest(name, reference)
  expect([200, 404]).toContain(status)
  return status === 200
}

describe('a batch of repositories', () => {
  it('is made and changed as a whole, or not at all', async () => {
    const [local, remote, virtual] = ['b-local', 'b-remote', 'b-virtual']
    const all = [
      { ...docker, key: local, rclass: 'local' },
      { ...docker, key: remote, rclass: 'remote', url: 'http://127.0.0.1:1' },
      {
        ...docker,
        key: virtual,
        rclass: 'virtual',
        repositories: [local, remote],
        defaultDeploymentRepo: local,
      },
    ]
    const wrong = [...all, { ...docker, key: 'b-wrong', rclass: 'remote', url: 'ftp://x' }]
    expect((await admin.send('PUT', batch, wrong)).status).toBe(400)
    expect((await admin.send('GET', `${repositories}/${local}`)).status).toBe(400)

    await admin.make({ method: 'PUT', path: batch, body: all, done: [201] })
    const image = makeImage('batch')
    await registry.pushImage(`${virtual}/lib/app`, '1', image)
    expect(bodyDigest(await registry.manifest(`${local}/lib/app`, '1'))).toBe(image.digest)

    const both = [
      { key: local, maxUniqueTags: 7 },
      { key: remote, hardFail: true },
    ]
    expect((await admin.send('POST', batch, [...both, { key: 'b-none', notes: 'x' }])).status).toBe(400)
    expect(await admin.json(`${repositories}/${local}`)).toMatchObject({ maxUniqueTags: 0 })
    await admin.make({ method: 'POST', path: batch, body: both, done: [200] })
    expect(await admin.json(`${repositories}/${local}`)).toMatchObject({ maxUniqueTags: 7 })
    expect(await admin.json(`${repositories}/${remote}`)).toMatchObject({ hardFail: true, offline: false })
  })
})

describe('a local repository', () => {
  const promote = (from: string, to: string, tag: string) =>
    admin.make({
      method: 'POST',
      path: `/artifactory/api/docker/${from}/v2/promote`,
      body: { targetRepo: to, dockerRepository: 'lib/app', tag, copy: true },
      done: [200],
    })

  it('keeps maxUniqueTags tags, whether they are pushed or promoted', async () => {
    const [local, source] = [freshKey('local'), freshKey('local')]
    await entrepot.createRepository(local, { rclass: 'local', maxUniqueTags: 2 })
    await entrepot.createRepository(source, { rclass: 'local' })
    const first = makeImage('first')
    await registry.pushImage(`${local}/lib/app`, '1', first)
    for (const tag of ['2', '3']) await registry.pushImage(`${local}/lib/app`, tag, makeImage(tag))
    expect(await registry.tags(`${local}/lib/app`)).toEqual(['2', '3'])
    expect(await isThere(`${local}/lib/app`, first.digest)).toBe(true)
    await registry.pushImage(`${source}/lib/app`, '4', makeImage('4'))
    await promote(source, local, '4')
    expect(await registry.tags(`${local}/lib/app`)).toEqual(['3', '4'])
  })

  it('keeps dockerTagRetention manifests that a tag was moved off, whether by a push or a promotion', async () => {
    const [local, source] = [freshKey('local'), freshKey('local')]
    await entrepot.createRepository(local, { rclass: 'local', dockerTagRetention: 2 })
    await entrepot.createRepository(source, { rclass: 'local' })
    const images = Array.from({ length: 5 }, (_, at) => makeImage(`retained ${at}`))
    const there = async () => {
      const found = await Promise.all(images.map(({ digest }) => isThere(`${local}/lib/app`, digest)))
      return found.flatMap((is, at) => (is ? [at] : []))
    }
    for (const image of images.slice(0, 4)) await registry.pushImage(`${local}/lib/app`, 'latest', image)
    expect(await there()).toEqual([1, 2, 3])
    await registry.pushImage(`${source}/lib/app`, 'latest', images[4] as Image)
    await promote(source, local, 'latest')
    expect(await there()).toEqual([2, 3, 4])
    expect(bodyDigest(await registry.manifest(`${local}/lib/app`, 'latest'))).toBe(images[4]?.digest)

    await change(local, { dockerTagRetention: 1 })
    await registry.pushImage(`${local}/lib/app`, 'latest', makeImage('retained last'))
    expect(await there()).toEqual([2, 3, 4])
  })

  it.each([true, false])(
    'takes no schema 1 manifest, blockPushingSchema1 %s',
    async (blockPushingSchema1) => {
      const local = freshKey('local')
      await entrepot.createRepository(local, { rclass: 'local', blockPushingSchema1 })
      const body = JSON.stringify({ schemaVersion: 1, name: 'lib/app', tag: '1', fsLayers: [], history: [] })
      const answer = await registry.putManifest(`${local}/lib/app`, '1', body, schema1)
      expect([answer.status, errorCodes(answer)]).toEqual([400, ['MANIFEST_INVALID']])
      expect(answer.body.toString('utf8')).toContain('schema 1 manifests are not accepted')
    },
  )
})

describe('a remote repository', () => {
  let remote: RemoteFixture
  const image = makeImage('fields', 200_000)
  const layer = layerOf(image)

  const create = async (fields: Json = {}) => {
    remote = await RemoteFixture.create(entrepot, { retrievalCachePeriodSecs: 0, ...fields })
    remote.upstream.add('lib/app', '1', image)
  }
  const name = () => `${remote.key}/lib/app`
  afterEach(() => remote?.upstream.stop())

  it('sends its queryParams with every request to the upstream, and shows the password of none', async () => {
    await create({ queryParams: 'tenant=north&key=canary-param' })
    expectStatus(await registry.manifest(name(), '1'), 200)
    expectStatus(await registry.blob(name(), layer.digest), 200)
    expectStatus(await registry.get(`/v2/${name()}/tags/list`), 200)
    expect(remote.upstream.seen.length).toBeGreaterThanOrEqual(3)
    for (const { path } of remote.upstream.seen) expect(path).toContain('tenant=north&key=canary-param')
    expect(entrepot.output).not.toContain('canary-param')
  })

  it('refuses a web page in place of content, unless blockMismatchingMimeTypes is false', async () => {
    await create({ blockMismatchingMimeTypes: true })
    remote.upstream.faults = { webPage: true }
    const refused = await registry.manifest(name(), '1')
    expect([refused.status, errorCodes(refused)]).toEqual([502, ['UNAVAILABLE']])
    expect(refused.body.toString('utf8')).toContain('web page')
    const blob = await registry.blob(name(), layer.digest)
    expect(honestFailures).toContain(blob.status)
    await change(remote.key, { blockMismatchingMimeTypes: false })
    // Read after all, it is no manifest, and no blob of that digest.
    expect((await registry.manifest(name(), '1')).body.toString('utf8')).not.toContain('web page')
    remote.upstream.faults = {}
    expectStatus(await registry.manifest(name(), '1'), 200)
    expect(bodyDigest(expectStatus(await registry.blob(name(), layer.digest), 200))).toBe(layer.digest)
  })

  it('is asked from its localAddress', async () => {
    await create({ localAddress: '127.0.0.2' })
    expectStatus(await registry.manifest(name(), '1'), 200)
    expect(new Set(remote.upstream.seen.map(({ from }) => from))).toEqual(new Set(['127.0.0.2']))
    await change(remote.key, { localAddress: '192.0.2.7' })
    const other = await registry.manifest(name(), 'other')
    expect(honestFailures).toContain(other.status)
    expect(other.body.toString('utf8')).toContain('localAddress')
  })

  it('keeps nothing where storeArtifactsLocally is false, and serves it right', async () => {
    await create({ storeArtifactsLocally: false })
    const stored = async () => (await admin.json('/artifactory/api/storageinfo'))['binariesSummary']
    const before = await stored()
    for (const pulls of [1, 2]) {
      const manifest = expectStatus(await registry.manifest(name(), '1'), 200)
      expect([bodyDigest(manifest), manifest.headers.get('x-entrepot-cache')]).toEqual([image.digest, 'miss'])
      expect(bodyDigest(expectStatus(await registry.blob(name(), layer.digest), 200))).toBe(layer.digest)
      expect(remote.upstream.count('GET', '/manifests/')).toBe(pulls)
    }
    const part = expectStatus(await registry.blob(name(), layer.digest, { range: 'bytes=10-19' }), 206)
    expect(part.body.equals(layer.bytes.subarray(10, 20))).toBe(true)
    expect(await stored()).toEqual(before)

    remote.upstream.faults = { corruptBlobs: true, corruptManifests: true }
    const [config] = [...image.blobs.keys()].filter((digest) => digest !== layer.digest)
    expect(honestFailures).toContain((await registry.manifest(name(), '1')).status)
    // Small as it is, nothing of it is sent before it is verified.
    const broken = await registry.blob(name(), config ?? '').catch(() => undefined)
    expect(broken === undefined || broken.status >= 500 || bodyDigest(broken) !== config).toBe(true)
    remote.upstream.faults = { status: { code: 503 } }
    expect(honestFailures).toContain((await registry.manifest(name(), '1')).status)
  })

  describe('with foreign layers', () => {
    let files: Server
    const asked: { readonly url: string; readonly authorization: string | undefined }[] = []
    const bytes = noise(100_000, 'foreign')
    const digest = sha256(bytes)

    beforeEach(async () => {
      asked.length = 0
      files = createServer((request, response) => {
        asked.push({ url: request.url ?? '', authorization: request.headers.authorization })
        if (request.url?.startsWith('/files/base.tar') === true) response.end(bytes)
        else response.writeHead(404).end()
      })
      await listen(files, 0)
    })
    afterEach(() => {
      files.closeAllConnections()
      files.close()
    })

    const addForeign = () => {
      const config = Buffer.from('{"os":"windows"}')
      const url = `http://127.0.0.1:${(files.address() as AddressInfo).port}/files/base.tar?sig=1`
      const manifest = Buffer.from(
        JSON.stringify({
          schemaVersion: 2,
          mediaType: dockerManifest,
          config: {
            mediaType: 'application/vnd.docker.container.image.v1+json',
            digest: sha256(config),
            size: config.length,
          },
          layers: [{ mediaType: layerType, digest, size: bytes.length, urls: [url] }],
        }),
      )
      const blobs = new Map([[sha256(config), config]])
      const windows = {
        mediaType: dockerManifest,
        bytes: manifest,
        digest: sha256(manifest),
        blobs,
        children: [],
      }
      remote.upstream.add('lib/windows', '1', windows)
      return `${remote.key}/lib/windows`
    }

    it('fetches them where their manifest says, without credentials, once', async () => {
      await create({
        externalDependenciesEnabled: true,
        externalDependenciesPatterns: [],
        username: 'ann',
        password: 'pw',
      })
      expect(await admin.json(`${repositories}/${remote.key}`)).toMatchObject({
        externalDependenciesPatterns: ['**'],
      })
      const windows = addForeign()
      expectStatus(await registry.manifest(windows, '1'), 200)
      for (const cache of ['miss', 'hit']) {
        const answer = expectStatus(await registry.blob(windows, digest), 200)
        expect([bodyDigest(answer), answer.headers.get('x-entrepot-cache')]).toEqual([digest, cache])
      }
      expect(asked).toEqual([{ url: '/files/base.tar?sig=1', authorization: undefined }])
    })

    it('refuses them, with the reason, where they are not enabled or no pattern matches', async () => {
      await create()
      const windows = addForeign()
      expectStatus(await registry.manifest(windows, '1'), 200)
      const refused = async (reason: string) => {
        const answer = await registry.blob(windows, digest)
        expect([answer.status, errorCodes(answer)]).toEqual([403, ['DENIED']])
        expect(answer.body.toString('utf8')).toContain(reason)
      }
      await refused('externalDependenciesEnabled is false')
      await change(remote.key, {
        externalDependenciesEnabled: true,
        externalDependenciesPatterns: ['mcr.example/**'],
      })
      await refused('externalDependenciesPatterns admit no such address')
      expect(asked).toEqual([])
      await change(remote.key, { externalDependenciesPatterns: ['**/files/**'] })
      expect(bodyDigest(expectStatus(await registry.blob(windows, digest), 200))).toBe(digest)
    })
  })
})

describe('a virtual repository', () => {
  let remote: RemoteFixture
  let local: string
  let virtual: string

  beforeEach(async () => {
    remote = await RemoteFixture.create(entrepot, { retrievalCachePeriodSecs: 0 })
    local = freshKey('local')
    virtual = freshKey('virtual')
    await entrepot.createRepository(local, { rclass: 'local' })
    await entrepot.createRepository(virtual, { rclass: 'virtual', repositories: [remote.key, local] })
  })
  afterEach(() => remote.upstream.stop())

  it('passes over a remote that is down for what that never served, and not over one with hardFail', async () => {
    await registry.pushImage(`${local}/team/own`, '1', makeImage('own'))
    remote.upstream.faults = { status: { code: 503 } }
    const answer = expectStatus(await registry.manifest(`${virtual}/team/own`, '1'), 200)
    expect(answer.headers.get(answeredBy)).toBe(local)
    await change(remote.key, { hardFail: true })
    expect(honestFailures).toContain((await registry.manifest(`${virtual}/team/own`, '1')).status)
  })

  it('takes the newest tag of its members with resolveDockerTagsByTimestamp, and swaps none in an outage', async () => {
    const theirs = makeImage('theirs')
    remote.upstream.add('lib/app', '1', theirs)
    const taken = async () => {
      const answer = expectStatus(await registry.manifest(`${virtual}/lib/app`, '1'), 200)
      return [answer.headers.get(answeredBy), bodyDigest(answer)]
    }
    expect(await taken()).toEqual([remote.key, theirs.digest])
    const ours = makeImage('ours')
    await registry.pushImage(`${local}/lib/app`, '1', ours)
    expect(await taken()).toEqual([remote.key, theirs.digest])
    await change(virtual, { resolveDockerTagsByTimestamp: true })
    expect(await taken()).toEqual([local, ours.digest])
    const moved = makeImage('moved')
    remote.upstream.add('lib/app', '1', moved)
    expect(await taken()).toEqual([remote.key, moved.digest])

    remote.upstream.faults = { status: { code: 503 } }
    expect(await taken()).toEqual([remote.key, moved.digest])
    await registry.pushImage(`${local}/lib/app`, '2', makeImage('second'))
    expect(honestFailures).toContain((await registry.manifest(`${virtual}/lib/app`, '2')).status)
  })
})
