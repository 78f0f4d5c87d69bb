import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Entrepot } from '../support/entrepot.js'
import type { Faults } from '../support/faulty-upstream.js'
import { layerOf, makeImage } from '../support/images.js'
import { bodyDigest, errorCodes, expectStatus, type Answer } from '../support/registry-client.js'
import { honestFailures, RemoteFixture } from '../support/remote-fixture.js'

const outages: readonly [string, Faults][] = [
  ['throttles', { status: { code: 429, retryAfter: '1' } }],
  ['answers 503', { status: { code: 503 } }],
  ['answers 500', { status: { code: 500 } }],
  ['never answers', { silent: true }],
]

describe('when the upstream of a remote repository', () => {
  let entrepot: Entrepot
  let remote: RemoteFixture

  beforeAll(async () => {
    entrepot = await Entrepot.start()
  })
  beforeEach(async () => {
    remote = await RemoteFixture.create(entrepot, {
      retrievalCachePeriodSecs: 0,
      metadataRetrievalTimeoutSecs: 1,
      socketTimeoutMillis: 1500,
    })
  })
  afterEach(async () => {
    await remote.upstream.stop()
  })
  afterAll(async () => {
    await entrepot?.dispose()
  })

  it.each(outages)('%s, a cached tag is served and flagged stale', async (_, faults) => {
    const { registry } = entrepot
    const image = makeImage('cached')
    remote.upstream.add('lib/app', '1', image)
    expectStatus(await registry.manifest(`${remote.key}/lib/app`, '1'), 200)

    remote.upstream.faults = faults
    const answer = expectStatus(await registry.manifest(`${remote.key}/lib/app`, '1'), 200)
    expect(bodyDigest(answer)).toBe(image.digest)
    expect(answer.headers.get('x-entrepot-cache')).toBe('stale')
  })

  it('is gone, a cached tag is served and flagged stale', async () => {
    const { registry } = entrepot
    const image = makeImage('cached')
    remote.upstream.add('lib/app', '1', image)
    expectStatus(await registry.manifest(`${remote.key}/lib/app`, '1'), 200)

    await remote.upstream.stop()
    const answer = expectStatus(await registry.manifest(`${remote.key}/lib/app`, '1'), 200)
    expect(answer.headers.get('x-entrepot-cache')).toBe('stale')
  })

  it('throttles and nothing is cached, the client is told to wait', async () => {
    remote.upstream.add('lib/app', '1', makeImage('unseen'))
    remote.upstream.faults = { status: { code: 429, retryAfter: '30' } }
    const answer = await entrepot.registry.manifest(`${remote.key}/lib/app`, '1')
    expect(answer.status).toBe(429)
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(errorCodes(answer)).toEqual(['TOOMANYREQUESTS'])
  })

  it.each(outages.slice(1))('%s and nothing is cached, that is no 404', async (_, faults) => {
    const image = makeImage('unseen')
    remote.upstream.add('lib/app', '1', image)
    remote.upstream.faults = faults
    const { registry } = entrepot
    const expectHonest = (answer: Answer): void => {
      expect(honestFailures).toContain(answer.status)
      expect(errorCodes(answer)).toHaveLength(1)
    }
    expectHonest(await registry.manifest(`${remote.key}/lib/app`, '1'))
    expectHonest(await registry.blob(`${remote.key}/lib/app`, layerOf(image).digest))

    // A failure is not remembered as "not there".
    remote.upstream.faults = {}
    expectStatus(await registry.manifest(`${remote.key}/lib/app`, '1'), 200)
  })

  it('is gone and nothing is cached, that is no 404', async () => {
    await remote.upstream.stop()
    const answer = await entrepot.registry.manifest(`${remote.key}/lib/app`, '1')
    expect(honestFailures).toContain(answer.status)
  })

  it('drops a blob in the middle, the fetch resumes where it stopped', async () => {
    const image = makeImage('dropped', 1_000_000)
    const { digest } = layerOf(image)
    remote.upstream.add('lib/app', '1', image)
    remote.upstream.faults = { dropBlobAfter: { bytes: 300_000, times: 2 } }

    const answer = expectStatus(await entrepot.registry.blob(`${remote.key}/lib/app`, digest), 200)
    expect(bodyDigest(answer)).toBe(digest)
    const ranges = remote.upstream.seen
      .filter((one) => one.method === 'GET' && one.path.includes('/blobs/'))
      .map((one) => one.range)
    expect(ranges).toHaveLength(3)
    expect(ranges[1]).toMatch(/^bytes=\d+-/)
    expect(ranges[2]).toMatch(/^bytes=\d+-/)
  })

  it('drops a blob and takes no ranges, the client still gets the right bytes', async () => {
    const image = makeImage('rangeless', 1_000_000)
    const { digest } = layerOf(image)
    remote.upstream.add('lib/app', '1', image)
    remote.upstream.faults = { dropBlobAfter: { bytes: 300_000, times: 1 }, noRange: true }
    const answer = expectStatus(await entrepot.registry.blob(`${remote.key}/lib/app`, digest), 200)
    expect(bodyDigest(answer)).toBe(digest)
  })

  it('drops a blob again and again, the client is cut off and nothing half is kept', async () => {
    const image = makeImage('hopeless', 1_000_000)
    const { digest } = layerOf(image)
    remote.upstream.add('lib/app', '1', image)
    remote.upstream.faults = { dropBlobAfter: { bytes: 10_000 }, noRange: true }
    const { registry } = entrepot
    const name = `${remote.key}/lib/app`
    expect(await outcome(registry.blob(name, digest))).not.toBe(200)

    remote.upstream.faults = {}
    expect(bodyDigest(expectStatus(await registry.blob(name, digest), 200))).toBe(digest)
  })

  it('sends wrong bytes for a blob, the client is cut off and nothing is kept', async () => {
    const image = makeImage('poisoned', 600_000)
    const { digest } = layerOf(image)
    remote.upstream.add('lib/app', '1', image)
    remote.upstream.faults = { corruptBlobs: true }
    const { registry } = entrepot
    const name = `${remote.key}/lib/app`
    expect(await outcome(registry.blob(name, digest))).not.toBe(200)
    expect(await outcome(registry.blob(name, digest))).not.toBe(200)

    remote.upstream.faults = {}
    expect(bodyDigest(expectStatus(await registry.blob(name, digest), 200))).toBe(digest)
  })

  it('sends a manifest that is not what its digest says, it is refused and not kept', async () => {
    const image = makeImage('forged')
    remote.upstream.add('lib/app', '1', image)
    remote.upstream.faults = { corruptManifests: true }
    const { registry } = entrepot
    expect((await registry.manifest(`${remote.key}/lib/app`, image.digest)).status).toBe(502)

    remote.upstream.faults = {}
    expect(bodyDigest(await registry.manifest(`${remote.key}/lib/app`, image.digest))).toBe(image.digest)
  })

  it('fails, what was pushed to local repositories is served as ever', async () => {
    const { registry } = entrepot
    const image = makeImage('local')
    await registry.pushImage('docker-local/team/app', '1', image)
    remote.upstream.faults = { silent: true }
    const waiting = registry.manifest(`${remote.key}/lib/app`, '1')
    expect(bodyDigest(await registry.manifest('docker-local/team/app', '1'))).toBe(image.digest)
    expect(honestFailures).toContain((await waiting).status)
  })
})

/** The status of an answer that came to its end, or `cut` for one whose body did not. */
async function outcome(answer: Promise<Answer>): Promise<number | 'cut'> {
  try {
    return (await answer).status
  } catch {
    return 'cut'
  }
}
