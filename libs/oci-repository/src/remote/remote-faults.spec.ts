import { randomBytes } from 'node:crypto'
import { RegistryError, digestOf } from '@entrepot/kernel'
import { localConfig, remoteConfig } from '@entrepot/repositories/testing'
import { FaultyRegistry } from '@entrepot/upstream/testing'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Workbench, drain, nameOf, readAll } from '../testing/workbench.js'

const firstPage = { limit: 100, after: undefined }
const alpine = 'library/alpine'

describe('a remote repository', () => {
  let bench: Workbench
  let upstream: FaultyRegistry

  beforeEach(async () => {
    bench = new Workbench()
    upstream = await FaultyRegistry.start()
    const periods = {
      retrievalCachePeriodSecs: 60,
      missedRetrievalCachePeriodSecs: 30,
      assumedOfflinePeriodSecs: 0,
      metadataRetrievalTimeoutSecs: 0.3,
      socketTimeoutMillis: 1500,
    }
    await bench.add(remoteConfig('hub', upstream.url, periods), localConfig('local'))
  })
  afterEach(async () => {
    await bench.close()
    await upstream.close()
  })

  const pull = (reference: string) => bench.pull('hub', alpine, reference)
  const blob = (digest: Parameters<Workbench['blob']>[2], image = alpine) => bench.blob('hub', image, digest)
  const json = (value: unknown) => ({ kind: 'status', status: 200, body: JSON.stringify(value) }) as const

  test('leaves an upstream alone that hangs, as any other that is down', async () => {
    await bench.directory.update('hub', (config) => ({ ...config, assumedOfflinePeriodSecs: 300 }))
    upstream.addImage(alpine, '3')
    await pull('3')
    bench.clock.advance(61)
    upstream.misbehave({ kind: 'hang' })
    expect((await pull('3'))?.cache).toBe('stale')
    upstream.forgetRequests()
    expect((await pull('3'))?.cache).toBe('stale')
    await expect(pull('4')).rejects.toMatchObject({ code: 'UPSTREAM_TIMEOUT' })
    expect(upstream.requests).toEqual([])
  })

  test.each([401, 403])('asks with GET where HEAD is answered with %d', async (status) => {
    upstream.addImage(alpine, '3')
    await pull('3')
    const moved = upstream.addImage(alpine, '3', { layers: [Buffer.from('new')] })
    upstream.misbehave({ kind: 'status', status }, { method: 'HEAD' })
    bench.clock.advance(61)
    expect(await pull('3')).toMatchObject({ cache: 'miss', value: { digest: moved.digest } })
    const layer = upstream.addBlob(alpine, Buffer.from('twelve bytes'))
    const found = await bench.blob('hub', alpine, layer.digest, bench.context({ metadataOnly: true }))
    expect(found?.value.descriptor.size).toBe(12)
  })

  test('computes the digest where the upstream names one that can not be verified', async () => {
    const image = upstream.addImage(alpine, '3')
    const headers = { 'content-type': image.mediaType, 'docker-content-digest': 'blake3:00' }
    const body = image.bytes.toString()
    upstream.misbehave({ kind: 'status', status: 200, headers, body }, { path: /\/manifests\// })
    expect((await pull('3'))?.value.digest).toBe(image.digest)
    bench.clock.advance(61)
    expect((await pull('3'))?.value.digest).toBe(image.digest)
  })

  test('keeps its upstream client when only what it does not need has changed', async () => {
    const bytes = randomBytes(300_000)
    const { digest } = upstream.addBlob(alpine, bytes)
    upstream.misbehave({ kind: 'drip', bytesPerStep: 60_000, everyMilliseconds: 30 })
    const found = await blob(digest)
    const reading = readAll(found!.value)
    await bench.directory.update('hub', (config) => ({ ...config, description: 'the one on the internet' }))
    expect((await reading).equals(bytes)).toBe(true)
    expect(upstream.count('GET', /\/blobs\//)).toBe(1)
  })

  test('uses another client when the address of the upstream has changed', async () => {
    const other = await FaultyRegistry.start()
    try {
      other.addImage(alpine, 'there')
      await bench.directory.update('hub', (config) => ({ ...config, url: other.url }))
      expect((await pull('there'))?.cache).toBe('miss')
    } finally {
      await other.close()
    }
  })

  describe('and its blobs', () => {
    test('of one image do not suffer from what the upstream says of another image', async () => {
      const bytes = randomBytes(1000)
      const { digest } = upstream.addBlob('team/has-it', bytes)
      upstream.addImage('team/lacks-it', '1')
      upstream.misbehave({ kind: 'delay', milliseconds: 50 }, { path: /lacks-it/ })
      const lacking = blob(digest, 'team/lacks-it')
      await expect.poll(() => upstream.count('GET', /lacks-it/)).toBe(1)
      const having = blob(digest, 'team/has-it')
      expect(await lacking).toBeUndefined()
      expect((await readAll((await having)!.value)).equals(bytes)).toBe(true)
    })

    test('are asked for by GET although a HEAD did not find them', async () => {
      const bytes = randomBytes(100)
      const { digest } = upstream.addBlob(alpine, bytes)
      upstream.misbehave({ kind: 'status', status: 404 }, { method: 'HEAD' })
      const looking = bench.context({ metadataOnly: true })
      expect(await bench.blob('hub', alpine, digest, looking)).toBeUndefined()
      expect((await readAll((await blob(digest))!.value)).equals(bytes)).toBe(true)
    })

    test('are fetched again when the store has lost them', async () => {
      const bytes = randomBytes(1000)
      const { digest } = upstream.addBlob(alpine, bytes)
      await readAll((await blob(digest))!.value)
      const lost = await bench.index.findAnywhere(digest)
      await bench.blobs.delete(lost!.key)
      const found = await blob(digest)
      const body = await found!.value.open({ range: { start: 10, end: 19 } })
      expect((await drain(body)).equals(bytes.subarray(10, 20))).toBe(true)
      await expect.poll(() => bench.fills.running).toBe(0)
      upstream.forgetRequests()
      expect((await readAll((await blob(digest))!.value)).equals(bytes)).toBe(true)
      expect(upstream.requests).toEqual([])
    })

    test('say that they are lost when the upstream has none of them either', async () => {
      const layer = upstream.addBlob(alpine, randomBytes(1000))
      await readAll((await blob(layer.digest))!.value)
      await bench.blobs.delete((await bench.index.findAnywhere(layer.digest))!.key)
      upstream.removeBlob(alpine, layer)
      const found = await blob(layer.digest)
      await expect(found!.value.open()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    })

    test('leave no bytes behind when their repository was deleted meanwhile', async () => {
      const gone = new RegistryError('NAME_UNKNOWN', 'the repository was deleted during the upload')
      vi.spyOn(bench.index, 'link').mockRejectedValue(gone)
      const { digest } = upstream.addBlob(alpine, randomBytes(1000))
      const found = await blob(digest)
      await expect(readAll(found!.value)).rejects.toBe(gone)
      await expect(bench.pushBlob('local', 'app', Buffer.from('x'))).rejects.toBe(gone)
      expect(bench.blobs.blobCount).toBe(0)
    })
  })

  describe('and its lists', () => {
    const tags = (image: string, limit = 100) =>
      bench.repository('hub').reader.tags(nameOf(image), { ...firstPage, limit }, bench.context())
    const referrers = () =>
      bench
        .repository('hub')
        .reader.referrers(
          nameOf(alpine),
          digestOf(Buffer.from('subject')),
          { artifactTypes: [] },
          firstPage,
          bench.context(),
        )
    const entry = (text: string) => ({
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      digest: digestOf(Buffer.from(text)),
      size: 1,
    })

    test('hold all tags of an upstream that sends them in one page, however many', async () => {
      const all = Array.from({ length: 180_000 }, (_, number) => `t${String(number).padStart(6, '0')}`)
      upstream.misbehave(json({ name: alpine, tags: all }))
      const listing = await tags(alpine, 3)
      expect(listing).toMatchObject({ items: all.slice(0, 3), more: true, warnings: [] })
      const { reader } = bench.repository('hub')
      const end = await reader.tags(nameOf(alpine), { limit: 3, after: all[179_997] }, bench.context())
      expect(end).toMatchObject({ items: all.slice(-2), more: false })
    })

    test('end where they would fill the memory, and say so', async () => {
      const page = Array.from({ length: 130_000 }, (_, number) => `${number}`)
      const headers = { link: '<?next>; rel="next"' }
      upstream.misbehave({ ...json({ name: alpine, tags: page }), headers }, { times: 1 })
      upstream.misbehave({ ...json({ name: alpine, tags: page }), headers: { link: '<?more>; rel="next"' } })
      expect((await tags(alpine)).warnings).toHaveLength(1)
      expect(upstream.requests.length).toBeLessThan(10)
    })

    test('of an image that the upstream does not know are not asked for again and again', async () => {
      await expect(tags('nowhere')).rejects.toMatchObject({ code: 'NAME_UNKNOWN' })
      upstream.forgetRequests()
      await expect(tags('nowhere')).rejects.toMatchObject({ code: 'NAME_UNKNOWN' })
      expect(upstream.requests).toEqual([])
      upstream.addImage('nowhere', '1')
      bench.clock.advance(31)
      expect((await tags('nowhere')).items).toEqual(['1'])
    })

    test('leave out referrers whose digest can not be verified', async () => {
      const odd = { ...entry('odd'), digest: 'sha1:00' }
      upstream.misbehave(json({ manifests: [odd, entry('a')] }), { path: /\/referrers\// })
      expect((await referrers()).items).toEqual([entry('a')])
    })

    test('take nothing from a fall-back tag that holds no list', async () => {
      upstream.misbehave({ kind: 'status', status: 404 }, { path: /\/referrers\// })
      upstream.misbehave({ kind: 'status', status: 200, body: 'no list' }, { path: /\/manifests\// })
      expect((await referrers()).items).toEqual([])
    })

    test('of referrers fail when a later page does', async () => {
      const headers = { link: '<?page=2>; rel="next"' }
      upstream.misbehave({ ...json({ manifests: [entry('a')] }), headers }, { times: 1 })
      upstream.misbehave({ kind: 'status', status: 404 }, { path: /\/referrers\// })
      await expect(referrers()).rejects.toMatchObject({ code: 'UPSTREAM_FAILED' })
    })
  })
})
