import { RegistryError, digestOf } from '@entrepot/kernel'
import { parseReference } from '@entrepot/oci-model'
import type { RepositoryKey } from '@entrepot/repositories'
import { localConfig, remoteConfig, virtualConfig } from '@entrepot/repositories/testing'
import { FaultyRegistry } from '@entrepot/upstream/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Workbench, imageOf, nameOf, readAll } from '../testing/workbench.js'

const firstPage = { limit: 100, after: undefined }

describe('a virtual repository', () => {
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
  const down = () => upstream.misbehave({ kind: 'status', status: 503 })

  test('answers from the first member that has the item, and says which', async () => {
    await bench.pushImage('two', 'app', '1')
    expect((await pull('app', '1'))?.foundIn).toBe('two')
    await bench.pushImage('one', 'app', '1')
    expect((await pull('app', '1'))?.foundIn).toBe('one')
    upstream.addImage('app', 'only-upstream')
    expect(await pull('app', 'only-upstream')).toMatchObject({ foundIn: 'hub', cache: 'miss' })
    expect(await pull('app', 'nowhere')).toBeUndefined()
  })

  test('takes a push into its default deployment repository', async () => {
    await bench.pushImage('all', 'team/app', '1')
    expect((await bench.pull('one', 'team/app', '1'))?.foundIn).toBe('one')
    expect(await bench.pull('two', 'team/app', '1')).toBeUndefined()
  })

  test('takes no push without a deployment target', async () => {
    await bench.add(virtualConfig('read-only', ['one', 'two']))
    expect(bench.repository('read-only').writer).toBeUndefined()
  })

  test('links the layers that a pushed image shares with its namesake in another member', async () => {
    const { layers, config, bytes } = upstream.addImage('library/base', '1')
    await pull('library/base', '1')
    for (const blob of [config, ...layers]) {
      const found = await bench.blob('all', 'library/base', blob.digest)
      await readAll(found!.value)
    }
    await expect(bench.pushManifest('all', 'team/app', '1', bytes)).rejects.toMatchObject({
      code: 'MANIFEST_BLOB_UNKNOWN',
    })
    await expect(bench.pushManifest('all', 'library/base', 'mine', bytes)).resolves.toBeDefined()
    expect((await bench.pull('one', 'library/base', 'mine'))?.foundIn).toBe('one')
  })

  test('flattens nested virtual repositories in place', async () => {
    await bench.add(virtualConfig('inner', ['two', 'hub']), virtualConfig('outer', ['inner', 'one']))
    await bench.pushImage('two', 'app', '1')
    await bench.pushImage('one', 'app', '1')
    expect((await bench.pull('outer', 'app', '1'))?.foundIn).toBe('two')
    expect(bench.repository('outer').leaves).toEqual(['two', 'hub', 'one'])
  })

  test('asks members with priority first, and no other for an image that one of them has', async () => {
    await bench.pushImage('one', 'app', '1')
    await bench.pushImage('two', 'app', '2')
    await bench.directory.update('two', (config) => ({ ...config, priorityResolution: true }))
    expect((await pull('app', '2'))?.foundIn).toBe('two')
    expect(await pull('app', '1')).toBeUndefined()
    const { reader } = bench.repository('all')
    expect((await reader.tags(nameOf('app'), firstPage, bench.context())).items).toEqual(['2'])
    await bench.pushImage('one', 'elsewhere', '1')
    expect((await pull('elsewhere', '1'))?.foundIn).toBe('one')
  })

  test('keeps to its own patterns and to those of each member', async () => {
    await bench.directory.update('all', (config) => ({ ...config, includesPattern: 'team/**' }))
    await bench.directory.update('one', (config) => ({ ...config, excludesPattern: '**/old' }))
    await bench.pushImage('one', 'team/app', 'new')
    await bench.pushImage('two', 'team/app', 'old')
    await bench.pushImage('two', 'other/app', '1')
    expect((await pull('team/app', 'new'))?.foundIn).toBe('one')
    expect((await pull('team/app', 'old'))?.foundIn).toBe('two')
    expect(await pull('other/app', '1')).toBeUndefined()
    await expect(bench.pushImage('all', 'other/app', '2')).rejects.toMatchObject({ code: 'DENIED' })
  })

  test('never widens rights: a member that one may not read does not answer', async () => {
    await bench.pushImage('one', 'app', '1')
    const { digest } = await bench.pushImage('two', 'app', '1')
    const reader = bench.only(['read'], 'two')
    expect(await bench.pull('all', 'app', '1', reader)).toMatchObject({ foundIn: 'two', value: { digest } })
    const layer = await bench.pushBlob('one', 'app', Buffer.from('secret'))
    expect(await bench.blob('all', 'app', layer, reader)).toBeUndefined()
  })

  describe('with a failing member', () => {
    test('stops at a local one: nobody else answers for it', async () => {
      await bench.pushImage('two', 'app', '1')
      bench.manifests.failure = new RegistryError('UNAVAILABLE', 'the database is away')
      await expect(pull('app', '1')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    })

    test('passes over a remote that never served the image', async () => {
      await bench.add(virtualConfig('hub-first', ['hub', 'one']))
      await bench.pushImage('one', 'team/app', '1')
      down()
      expect((await bench.pull('hub-first', 'team/app', '1'))?.foundIn).toBe('one')
    })

    test('lets no later member answer for an image that the remote has served', async () => {
      await bench.add(virtualConfig('hub-first', ['hub', 'one']))
      upstream.addImage('app', '1')
      await bench.pull('hub-first', 'app', '1')
      await bench.pushImage('one', 'app', '2')
      down()
      await expect(bench.pull('hub-first', 'app', '2')).rejects.toMatchObject({
        code: 'UPSTREAM_UNAVAILABLE',
      })
      bench.clock.advance(61)
      expect(await bench.pull('hub-first', 'app', '1')).toMatchObject({ foundIn: 'hub', cache: 'stale' })
    })

    test('answers the failure, not absence, when nobody has the image', async () => {
      down()
      await expect(pull('library/alpine', '3')).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' })
    })

    test('still takes a push: what a pusher looks up is no upstream business', async () => {
      down()
      const pusher = bench.context({ deploying: true, metadataOnly: true })
      const unknown = digestOf(Buffer.from('a new layer'))
      expect(await bench.blob('all', 'team/new', unknown, pusher)).toBeUndefined()
      expect(await bench.pull('all', 'team/new', '1', pusher)).toBeUndefined()
      const basicPusher = bench.context({ metadataOnly: true })
      expect(await bench.blob('all', 'team/new', unknown, basicPusher)).toBeUndefined()
      await expect(bench.pushImage('all', 'team/new', '1')).resolves.toBeDefined()
    })

    test('lists the tags of the others with a warning', async () => {
      await bench.pushImage('one', 'app', '1')
      down()
      const { reader } = bench.repository('all')
      const listing = await reader.tags(nameOf('app'), firstPage, bench.context())
      expect(listing.items).toEqual(['1'])
      expect(listing.warnings.join()).toContain('hub')
      await expect(reader.tags(nameOf('unknown'), firstPage, bench.context())).rejects.toMatchObject({
        code: 'UPSTREAM_UNAVAILABLE',
      })
    })
  })

  test("answers a pusher's HEAD from the deployment target alone", async () => {
    upstream.addImage('app', '1')
    const pusher = bench.context({ deploying: true, metadataOnly: true })
    expect(await bench.pull('all', 'app', '1', pusher)).toBeUndefined()
    await bench.pushImage('one', 'app', '1')
    expect((await bench.pull('all', 'app', '1', pusher))?.foundIn).toBe('one')
  })

  test('merges tags over the members, each once, in pages', async () => {
    for (const tag of ['a', 'c', 'e']) await bench.pushImage('one', 'app', tag)
    for (const tag of ['b', 'c', 'd']) await bench.pushImage('two', 'app', tag)
    upstream.addImage('app', 'f')
    const { reader } = bench.repository('all')
    const pages: (readonly string[])[] = []
    for (let after: string | undefined, more = true; more;) {
      const listing = await reader.tags(nameOf('app'), { limit: 2, after }, bench.context())
      pages.push(listing.items)
      after = listing.items.at(-1)
      more = listing.more
    }
    expect(pages).toEqual([
      ['a', 'b'],
      ['c', 'd'],
      ['e', 'f'],
    ])
  })

  test('merges images and referrers over the members, each once', async () => {
    const { digest } = await bench.pushImage('one', 'app', '1')
    await bench.pushImage('two', 'app', '1')
    await bench.pushImage('two', 'zoo', '1')
    const { reader } = bench.repository('all')
    expect((await reader.images(firstPage, bench.context())).items).toEqual(['app', 'zoo'])
    const subject = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: 1 }
    const signature = imageOf([], { subject, artifactType: 'application/vnd.test.signature' })
    const sbom = imageOf([], { subject, artifactType: 'application/vnd.test.sbom' })
    for (const key of ['one', 'two']) {
      await bench.pushBlob(key, 'app', Buffer.from('{}'))
      await bench.pushManifest(key, 'app', digestOf(signature), signature)
    }
    await bench.pushManifest('two', 'app', digestOf(sbom), sbom)
    const all = await reader.referrers(
      nameOf('app'),
      digest,
      { artifactTypes: [] },
      firstPage,
      bench.context(),
    )
    expect(all.items.map((item) => item.digest).sort()).toEqual([digestOf(signature), digestOf(sbom)].sort())
    const filter = { artifactTypes: ['application/vnd.test.sbom'] }
    const some = await reader.referrers(nameOf('app'), digest, filter, firstPage, bench.context())
    expect(some.items.map((item) => item.digest)).toEqual([digestOf(sbom)])
  })

  test('forwards a delete to the deployment repository and leaves the other members alone', async () => {
    await bench.pushImage('one', 'app', '1')
    await bench.pushImage('two', 'app', '1')
    const writer = bench.repository('all').writer!
    expect(await writer.deleteManifest(nameOf('app'), parseReference('1'), bench.context())).toBeDefined()
    expect((await pull('app', '1'))?.foundIn).toBe('two')
    expect(await writer.deleteManifest(nameOf('app'), parseReference('1'), bench.context())).toBeUndefined()
  })
})
