import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Entrepot } from '../support/entrepot.js'
import { FaultyUpstream } from '../support/faulty-upstream.js'
import { layerOf, makeImage } from '../support/images.js'
import { bodyDigest, expectStatus } from '../support/registry-client.js'
import { RemoteFixture } from '../support/remote-fixture.js'

const username = 'buyer'
const password = 'not-for-strangers'

describe('a remote repository with credentials', () => {
  let entrepot: Entrepot
  let remote: RemoteFixture
  let elsewhere: FaultyUpstream

  beforeAll(async () => {
    entrepot = await Entrepot.start()
  })
  beforeEach(async () => {
    remote = await RemoteFixture.create(entrepot, { username, password })
    elsewhere = await FaultyUpstream.start('localhost')
  })
  afterEach(async () => {
    await Promise.all([remote.upstream.stop(), elsewhere.stop()])
  })
  afterAll(async () => {
    await entrepot?.dispose()
  })

  it('gives them to the upstream that asks for them', async () => {
    const image = makeImage('basic')
    remote.upstream.add('lib/app', '1', image)
    remote.upstream.faults = { challengeBasic: true }
    const answer = expectStatus(await entrepot.registry.manifest(`${remote.key}/lib/app`, '1'), 200)
    expect(bodyDigest(answer)).toBe(image.digest)
    const expected = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
    expect(remote.upstream.seen.at(-1)?.authorization).toBe(expected)
  })

  it('follows a redirect of a blob to another host without them', async () => {
    const image = makeImage('redirected', 200_000)
    const { digest } = layerOf(image)
    remote.upstream.add('lib/app', '1', image)
    remote.upstream.faults = { challengeBasic: true, redirectBlobsTo: elsewhere.url }
    elsewhere.add('lib/app', '1', image)

    const answer = expectStatus(await entrepot.registry.blob(`${remote.key}/lib/app`, digest), 200)
    expect(bodyDigest(answer)).toBe(digest)
    expect(elsewhere.count('GET', `/blobs/${digest}`)).toBe(1)
    expect(elsewhere.seen.map((one) => one.authorization)).toEqual(elsewhere.seen.map(() => undefined))
    expect(remote.upstream.seen.some((one) => one.authorization !== undefined)).toBe(true)
  })

  it('gives them to no realm on another host', async () => {
    remote.upstream.add('lib/app', '1', makeImage('lured'))
    remote.upstream.faults = { challengeRealm: `${elsewhere.url}/v2/` }
    const answer = await entrepot.registry.manifest(`${remote.key}/lib/app`, '1')
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.status).not.toBe(404)
    expect(remote.upstream.seen.length).toBeGreaterThan(0)
    for (const one of elsewhere.seen) {
      expect(one.authorization).toBeUndefined()
      expect(one.path).not.toContain(password)
    }
  })

  it('shows them in no answer and no log line', async () => {
    remote.upstream.add('lib/app', '1', makeImage('secret'))
    remote.upstream.faults = { challengeBasic: true }
    const pulled = expectStatus(await entrepot.registry.manifest(`${remote.key}/lib/app`, '1'), 200)
    const shown = await entrepot.registry.get(`/artifactory/api/repositories/${remote.key}`)
    expect(shown.status).toBe(200)
    expect(shown.body.toString()).toContain(username)
    expect(shown.body.toString()).not.toContain(password)
    await entrepot.logged(pulled)
    expect(entrepot.output).not.toContain(password)
    expect(entrepot.output).not.toContain(Buffer.from(`${username}:${password}`).toString('base64'))
  })

  it('works with an upstream that knows no HEAD', async () => {
    const image = makeImage('headless')
    remote.upstream.add('lib/app', '1', image)
    remote.upstream.faults = { noHead: true }
    const answer = expectStatus(await entrepot.registry.manifest(`${remote.key}/lib/app`, '1'), 200)
    expect(bodyDigest(answer)).toBe(image.digest)
  })

  it('works with an upstream that names no digests', async () => {
    const image = makeImage('nameless')
    const { digest } = layerOf(image)
    remote.upstream.add('lib/app', '1', image)
    remote.upstream.faults = { noContentDigest: true }
    const { registry } = entrepot
    const manifest = expectStatus(await registry.manifest(`${remote.key}/lib/app`, '1'), 200)
    expect(manifest.headers.get('docker-content-digest')).toBe(image.digest)
    const blob = expectStatus(await registry.blob(`${remote.key}/lib/app`, digest), 200)
    expect(bodyDigest(blob)).toBe(digest)
  })
})
