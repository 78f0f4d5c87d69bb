import { digestOf } from '@entrepot/kernel'
import { mediaTypes } from '@entrepot/oci-model'
import { localConfig, remoteConfig } from '@entrepot/repositories/testing'
import { FaultyRegistry } from '@entrepot/upstream/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Workbench, imageOf, nameOf } from '../testing/workbench.js'

const firstPage = { limit: 100, after: undefined }

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
      metadataRetrievalTimeoutSecs: 2,
      socketTimeoutMillis: 1500,
    }
    await bench.add(remoteConfig('hub', upstream.url, periods), localConfig('local'))
  })
  afterEach(async () => {
    await bench.close()
    await upstream.close()
  })

  const pull = (reference: string, image = 'library/alpine') => bench.pull('hub', image, reference)
  const manifestPath = /\/manifests\//

  test('has no writer', () => {
    expect(bench.repository('hub').writer).toBeUndefined()
  })

  describe('and its tags', () => {
    test('are fetched once and then cost no upstream call while they are fresh', async () => {
      const image = upstream.addImage('library/alpine', '3')
      expect(await pull('3')).toMatchObject({
        cache: 'miss',
        foundIn: 'hub',
        value: { digest: image.digest },
      })
      upstream.forgetRequests()
      bench.clock.advance(59)
      const again = await pull('3')
      expect(again?.cache).toBe('hit')
      expect(again?.value.bytes.equals(image.bytes)).toBe(true)
      expect((await pull(image.digest))?.cache).toBe('hit')
      expect(upstream.requests).toEqual([])
    })

    test('are revalidated by one HEAD when their period is over', async () => {
      upstream.addImage('library/alpine', '3')
      await pull('3')
      upstream.forgetRequests()
      bench.clock.advance(61)
      const answers = await Promise.all(Array.from({ length: 20 }, () => pull('3')))
      expect(new Set(answers.map((answer) => answer?.cache))).toEqual(new Set(['revalidated']))
      expect(upstream.requests.map(({ method }) => method)).toEqual(['HEAD'])
      expect((await pull('3'))?.cache).toBe('hit')
    })

    test('are fetched again when they moved upstream', async () => {
      upstream.addImage('library/alpine', '3')
      await pull('3')
      const moved = upstream.addImage('library/alpine', '3', { layers: [Buffer.from('new')] })
      expect((await pull('3'))?.value.digest).not.toBe(moved.digest)
      bench.clock.advance(61)
      expect(await pull('3')).toMatchObject({ cache: 'miss', value: { digest: moved.digest } })
    })

    test('move without a GET to a manifest that is cached already', async () => {
      const old = upstream.addImage('library/alpine', '3')
      const next = upstream.addImage('library/alpine', '4', { layers: [Buffer.from('new')] })
      await pull('3')
      await pull('4')
      upstream.tag('library/alpine', next, '3')
      upstream.forgetRequests()
      bench.clock.advance(61)
      expect(await pull('3')).toMatchObject({ cache: 'revalidated', value: { digest: next.digest } })
      expect(upstream.count('GET', manifestPath)).toBe(0)
      expect((await pull(old.digest))?.cache).toBe('hit')
    })

    test('are asked by GET alone where HEAD is bypassed or not supported', async () => {
      const image = upstream.addImage('library/alpine', '3')
      upstream.misbehave({ kind: 'status', status: 405 }, { method: 'HEAD' })
      await pull('3')
      bench.clock.advance(61)
      expect(await pull('3')).toMatchObject({ cache: 'miss', value: { digest: image.digest } })
      await bench.directory.update('hub', (config) => ({ ...config, bypassHeadRequests: true }))
      upstream.forgetRequests()
      bench.clock.advance(61)
      expect(await pull('3')).toMatchObject({ value: { digest: image.digest } })
      expect(upstream.count('HEAD', manifestPath)).toBe(0)
    })

    test('that are not there are believed so for the missed period', async () => {
      upstream.addImage('library/alpine', '3')
      expect(await pull('late')).toBeUndefined()
      upstream.addImage('library/alpine', 'late')
      upstream.forgetRequests()
      expect(await pull('late')).toBeUndefined()
      expect(upstream.requests).toEqual([])
      bench.clock.advance(31)
      expect((await pull('late'))?.cache).toBe('miss')
    })

    test('that vanish upstream are gone, while their digest stays', async () => {
      const image = upstream.addImage('library/alpine', '3')
      await pull('3')
      upstream.removeTag('library/alpine', '3')
      bench.clock.advance(61)
      expect(await pull('3')).toBeUndefined()
      expect((await pull(image.digest))?.cache).toBe('hit')
    })

    test('of one name asked by many at once cost one GET', async () => {
      upstream.addImage('library/alpine', '3')
      await Promise.all(Array.from({ length: 20 }, () => pull('3')))
      expect(upstream.count('GET', manifestPath)).toBe(1)
    })
  })

  describe('whose upstream fails', () => {
    test.each([
      ['answers 500', { kind: 'status', status: 500 } as const],
      ['answers 503', { kind: 'status', status: 503 } as const],
      ['throttles', { kind: 'status', status: 429, headers: { 'retry-after': '7' } } as const],
      ['denies', { kind: 'status', status: 403 } as const],
      ['resets', { kind: 'reset' } as const],
      ['hangs', { kind: 'hang' } as const],
    ])('serves the cached tag as stale when it %s', async (_, behaviour) => {
      const image = upstream.addImage('library/alpine', '3')
      await pull('3')
      upstream.misbehave(behaviour)
      bench.clock.advance(61)
      expect(await pull('3')).toMatchObject({ cache: 'stale', value: { digest: image.digest } })
      expect((await pull(image.digest))?.cache).toBe('hit')
    })

    test.each([
      ['500', 'UPSTREAM_FAILED', { kind: 'status', status: 500 } as const],
      ['503', 'UPSTREAM_UNAVAILABLE', { kind: 'status', status: 503 } as const],
      ['429', 'TOO_MANY_REQUESTS', { kind: 'status', status: 429, headers: { 'retry-after': '7' } } as const],
      ['403', 'DENIED', { kind: 'status', status: 403 } as const],
      ['a reset', 'UPSTREAM_UNAVAILABLE', { kind: 'reset' } as const],
      ['silence', 'UPSTREAM_TIMEOUT', { kind: 'hang' } as const],
    ])('tells %s as %s when nothing is cached, and remembers no absence', async (_, code, behaviour) => {
      upstream.addImage('library/alpine', '3')
      const fault = upstream.misbehave(behaviour)
      await expect(pull('3')).rejects.toMatchObject({ code })
      fault.stop()
      bench.clock.advance(10)
      expect(await pull('3')).toBeDefined()
    })

    test('passes the wait on that the upstream asks for', async () => {
      upstream.misbehave({ kind: 'status', status: 429, headers: { 'retry-after': '7' } })
      await expect(pull('3')).rejects.toMatchObject({ retryAfterSeconds: 7 })
    })

    test('serves nothing but its cache while it is set offline', async () => {
      upstream.addImage('library/alpine', '3')
      upstream.addImage('library/alpine', '4')
      await pull('3')
      await bench.directory.update('hub', (config) => ({ ...config, offline: true }))
      upstream.forgetRequests()
      bench.clock.advance(3600)
      expect((await pull('3'))?.cache).toBe('hit')
      expect(await pull('4')).toBeUndefined()
      expect(await bench.blob('hub', 'library/alpine', digestOf(Buffer.from('cold')))).toBeUndefined()
      expect(upstream.requests).toEqual([])
    })

    test('keeps nothing of a manifest that has another digest than promised', async () => {
      const image = upstream.addImage('library/alpine', '3')
      upstream.misbehave({ kind: 'wrong-bytes' }, { times: 2 })
      await expect(pull('3')).rejects.toMatchObject({ code: 'UPSTREAM_FAILED' })
      await expect(pull(image.digest)).rejects.toMatchObject({ code: 'UPSTREAM_FAILED' })
      expect((await pull('3'))?.value.bytes.equals(image.bytes)).toBe(true)
    })

    test('computes the digest itself where the upstream names none', async () => {
      const image = upstream.addImage('library/alpine', '3')
      upstream.misbehave({ kind: 'no-digest-header' })
      expect((await pull('3'))?.value.digest).toBe(image.digest)
    })

    test('does not take a login page for a manifest', async () => {
      upstream.misbehave({
        kind: 'status',
        status: 200,
        headers: { 'content-type': 'text/html' },
        body: '<html>',
      })
      await expect(pull('3')).rejects.toMatchObject({ code: 'UPSTREAM_FAILED' })
    })
  })

  test('keeps an index byte for byte and fetches its children when asked for', async () => {
    const child = upstream.addImage('library/alpine')
    const index = upstream.addIndex('library/alpine', 'multi', [child])
    const found = await pull('multi')
    expect(found?.value).toMatchObject({ digest: index.digest, mediaType: mediaTypes.ociIndex })
    expect(found?.value.bytes.equals(index.bytes)).toBe(true)
    expect(upstream.count('GET', manifestPath)).toBe(1)
    expect((await pull(child.digest))?.cache).toBe('miss')
  })

  describe('and its lists', () => {
    test('are the upstream tags, sorted and paged', async () => {
      for (const tag of ['b', 'a', 'c']) upstream.addImage('library/alpine', tag)
      const { reader } = bench.repository('hub')
      const first = await reader.tags(
        nameOf('library/alpine'),
        { limit: 2, after: undefined },
        bench.context(),
      )
      expect(first).toMatchObject({ items: ['a', 'b'], more: true })
      const second = await reader.tags(nameOf('library/alpine'), { limit: 2, after: 'b' }, bench.context())
      expect(second).toMatchObject({ items: ['c'], more: false, warnings: [] })
    })

    test('are the cached tags with a warning while the upstream is away', async () => {
      upstream.addImage('library/alpine', '3')
      await pull('3')
      upstream.misbehave({ kind: 'status', status: 503 })
      const { reader } = bench.repository('hub')
      const listing = await reader.tags(nameOf('library/alpine'), firstPage, bench.context())
      expect(listing.items).toEqual(['3'])
      expect(listing.warnings).toHaveLength(1)
      await expect(reader.tags(nameOf('never/seen'), firstPage, bench.context())).rejects.toMatchObject({
        code: 'UPSTREAM_UNAVAILABLE',
      })
    })

    test('tell an image that the upstream does not know', async () => {
      const { reader } = bench.repository('hub')
      await expect(reader.tags(nameOf('nowhere'), firstPage, bench.context())).rejects.toMatchObject({
        code: 'NAME_UNKNOWN',
      })
    })

    test('hold referrers by API, and by fall-back tag where there is no API', async () => {
      const subject = upstream.addImage('library/alpine', '3')
      const signature = upstream.addImage('library/alpine', undefined, {
        subject,
        artifactType: 'application/vnd.test.signature',
      })
      const { reader } = bench.repository('hub')
      const ask = () =>
        reader.referrers(
          nameOf('library/alpine'),
          subject.digest,
          { artifactTypes: [] },
          firstPage,
          bench.context(),
        )
      expect((await ask()).items.map(({ digest }) => digest)).toEqual([signature.digest])
      bench.clock.advance(61)
      upstream.misbehave({ kind: 'status', status: 404 }, { path: /\/referrers\// })
      expect((await ask()).items).toEqual([])
      bench.clock.advance(61)
      upstream.addIndex('library/alpine', subject.digest.replace(':', '-'), [signature])
      expect((await ask()).items.map(({ digest }) => digest)).toEqual([signature.digest])
    })

    test('hold only images that were served', async () => {
      upstream.addImage('library/alpine', '3')
      upstream.addImage('library/other', '1')
      await pull('3')
      const listing = await bench.repository('hub').reader.images(firstPage, bench.context())
      expect(listing.items).toEqual(['library/alpine'])
    })
  })

  test('speaks for the registry whose name clients use', async () => {
    await bench.add(remoteConfig('docker-hub', 'https://registry-1.docker.io'))
    expect(bench.repositories.remoteOf('docker.io')).toBe('docker-hub')
    expect(bench.repositories.remoteOf(upstream.host)).toBe('hub')
    expect(bench.repositories.remoteOf('quay.io')).toBeUndefined()
  })

  test('hides what its patterns exclude without asking the upstream', async () => {
    upstream.addImage('library/alpine', '3')
    await bench.directory.update('hub', (config) => ({ ...config, excludesPattern: 'library/**' }))
    expect(await pull('3')).toBeUndefined()
    expect(await bench.blob('hub', 'library/alpine', digestOf(imageOf([])))).toBeUndefined()
    expect(upstream.requests).toEqual([])
  })
})
