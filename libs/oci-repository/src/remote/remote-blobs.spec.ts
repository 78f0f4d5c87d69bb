import { randomBytes } from 'node:crypto'
import { digestOf } from '@entrepot/kernel'
import { mediaTypes } from '@entrepot/oci-model'
import { localConfig, remoteConfig } from '@entrepot/repositories/testing'
import { FaultyRegistry } from '@entrepot/upstream/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Workbench, drain, imageOf, readAll } from '../testing/workbench.js'

describe('the blobs of a remote repository', () => {
  let bench: Workbench
  let upstream: FaultyRegistry

  beforeEach(async () => {
    bench = new Workbench()
    upstream = await FaultyRegistry.start()
    const periods = {
      retrievalCachePeriodSecs: 60,
      missedRetrievalCachePeriodSecs: 30,
      assumedOfflinePeriodSecs: 0,
      metadataRetrievalTimeoutSecs: 2,
      socketTimeoutMillis: 1500,
    }
    await bench.add(remoteConfig('hub', upstream.url, periods), localConfig('local'))
  })
  afterEach(async () => {
    await bench.close()
    await upstream.close()
  })

  const blobPath = /\/blobs\//

  test('come from the upstream once and then from the cache', async () => {
    const bytes = randomBytes(100_000)
    const { digest } = upstream.addBlob('library/alpine', bytes)
    const cold = await bench.blob('hub', 'library/alpine', digest)
    expect(cold).toMatchObject({ cache: 'miss', value: { descriptor: { digest, size: bytes.length } } })
    expect((await readAll(cold!.value)).equals(bytes)).toBe(true)
    const warm = await bench.blob('hub', 'library/alpine', digest)
    expect(warm?.cache).toBe('hit')
    expect((await readAll(warm!.value)).equals(bytes)).toBe(true)
    expect(upstream.count('GET', blobPath)).toBe(1)
  })

  test('cost one GET for twenty readers at once, range readers among them', async () => {
    const bytes = randomBytes(300_000)
    const { digest } = upstream.addBlob('library/alpine', bytes)
    upstream.misbehave({ kind: 'drip', bytesPerStep: 50_000, everyMilliseconds: 5 })
    const readers = Array.from({ length: 20 }, async (_, number) => {
      const found = await bench.blob('hub', 'library/alpine', digest)
      const range = number % 2 === 0 ? undefined : { start: 1000 * number, end: 250_000 }
      const got = await drain(await found!.value.open({ range }))
      expect(got.equals(range === undefined ? bytes : bytes.subarray(range.start, range.end + 1))).toBe(true)
    })
    await Promise.all(readers)
    expect(upstream.count('GET', blobPath)).toBe(1)
  })

  test('are asked by HEAD when nobody will read them', async () => {
    const { digest } = upstream.addBlob('library/alpine', Buffer.from('only looking'))
    const found = await bench.blob('hub', 'library/alpine', digest, bench.context({ metadataOnly: true }))
    expect(found?.value.descriptor.size).toBe(12)
    expect(upstream.count('GET', blobPath)).toBe(0)
  })

  test('have a size even where the upstream has no HEAD', async () => {
    const { digest } = upstream.addBlob('library/alpine', Buffer.from('only looking'))
    upstream.misbehave({ kind: 'status', status: 405 }, { method: 'HEAD' })
    const found = await bench.blob('hub', 'library/alpine', digest, bench.context({ metadataOnly: true }))
    expect(found?.value.descriptor.size).toBe(12)
  })

  test('go on from where a dropped connection ended', async () => {
    const bytes = randomBytes(400_000)
    const { digest } = upstream.addBlob('library/alpine', bytes)
    upstream.misbehave({ kind: 'drop', afterBytes: 150_000 }, { method: 'GET', path: blobPath, times: 2 })
    const found = await bench.blob('hub', 'library/alpine', digest)
    expect((await readAll(found!.value)).equals(bytes)).toBe(true)
    const ranges = upstream.requests.map(({ headers }) => headers['range'])
    expect(ranges.at(0)).toBeUndefined()
    expect(ranges.slice(1).every((range) => /^bytes=[1-9]\d*-$/.test(String(range)))).toBe(true)
  })

  test('are cut off and not kept when their bytes are wrong', async () => {
    const bytes = randomBytes(50_000)
    const { digest } = upstream.addBlob('library/alpine', bytes)
    upstream.misbehave({ kind: 'wrong-bytes' }, { path: blobPath, times: 1 })
    const found = await bench.blob('hub', 'library/alpine', digest)
    await expect(readAll(found!.value)).rejects.toMatchObject({ code: 'UPSTREAM_FAILED' })
    expect(await bench.index.findAnywhere(digest)).toBeUndefined()
    const again = await bench.blob('hub', 'library/alpine', digest)
    expect((await readAll(again!.value)).equals(bytes)).toBe(true)
  })

  test('are filled although the only reader left', async () => {
    const bytes = randomBytes(300_000)
    const { digest } = upstream.addBlob('library/alpine', bytes)
    upstream.misbehave({ kind: 'drip', bytesPerStep: 60_000, everyMilliseconds: 20 })
    const client = new AbortController()
    const found = await bench.blob('hub', 'library/alpine', digest, bench.context({ signal: client.signal }))
    const body = await found!.value.open({ signal: client.signal })
    await body.read(Buffer.alloc(1000))
    client.abort()
    await body.close()
    await expect.poll(() => bench.index.findAnywhere(digest), { timeout: 5000 }).toBeDefined()
    expect((await bench.blob('hub', 'library/alpine', digest))?.cache).toBe('hit')
  })

  test('that are not there are believed so for the missed period', async () => {
    upstream.addImage('library/alpine', '3')
    const bytes = Buffer.from('comes later')
    const digest = digestOf(bytes)
    expect(await bench.blob('hub', 'library/alpine', digest)).toBeUndefined()
    upstream.addBlob('library/alpine', bytes)
    expect(await bench.blob('hub', 'library/alpine', digest)).toBeUndefined()
    expect(upstream.count('GET', blobPath)).toBe(1)
    bench.clock.advance(31)
    expect(await bench.blob('hub', 'library/alpine', digest)).toBeDefined()
  })

  test('are not downloaded when their bytes are here already, but asked for all the same', async () => {
    const bytes = Buffer.from('known from elsewhere')
    const digest = await bench.pushBlob('local', 'team/app', bytes)
    expect(await bench.blob('hub', 'library/alpine', digest)).toBeUndefined()
    bench.clock.advance(31)
    upstream.addBlob('library/alpine', bytes)
    upstream.forgetRequests()
    const found = await bench.blob('hub', 'library/alpine', digest)
    expect((await readAll(found!.value)).equals(bytes)).toBe(true)
    expect(upstream.requests.map(({ method }) => method)).toEqual(['HEAD'])
  })

  test('that images share come once: a manifest that lists one is enough for the other image', async () => {
    const layer = randomBytes(2000)
    for (const image of ['library/alpine', 'library/busybox']) {
      upstream.addBlob(image, layer)
      upstream.addBlob(image, Buffer.from('{}'))
      upstream.addManifest(image, imageOf([layer]), mediaTypes.ociManifest, '3')
      await bench.pull('hub', image, '3')
    }
    const digest = digestOf(layer)
    await readAll((await bench.blob('hub', 'library/alpine', digest))!.value)
    await expect.poll(() => bench.index.findAnywhere(digest)).toBeDefined()
    upstream.forgetRequests()
    const shared = await bench.blob('hub', 'library/busybox', digest)
    expect(shared?.cache).toBe('hit')
    expect((await readAll(shared!.value)).equals(layer)).toBe(true)
    expect(upstream.requests).toEqual([])
  })

  test('of another image are asked for where no manifest of this one lists them', async () => {
    const bytes = randomBytes(2000)
    const { digest } = upstream.addBlob('library/alpine', bytes)
    await readAll((await bench.blob('hub', 'library/alpine', digest))!.value)
    await expect.poll(() => bench.index.findAnywhere(digest)).toBeDefined()
    expect(await bench.blob('hub', 'library/secret', digest)).toBeUndefined()
    expect(upstream.count('HEAD', /library\/secret/)).toBe(1)
  })

  test('on their way for one image are not followed by another that does not have them', async () => {
    const bytes = randomBytes(300_000)
    const { digest } = upstream.addBlob('library/alpine', bytes)
    upstream.misbehave({ kind: 'drip', bytesPerStep: 50_000, everyMilliseconds: 20 }, { method: 'GET' })
    const running = await bench.blob('hub', 'library/alpine', digest)
    expect(await bench.blob('hub', 'library/secret', digest)).toBeUndefined()
    upstream.addBlob('library/shared', bytes)
    const followed = await bench.blob('hub', 'library/shared', digest)
    expect((await readAll(followed!.value)).equals(bytes)).toBe(true)
    expect((await readAll(running!.value)).equals(bytes)).toBe(true)
    expect(upstream.count('GET', /alpine|shared/)).toBe(1)
  })

  test('that fail say so, never "not there"', async () => {
    const { digest } = upstream.addBlob('library/alpine', Buffer.from('x'))
    upstream.misbehave({ kind: 'status', status: 503 }, { times: 2 })
    await expect(bench.blob('hub', 'library/alpine', digest)).rejects.toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
    })
    const looking = bench.context({ metadataOnly: true })
    await expect(bench.blob('hub', 'library/alpine', digest, looking)).rejects.toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
    })
    expect(await bench.blob('hub', 'library/alpine', digest)).toBeDefined()
  })
})
