import { randomBytes } from 'node:crypto'
import { RegistryError, digestOf } from '@entrepot/kernel'
import type { RepositoryKey } from '@entrepot/repositories'
import { localConfig, remoteConfig, virtualConfig } from '@entrepot/repositories/testing'
import { FaultyRegistry } from '@entrepot/upstream/testing'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Workbench, imageOf, nameOf } from '../testing/workbench.js'

const firstPage = { limit: 100, after: undefined }
const everyType = { artifactTypes: [] }

describe('reading through a virtual repository', () => {
  let bench: Workbench
  let upstream: FaultyRegistry

  beforeEach(async () => {
    bench = new Workbench()
    upstream = await FaultyRegistry.start()
    await bench.add(
      localConfig('one'),
      localConfig('two'),
      remoteConfig('hub', upstream.url, { assumedOfflinePeriodSecs: 0, retrievalCachePeriodSecs: 60 }),
      virtualConfig('all', ['one', 'two', 'hub'], { defaultDeploymentRepo: 'one' as RepositoryKey }),
    )
  })
  afterEach(async () => {
    await bench.close()
    await upstream.close()
  })

  const pull = (image: string, reference: string) => bench.pull('all', image, reference)
  const tags = (key: string, image: string) =>
    bench.repository(key).reader.tags(nameOf(image), firstPage, bench.context())
  const pusher = () => bench.context({ deploying: true, metadataOnly: true })
  const somewhereElse = digestOf(Buffer.from('a blob that nobody has'))

  describe("answers a pusher's HEAD for a blob", () => {
    test('without the upstream, also of an image that it has served', async () => {
      upstream.addImage('library/alpine', '3')
      await pull('library/alpine', '3')
      upstream.forgetRequests()
      upstream.misbehave({ kind: 'status', status: 503 })
      expect(await bench.blob('all', 'library/alpine', somewhereElse, pusher())).toBeUndefined()
      expect(upstream.requests).toEqual([])
    })

    test('from what any member has stored', async () => {
      const digest = await bench.pushBlob('two', 'team/app', Buffer.from('stored'))
      expect((await bench.blob('all', 'team/app', digest, pusher()))?.foundIn).toBe('two')
    })
  })

  test('asks honestly when a pusher reads the bytes of a blob', async () => {
    upstream.misbehave({ kind: 'status', status: 503 })
    const reading = bench.blob('all', 'team/new', somewhereElse, bench.context({ deploying: true }))
    await expect(reading).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' })
  })

  test('looks for a stored blob in all members at once', async () => {
    const layer = randomBytes(64)
    upstream.addBlob('library/alpine', layer)
    const found = await bench.blob('hub', 'library/alpine', digestOf(layer))
    await expect.poll(() => bench.index.findAnywhere(digestOf(layer))).toBeDefined()
    expect(found?.cache).toBe('miss')
    let running = 0
    let most = 0
    const find = bench.index.find.bind(bench.index)
    vi.spyOn(bench.index, 'find').mockImplementation(async (...key) => {
      most = Math.max(most, (running += 1))
      await new Promise((resolve) => setTimeout(resolve, 5))
      running -= 1
      return find(...key)
    })
    expect((await bench.blob('all', 'library/alpine', digestOf(layer)))?.foundIn).toBe('hub')
    expect(most).toBe(3)
  })

  describe('with an upstream that denies what it does not have', () => {
    beforeEach(async () => {
      await bench.pushImage('one', 'team/app', '1')
      upstream.misbehave({ kind: 'status', status: 401 })
    })

    test('says "not there" of an image that another member has', async () => {
      expect(await pull('team/app', 'no-such-tag')).toBeUndefined()
      expect(await bench.blob('all', 'team/app', somewhereElse)).toBeUndefined()
    })

    test('passes the denial on for an image that nobody has', async () => {
      await expect(pull('team/other', '1')).rejects.toMatchObject({ code: 'DENIED' })
      await expect(tags('all', 'team/other')).rejects.toMatchObject({ code: 'DENIED' })
    })

    test('warns of no missing entries in the lists of such an image', async () => {
      expect(await tags('all', 'team/app')).toMatchObject({ items: ['1'], warnings: [] })
    })
  })

  test('passes a denial on by a remote that has served the image', async () => {
    upstream.addImage('team/app', '1')
    await bench.pull('hub', 'team/app', '1')
    await bench.pushImage('one', 'team/app', '2')
    upstream.misbehave({ kind: 'status', status: 401 })
    await expect(pull('team/app', '3')).rejects.toMatchObject({ code: 'DENIED' })
  })

  describe('with a member out of service', () => {
    const outOfService = (key: string) =>
      bench.directory.update(key, (config) => ({ ...config, blackedOut: true }))

    test.each(['one', 'hub'])('goes on without %s for what it does not hold', async (key) => {
      const first = key === 'one' ? 'one' : 'hub'
      await bench.add(virtualConfig('mixed', [first, 'two']))
      const { digest } = await bench.pushImage('two', 'team/app', '1')
      const layer = await bench.pushBlob('two', 'team/app', Buffer.from('layer'))
      await outOfService(key)
      expect((await bench.pull('mixed', 'team/app', '1'))?.foundIn).toBe('two')
      expect((await bench.blob('mixed', 'team/app', layer))?.foundIn).toBe('two')
      expect(await bench.blob('mixed', 'team/app', somewhereElse, pusher())).toBeUndefined()
      expect((await tags('mixed', 'team/app')).items).toEqual(['1'])
      const { reader } = bench.repository('mixed')
      const referrers = reader.referrers(nameOf('team/app'), digest, everyType, firstPage, bench.context())
      expect((await referrers).items).toEqual([])
    })

    test('lets nobody else answer for an image that it holds', async () => {
      await bench.pushImage('one', 'team/app', '1')
      await bench.pushImage('two', 'team/app', '1')
      await outOfService('one')
      await expect(pull('team/app', '1')).rejects.toMatchObject({ code: 'DENIED' })
    })

    test('lists none of its images', async () => {
      await bench.pushImage('one', 'team/app', '1')
      upstream.addImage('library/alpine', '3')
      await bench.pull('hub', 'library/alpine', '3')
      await outOfService('one')
      await outOfService('hub')
      for (const key of ['one', 'hub', 'all']) {
        expect((await bench.repository(key).reader.images(firstPage, bench.context())).items).toEqual([])
      }
    })
  })

  describe('with priority inside a nested virtual', () => {
    beforeEach(async () => {
      await bench.directory.update('two', (config) => ({ ...config, priorityResolution: true }))
      await bench.add(virtualConfig('inner', ['two', 'hub']), virtualConfig('outer', ['one', 'inner']))
    })

    test('asks that member first', async () => {
      await bench.pushImage('one', 'app', '1')
      await bench.pushImage('two', 'app', '1')
      expect((await bench.pull('outer', 'app', '1'))?.foundIn).toBe('two')
    })

    test('claims images for no member without it', async () => {
      await bench.pushImage('one', 'app', '1')
      upstream.addImage('app', 'only-upstream')
      expect((await bench.pull('outer', 'app', 'only-upstream'))?.foundIn).toBe('hub')
    })
  })

  test('takes no image for held that the patterns of its member hide', async () => {
    await bench.directory.update('two', (config) => ({ ...config, priorityResolution: true }))
    await bench.pushImage('two', 'app', '1')
    await bench.pushImage('one', 'app', '1')
    await bench.directory.update('two', (config) => ({ ...config, excludesPattern: 'app' }))
    expect((await pull('app', '1'))?.foundIn).toBe('one')
  })

  test('tells an unknown image as such while a remote is offline or excludes it', async () => {
    await bench.directory.update('hub', (config) => ({ ...config, offline: true }))
    await expect(tags('hub', 'nowhere')).rejects.toMatchObject({ code: 'NAME_UNKNOWN' })
    await expect(tags('all', 'nowhere')).rejects.toMatchObject({ code: 'NAME_UNKNOWN' })
    const excluding = { offline: false, excludesPattern: 'team/**' }
    await bench.directory.update('hub', (config) => ({ ...config, ...excluding }))
    await expect(tags('hub', 'team/app')).rejects.toMatchObject({ code: 'NAME_UNKNOWN' })
    expect(upstream.requests).toEqual([])
  })

  test('links nothing for a push that is refused', async () => {
    await bench.directory.update('one', (config) => ({ ...config, excludesPattern: '**/dev-*' }))
    const layer = Buffer.from('shared')
    await bench.pushBlob('two', 'team/app', layer)
    await bench.pushBlob('two', 'team/app', Buffer.from('{}'))
    await expect(bench.pushManifest('all', 'team/app', 'dev-1', imageOf([layer]))).rejects.toMatchObject({
      code: 'DENIED',
    })
    expect(await bench.blob('one', 'team/app', digestOf(layer))).toBeUndefined()
    await bench.pushManifest('all', 'team/app', '1', imageOf([layer]))
    expect(await bench.blob('one', 'team/app', digestOf(layer))).toBeDefined()
  })

  test('does not take a failure of the database for a denial', async () => {
    bench.manifests.failure = new RegistryError('UNAVAILABLE', 'the database is away')
    await expect(pull('team/app', '1')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await expect(tags('all', 'team/app')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })
})
