import { digestOf } from '@entrepot/kernel'
import { localConfig, remoteConfig, virtualConfig } from '@entrepot/repositories/testing'
import { FaultyRegistry } from '@entrepot/upstream/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { RequestContext } from '../request-context.js'
import { Workbench, nameOf, readAll } from '../testing/workbench.js'
import { NotCachedError } from './not-cached-error.js'

const alpine = nameOf('library/alpine')
const all = { limit: 100, after: undefined }
const refused = {
  code: 'DENIED',
  message: expect.stringMatching(
    /not in the cache of remote repository hub.*right to deploy library\/alpine there/,
  ) as string,
}

describe('the cache of a remote repository', () => {
  let bench: Workbench
  let upstream: FaultyRegistry
  let reader: RequestContext

  beforeEach(async () => {
    bench = new Workbench()
    upstream = await FaultyRegistry.start()
    const periods = { retrievalCachePeriodSecs: 60, missedRetrievalCachePeriodSecs: 30 }
    await bench.add(
      remoteConfig('hub', upstream.url, periods),
      localConfig('local'),
      virtualConfig('all', ['local', 'hub']),
      virtualConfig('outer', ['all']),
      virtualConfig('hub-first', ['hub', 'local']),
    )
    reader = bench.only(['read'], 'hub', 'local')
  })
  afterEach(async () => {
    await bench.close()
    await upstream.close()
  })

  const pull = (reference: string, context = reader, key = 'hub') =>
    bench.pull(key, 'library/alpine', reference, context)

  /** Pulled by somebody who may deploy. */
  async function cached(tag: string) {
    const image = upstream.addImage('library/alpine', tag)
    await pull(tag, bench.only(['read', 'deploy'], 'hub'))
    for (const { digest } of [image.config, ...image.layers]) {
      const found = await bench.blob('hub', 'library/alpine', digest)
      await readAll(found!.value)
      await expect.poll(() => bench.index.findAnywhere(digest)).toBeDefined()
    }
    upstream.forgetRequests()
    return image
  }

  test('is read without asking the upstream by who may only read, when it has gone stale too', async () => {
    const image = await cached('3')
    bench.clock.advance(3600)
    expect((await pull('3'))?.cache).toBe('hit')
    expect((await pull(image.digest))?.cache).toBe('hit')
    const layer = image.layers[0]!.digest
    expect((await bench.blob('hub', 'library/alpine', layer, reader))?.cache).toBe('hit')
    const tags = await bench.repository('hub').reader.tags(alpine, all, reader)
    expect(tags.items).toEqual(['3'])
    const referrers = await bench
      .repository('hub')
      .reader.referrers(alpine, image.digest, { artifactTypes: [] }, all, reader)
    expect(referrers.items).toEqual([])
    expect(upstream.requests).toEqual([])
  })

  test('is not filled for who may only read: that is told, and the upstream not asked', async () => {
    const image = upstream.addImage('library/alpine', '3')
    await expect(pull('3')).rejects.toMatchObject(refused)
    await expect(pull(image.digest)).rejects.toMatchObject(refused)
    await expect(pull('nowhere')).rejects.toMatchObject(refused)
    for (const metadataOnly of [true, false]) {
      const asking = bench.blob('hub', 'library/alpine', image.config.digest, { ...reader, metadataOnly })
      await expect(asking).rejects.toMatchObject(refused)
    }
    const tags = bench.repository('hub').reader.tags(alpine, all, reader)
    await expect(tags).rejects.toBeInstanceOf(NotCachedError)
    expect(upstream.requests).toEqual([])
    expect((await pull('3', bench.only(['read', 'deploy'], 'hub')))?.cache).toBe('miss')
    expect((await pull('3'))?.cache).toBe('hit')
  })

  test('fetches no lost bytes again for who may only read', async () => {
    const image = await cached('3')
    const { digest } = image.layers[0]!
    await bench.blobs.delete((await bench.index.findAnywhere(digest))!.key)
    const broken = await bench.blob('hub', 'library/alpine', digest, reader)
    await expect(broken!.value.open()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(upstream.requests).toEqual([])
  })

  test('says "not there" to all when the repository is offline, because nobody could fill it', async () => {
    await bench.directory.update('hub', (config) => ({ ...config, offline: true }))
    expect(await pull('3')).toBeUndefined()
    await expect(bench.repository('hub').reader.tags(alpine, all, reader)).rejects.toMatchObject({
      code: 'NAME_UNKNOWN',
    })
  })

  test('is not said to lack what the patterns of the repository hide', async () => {
    await bench.directory.update('hub', (config) => ({ ...config, includesPattern: 'bitnami/**' }))
    expect(await pull('3')).toBeUndefined()
    expect(await bench.blob('hub', 'library/alpine', digestOf(Buffer.from('x')), reader)).toBeUndefined()
  })

  test('is filled by tag and by what the tag reaches, for who may deploy that tag', async () => {
    const three = upstream.addImage('library/alpine', '3')
    const edge = upstream.addImage('library/alpine', 'edge')
    const partly = bench.toTags('ann', { actions: ['read'] }, { actions: ['deploy'], tags: /^3/ })
    await expect(pull('edge', partly)).rejects.toBeInstanceOf(NotCachedError)
    expect((await pull('3', partly))?.cache).toBe('miss')
    const layer = await bench.blob('hub', 'library/alpine', three.layers[0]!.digest, partly)
    expect((await readAll(layer!.value)).equals(three.layers[0]!.bytes)).toBe(true)
    await expect(pull(edge.digest, partly)).rejects.toBeInstanceOf(NotCachedError)
    expect((await bench.repository('hub').reader.tags(alpine, all, partly)).items).toEqual(['3', 'edge'])
  })

  test('shows what tags reach to who may read these, fetched or not', async () => {
    const children = [upstream.addImage('library/alpine'), upstream.addImage('library/alpine')]
    upstream.addIndex('library/alpine', '3', children)
    const edge = await cached('edge')
    const context = bench.toTags('ann', { actions: ['read', 'deploy'], tags: /^3$/ })
    expect(await pull(children[0]!.digest, context)).toBeUndefined()
    expect((await pull('3', context))?.cache).toBe('miss')
    expect((await pull(children[1]!.digest, context))?.cache).toBe('miss')
    const layer = await bench.blob('hub', 'library/alpine', children[1]!.layers[0]!.digest, context)
    expect(layer?.cache).toBe('miss')
    await readAll(layer!.value)
    upstream.forgetRequests()
    expect(await pull('edge', context)).toBeUndefined()
    expect(await pull(edge.digest, context)).toBeUndefined()
    expect(await bench.blob('hub', 'library/alpine', edge.layers[0]!.digest, context)).toBeUndefined()
    expect((await bench.repository('hub').reader.tags(alpine, all, context)).items).toEqual(['3'])
    expect(upstream.count('GET', /manifests|blobs/)).toBe(0)
  })

  describe.each(['all', 'outer'])('through virtual repository %s', (virtual) => {
    test('is passed over where a local member answers', async () => {
      await bench.pushImage('local', 'library/alpine', 'mine')
      expect((await pull('mine', reader, virtual))?.foundIn).toBe('local')
      const layer = await bench.pushBlob('local', 'library/alpine', Buffer.from('here'))
      expect((await bench.blob(virtual, 'library/alpine', layer, reader))?.foundIn).toBe('local')
      expect((await bench.repository(virtual).reader.tags(alpine, all, reader)).items).toEqual(['mine'])
      expect(upstream.requests).toEqual([])
    })

    test('answers what it has, and refuses what nobody has', async () => {
      await cached('3')
      await bench.pushImage('local', 'library/alpine', 'mine')
      expect((await pull('3', reader, virtual))?.foundIn).toBe('hub')
      upstream.addImage('library/alpine', '4')
      await expect(pull('4', reader, virtual)).rejects.toMatchObject(refused)
      expect(upstream.requests).toEqual([])
    })

    test('refuses although a local member has the image under other tags', async () => {
      await bench.pushImage('local', 'library/alpine', 'mine')
      await expect(pull('3', reader, virtual)).rejects.toMatchObject(refused)
      const nobodys = bench.only(['read'], 'local')
      expect(await pull('3', nobodys, virtual)).toBeUndefined()
    })

    test('is not there for who may not read it', async () => {
      await cached('3')
      const stranger = bench.toTags('eve', { actions: ['read'], in: ['local'] })
      expect(await pull('3', stranger, virtual)).toBeUndefined()
      const tags = bench.repository(virtual).reader.tags(alpine, all, stranger)
      await expect(tags).rejects.toMatchObject({ code: 'NAME_UNKNOWN' })
      expect((await bench.repository(virtual).reader.images(all, stranger)).items).toEqual([])
    })

    test('and a member widen nobody’s rights, by tag neither', async () => {
      const image = await cached('edge')
      await bench.pushImage('local', 'library/alpine', 'edge')
      const context = bench.toTags(
        'ann',
        { actions: ['read', 'deploy'], tags: /^3$/, in: ['hub'] },
        { actions: ['read'], tags: /^edge$/, in: ['local'] },
      )
      expect((await pull('edge', context, virtual))?.foundIn).toBe('local')
      expect(await pull(image.digest, context, virtual)).toBeUndefined()
      const layer = image.layers[0]!.digest
      expect(await bench.blob(virtual, 'library/alpine', layer, context)).toBeUndefined()
      expect((await bench.repository(virtual).reader.tags(alpine, all, context)).items).toEqual(['edge'])
    })
  })
  test('is passed over in a virtual repository, though it has other tags of the image', async () => {
    const edge = await cached('edge')
    await bench.pushImage('local', 'library/alpine', 'mine')
    expect((await pull('mine', reader, 'hub-first'))?.foundIn).toBe('local')
    expect((await pull('edge', reader, 'hub-first'))?.foundIn).toBe('hub')
    await expect(pull('nowhere', reader, 'hub-first')).rejects.toMatchObject(refused)
    const layer = await bench.pushBlob('local', 'library/alpine', Buffer.from('here'))
    expect((await bench.blob('hub-first', 'library/alpine', layer, reader))?.foundIn).toBe('local')
    expect((await pull(edge.digest, reader, 'hub-first'))?.foundIn).toBe('hub')
    expect(upstream.requests).toEqual([])
  })
})
