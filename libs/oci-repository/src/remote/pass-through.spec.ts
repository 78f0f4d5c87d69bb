import { randomBytes } from 'node:crypto'
import { mediaTypes } from '@entrepot/oci-model'
import { localConfig, remoteConfig, virtualConfig } from '@entrepot/repositories/testing'
import { FaultyRegistry } from '@entrepot/upstream/testing'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { drain, nameOf, readAll, Workbench } from '../testing/workbench.js'

const image = 'library/alpine'

describe('a remote with storeArtifactsLocally false', () => {
  let bench: Workbench
  let upstream: FaultyRegistry

  beforeEach(async () => {
    bench = new Workbench()
    upstream = await FaultyRegistry.start()
    const config = { assumedOfflinePeriodSecs: 0, storeArtifactsLocally: false }
    await bench.add(
      remoteConfig('hub', upstream.url, config),
      localConfig('local'),
      virtualConfig('all', ['hub', 'local']),
    )
  })
  afterEach(async () => {
    await bench.close()
    await upstream.close()
  })

  const down = () => upstream.misbehave({ kind: 'status', status: 503 })
  const id = () => bench.directory.find('hub')!.id
  const stored = async (digest: string) => [
    await bench.manifests.findByDigest(id(), nameOf(image), digest as never),
    await bench.index.find(id(), nameOf(image), digest as never),
    await bench.index.findAnywhere(digest as never),
  ]

  test('gives manifests and blobs to who asks, each time from the upstream, and keeps none', async () => {
    const { digest, layers, config } = upstream.addImage(image, '1', { layers: [randomBytes(200_000)] })
    for (let pulls = 1; pulls <= 2; pulls += 1) {
      expect(await bench.pull('hub', image, '1')).toMatchObject({
        foundIn: 'hub',
        cache: 'miss',
        value: { digest },
      })
      expect((await bench.pull('hub', image, digest))?.cache).toBe('miss')
      for (const { digest: blob, bytes } of [config, ...layers]) {
        const found = await bench.blob('hub', image, blob)
        expect(found).toMatchObject({ cache: 'miss', value: { descriptor: { size: bytes.length } } })
        expect((await readAll(found!.value)).equals(bytes)).toBe(true)
      }
      expect(upstream.count('GET', /\/manifests\//)).toBe(pulls * 2)
      await vi.waitFor(() => expect(bench.blobs.uploadCount).toBe(0), { timeout: 10_000 })
    }
    for (const each of [digest, config.digest, ...layers.map((layer) => layer.digest)]) {
      expect(await stored(each)).toEqual([undefined, undefined, undefined])
    }
    expect(bench.blobs.blobCount).toBe(0)
    expect(
      await bench
        .repository('hub')
        .stored.manifest(nameOf(image), { kind: 'tag', tag: '1' as never }, bench.context()),
    ).toBeUndefined()
  })

  test('fetches a blob once for readers that come at once', async () => {
    const { digest, bytes } = upstream.addBlob(image, randomBytes(300_000))
    upstream.misbehave({ kind: 'drip', bytesPerStep: 50_000, everyMilliseconds: 5 })
    const readers = Array.from({ length: 10 }, async (_, number) => {
      const found = await bench.blob('hub', image, digest)
      const range = number % 2 === 0 ? undefined : { start: 1000 * number, end: 250_000 }
      const got = await drain(await found!.value.open({ range }))
      expect(got.equals(range === undefined ? bytes : bytes.subarray(range.start, range.end + 1))).toBe(true)
    })
    await Promise.all(readers)
    expect(upstream.count('GET', /\/blobs\//)).toBe(1)
  })

  test('refuses wrong bytes', async () => {
    const { digest } = upstream.addImage(image, '1')
    const blob = upstream.addBlob(image, randomBytes(100_000))
    upstream.misbehave({ kind: 'wrong-bytes' })
    await expect(bench.pull('hub', image, digest)).rejects.toMatchObject({ code: 'UPSTREAM_FAILED' })
    const found = await bench.blob('hub', image, blob.digest)
    await expect(readAll(found!.value)).rejects.toMatchObject({ code: 'UPSTREAM_FAILED' })
  })

  test('tells a failure as such, and what is not there as absent, for a while without asking', async () => {
    upstream.addImage(image, '1')
    await bench.pull('hub', image, '1')
    expect(await bench.pull('hub', image, 'none')).toBeUndefined()
    upstream.forgetRequests()
    expect(await bench.pull('hub', image, 'none')).toBeUndefined()
    expect(upstream.requests).toEqual([])
    down()
    await expect(bench.pull('hub', image, '1')).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' })
  })

  test('serves what was kept before, also while the upstream is down, and links nothing new', async () => {
    const keep = (storeArtifactsLocally: boolean) =>
      bench.directory.update('hub', (config) => ({ ...config, storeArtifactsLocally }))
    await keep(true)
    const { digest, layers } = upstream.addImage(image, '1')
    const layer = layers[0]!
    await bench.pull('hub', image, '1')
    await readAll((await bench.blob('hub', image, layer.digest))!.value)
    await keep(false)
    expect((await bench.pull('hub', image, digest))?.cache).toBe('hit')
    expect((await bench.blob('hub', image, layer.digest))?.cache).toBe('hit')
    // The bytes are here: that the upstream has them for the other image too is all that is asked.
    upstream.addBlob('library/other', layer.bytes)
    const other = await bench.blob('hub', 'library/other', layer.digest)
    expect(other?.cache).toBe('revalidated')
    expect((await readAll(other!.value)).equals(layer.bytes)).toBe(true)
    expect(await bench.index.find(id(), nameOf('library/other'), layer.digest)).toBeUndefined()
    down()
    bench.clock.advance(8000)
    expect((await bench.pull('hub', image, '1'))?.cache).toBe('stale')
  })

  test('lets no other member answer for an image that it has served, while it is down', async () => {
    upstream.addImage(image, '1')
    upstream.addManifest('by/digest', Buffer.from('{"schemaVersion":2,"manifests":[]}'), mediaTypes.ociIndex)
    await bench.pull('all', image, '1')
    await bench.pushImage('local', image, '1')
    await bench.pushImage('local', 'team/own', '1')
    down()
    await expect(bench.pull('all', image, '1')).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' })
    const reader = bench.toTags('bob', { actions: ['read', 'deploy'], tags: /^1$/ })
    await expect(bench.pull('all', image, '1', reader)).rejects.toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
    })
    expect((await bench.pull('all', 'team/own', '1'))?.foundIn).toBe('local')
  })

  test('gives the blobs of its images through a virtual where a local member has an image of that name', async () => {
    const { layers } = upstream.addImage(image, 'upstream')
    await bench.pushImage('local', image, 'own')
    expect((await bench.pull('all', image, 'upstream'))?.foundIn).toBe('hub')
    const found = await bench.blob('all', image, layers[0]!.digest)
    expect(found?.foundIn).toBe('hub')
    expect((await readAll(found!.value)).equals(layers[0]!.bytes)).toBe(true)
  })

  test('asks nothing while it is offline', async () => {
    upstream.addImage(image, '1')
    await bench.directory.update('hub', (config) => ({ ...config, offline: true }))
    expect(await bench.pull('hub', image, '1')).toBeUndefined()
    expect(upstream.requests).toEqual([])
  })
})
