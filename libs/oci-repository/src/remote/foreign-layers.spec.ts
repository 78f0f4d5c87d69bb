import { randomBytes } from 'node:crypto'
import { digestOf } from '@entrepot/kernel'
import { mediaTypes } from '@entrepot/oci-model'
import type { RemoteConfig } from '@entrepot/repositories'
import { localConfig, remoteConfig, virtualConfig } from '@entrepot/repositories/testing'
import { FaultyRegistry } from '@entrepot/upstream/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { imageOf, nameOf, readAll, Workbench } from '../testing/workbench.js'

const image = 'windows/nano'
const layerType = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip'

describe('a foreign layer', () => {
  let bench: Workbench
  let upstream: FaultyRegistry
  let elsewhere: FaultyRegistry
  const bytes = randomBytes(200_000)
  const digest = digestOf(bytes)

  beforeEach(async () => {
    bench = new Workbench()
    upstream = await FaultyRegistry.start()
    elsewhere = await FaultyRegistry.start()
    elsewhere.serve('/layers/base.tar', bytes)
    const config = { assumedOfflinePeriodSecs: 0, externalDependenciesEnabled: true }
    await bench.add(
      remoteConfig('hub', upstream.url, { ...config, username: 'ann', password: 'canary' }),
      localConfig('local'),
      virtualConfig('all', ['local', 'hub']),
    )
  })
  afterEach(async () => {
    await bench.close()
    await upstream.close()
    await elsewhere.close()
  })

  const configure = (changes: Partial<RemoteConfig>) =>
    bench.directory.update('hub', (config) => ({ ...(config as RemoteConfig), ...changes }))
  /** Adds an image with the layer at `urls`, and has its manifest cached. */
  const pulled = async (urls: readonly string[], of = image, size = bytes.length) => {
    const { descriptor } = upstream.addBlob(of, Buffer.from('{}'))
    const manifest = {
      schemaVersion: 2,
      mediaType: mediaTypes.dockerManifest,
      config: { ...descriptor, mediaType: 'application/vnd.docker.container.image.v1+json' },
      layers: [{ mediaType: layerType, digest, size, urls }],
    }
    upstream.addManifest(of, Buffer.from(JSON.stringify(manifest)), mediaTypes.dockerManifest, '1')
    expect(await bench.pull('hub', of, '1')).toBeDefined()
  }
  const here = () => `${elsewhere.url}/layers/base.tar`
  const blob = (key = 'hub', context = bench.context()) => bench.blob(key, image, digest, context)
  const refusal = async (key = 'hub') => {
    const error: unknown = await blob(key).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    expect(error).toMatchObject({ code: 'DENIED' })
    return (error as Error).message
  }

  test('is not what another image of the repository holds by the same digest', async () => {
    await configure({ externalDependenciesEnabled: false })
    const own = upstream.addBlob('secret/app', bytes)
    expect(own.digest).toBe(digest)
    expect(await readAll((await bench.blob('hub', 'secret/app', digest))!.value)).toEqual(bytes)
    await pulled([here()])
    expect(await refusal()).toContain('a foreign layer')
  })

  test('is fetched where the manifest says, without credentials, and cached', async () => {
    await pulled([`${here()}?sig=1`])
    const found = await blob()
    expect(found).toMatchObject({ cache: 'miss', value: { descriptor: { digest, size: bytes.length } } })
    expect((await readAll(found!.value)).equals(bytes)).toBe(true)
    expect(elsewhere.requests.map(({ headers }) => headers['authorization'])).toEqual([undefined])
    expect((await blob())?.cache).toBe('hit')
    expect([elsewhere.requests.length, upstream.count('GET', /\/blobs\//)]).toEqual([1, 0])
  })

  test('is fetched once, for images that share it too', async () => {
    await pulled([here()])
    await pulled([here()], 'windows/other')
    await readAll((await blob())!.value)
    const other = await bench.blob('hub', 'windows/other', digest)
    expect((await readAll(other!.value)).equals(bytes)).toBe(true)
    expect(elsewhere.requests).toHaveLength(1)
  })

  test('is there by its size for who only looks, and is read by its members’ rights', async () => {
    await pulled([here()])
    const found = await blob('hub', bench.context({ metadataOnly: true }))
    expect(found?.value.descriptor.size).toBe(bytes.length)
    expect(elsewhere.requests).toEqual([])
    const tagged = bench.toTags('bob', { actions: ['read', 'deploy'], tags: /^1$/ })
    expect((await blob('all', tagged))?.foundIn).toBe('hub')
    const others = bench.toTags('eve', { actions: ['read', 'deploy'], tags: /^2$/ })
    expect(await blob('hub', others)).toBeUndefined()
  })

  test.each([
    [['**/layers/**'], true],
    [['127.0.0.1:*/**'], true],
    [['http:/127.0.0.1:*/layers/*'], true],
    [['https://**', 'mcr.example/**'], false],
    [['layers/**'], false],
    [['**/sig=1'], false],
  ])('is fetched where a pattern of %j matches: %s', async (externalDependenciesPatterns, isFetched) => {
    await configure({ externalDependenciesPatterns })
    await pulled([`${here()}?sig=1`])
    if (isFetched) expect(await blob()).toBeDefined()
    else expect(await refusal()).toContain('its externalDependenciesPatterns admit no such address')
    expect(elsewhere.requests).toHaveLength(isFetched ? 1 : 0)
  })

  test('is refused, with the reason, where that is not enabled and the upstream has it not', async () => {
    await configure({ externalDependenciesEnabled: false })
    await pulled([`${here()}?sig=canary`])
    const message = await refusal()
    expect(message).toContain(
      `a foreign layer, which lies at ${elsewhere.host}: repository hub does not fetch it`,
    )
    expect(message).toContain('externalDependenciesEnabled is false')
    expect(message).not.toContain('canary')
    expect(await refusal('all')).toBe(message)
    expect(elsewhere.requests).toEqual([])
    // No absence is remembered: what is enabled works at once.
    await configure({ externalDependenciesEnabled: true })
    expect(await blob()).toBeDefined()
  })

  test('comes from the upstream where that has it after all', async () => {
    await configure({ externalDependenciesEnabled: false })
    await pulled([here()])
    upstream.addBlob(image, bytes)
    expect((await readAll((await blob())!.value)).equals(bytes)).toBe(true)
    expect(elsewhere.requests).toEqual([])
  })

  test('is tried at one address after the other', async () => {
    await pulled([`${elsewhere.url}/gone`, 'no address', here()])
    expect((await readAll((await blob())!.value)).equals(bytes)).toBe(true)
  })

  test('fails with what its last address said, and is fetched once that is well', async () => {
    await pulled([here()])
    elsewhere.misbehave({ kind: 'status', status: 500 }, { times: 1 })
    await expect(blob()).rejects.toMatchObject({
      code: 'UPSTREAM_FAILED',
      message: expect.stringContaining('500'),
    })
    elsewhere.misbehave(
      { kind: 'status', status: 200, headers: { 'content-type': 'text/html' }, body: '<p>' },
      { times: 1 },
    )
    await expect(blob()).rejects.toMatchObject({ message: expect.stringContaining('web page') })
    expect((await readAll((await blob())!.value)).equals(bytes)).toBe(true)
  })

  test('of other bytes or another size is not kept', async () => {
    await pulled([here()])
    elsewhere.misbehave({ kind: 'wrong-bytes' }, { times: 1 })
    const found = await blob()
    await expect(readAll(found!.value)).rejects.toMatchObject({ code: 'UPSTREAM_FAILED' })
    expect(await bench.index.findAnywhere(digest)).toBeUndefined()
    await pulled([here()], 'windows/short', 10)
    const short = bench.blob('hub', 'windows/short', digest)
    await expect(short).rejects.toMatchObject({ message: expect.stringContaining('expected 10') })
  })

  test('resumes where its server broke off', async () => {
    await pulled([here()])
    elsewhere.misbehave({ kind: 'drop', afterBytes: 50_000 }, { times: 1 })
    expect((await readAll((await blob())!.value)).equals(bytes)).toBe(true)
    expect(elsewhere.requests[1]?.headers['range']).toMatch(/^bytes=\d+-$/)
  })

  test('is not fetched while the remote is offline, nor for who may not add to its cache', async () => {
    await pulled([here()])
    await expect(blob('hub', bench.only(['read'], 'hub'))).rejects.toMatchObject({ code: 'DENIED' })
    await configure({ offline: true })
    expect(await blob()).toBeUndefined()
    expect(elsewhere.requests).toEqual([])
  })

  test('says so where the manifest has no address for it', async () => {
    await pulled([])
    expect(await refusal()).toContain('which says no place to fetch it from')
  })

  test('is passed on where nothing is kept', async () => {
    await pulled([here()])
    await configure({ storeArtifactsLocally: false })
    expect((await readAll((await blob())!.value)).equals(bytes)).toBe(true)
    expect(await bench.index.findAnywhere(digest)).toBeUndefined()
  })

  test('does not keep its image from being promoted, and stays where it lies', async () => {
    await pulled([here()])
    await readAll((await bench.blob('hub', image, digestOf(Buffer.from('{}'))))!.value)
    const request = { source: bench.repository('hub'), target: bench.repository('local'), image, copy: true }
    const promoted = []
    for await (const each of bench.promotion.promote(request, bench.context())) promoted.push(each)
    expect(promoted).toMatchObject([{ to: { repository: 'local', tag: '1' } }])
    expect(await bench.blob('local', image, digest)).toBeUndefined()
  })

  test('of a push is not asked for', async () => {
    await bench.pushBlob('local', image, Buffer.from('{}'))
    const manifest = imageOf([], {
      layers: [{ mediaType: layerType, digest, size: bytes.length, urls: [here()] }],
    })
    expect((await bench.pushManifest('local', image, 'own', manifest)).digest).toBe(digestOf(manifest))
    expect(
      await bench.manifests.listingForeign(bench.directory.find('local')!.id, nameOf(image), digest),
    ).toEqual([])
  })
})
