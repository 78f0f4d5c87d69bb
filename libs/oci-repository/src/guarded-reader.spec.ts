import { randomBytes } from 'node:crypto'
import { type Digest, digestOf, hexOf } from '@entrepot/kernel'
import { mediaTypes } from '@entrepot/oci-model'
import { localConfig } from '@entrepot/repositories/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { OciReader } from './oci-repository.js'
import type { RequestContext } from './request-context.js'
import { Workbench, imageOf, nameOf } from './testing/workbench.js'

const app = nameOf('team/app')
const all = { limit: 100, after: undefined }
const none = { artifactTypes: [] }

function indexOf(...children: readonly Digest[]): Buffer {
  const manifests = children.map((digest) => ({ mediaType: mediaTypes.ociManifest, digest, size: 2 }))
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests }))
}

function referTo(subject: Digest, layer: Buffer): Buffer {
  return imageOf([layer], { subject: { mediaType: mediaTypes.ociManifest, digest: subject, size: 2 } })
}

describe('reading a repository with rights to some tags', () => {
  let bench: Workbench
  let reader: OciReader
  let someTags: RequestContext
  let nothing: RequestContext

  beforeEach(async () => {
    bench = new Workbench()
    await bench.add(localConfig('local'))
    reader = bench.repository('local').reader
    someTags = bench.toTags('ann', { actions: ['read'], tags: /^release-/ })
    nothing = bench.toTags('bob')
    await bench.pushBlob('local', 'team/app', Buffer.from('{}'))
  })
  afterEach(() => bench.close())

  /** An image of one layer, pushed by somebody with all rights. */
  async function push(
    reference: string,
    layer = randomBytes(32),
  ): Promise<{ digest: Digest; layer: Digest }> {
    const blob = await bench.pushBlob('local', 'team/app', layer)
    const bytes = imageOf([layer])
    const target = reference === '' ? digestOf(bytes) : reference
    const { digest } = await bench.pushManifest('local', 'team/app', target, bytes)
    return { digest, layer: blob }
  }
  const canPull = async (reference: string, context = someTags) =>
    (await bench.pull('local', 'team/app', reference, context)) !== undefined
  const canRead = async (digest: Digest, context = someTags) =>
    (await bench.blob('local', 'team/app', digest, context)) !== undefined &&
    (await reader.storedBlob(app, digest, context)) !== undefined

  test('gives a manifest by a tag that may be read, and none by another', async () => {
    await push('release-1')
    await push('dev-1')
    expect(await canPull('release-1')).toBe(true)
    expect(await canPull('dev-1')).toBe(false)
    expect(await canPull('nowhere')).toBe(false)
    expect(await canPull('release-1', nothing)).toBe(false)
  })

  test('gives by digest what is reached from such a tag, and nothing else', async () => {
    const released = await push('release-1')
    const secret = await push('dev-1')
    const untagged = await push('')
    expect([await canPull(released.digest), await canRead(released.layer)]).toEqual([true, true])
    for (const { digest, layer } of [secret, untagged]) {
      expect([await canPull(digest), await canRead(layer)]).toEqual([false, false])
    }
    expect([await canPull(released.digest, nothing), await canRead(released.layer, nothing)]).toEqual([
      false,
      false,
    ])
  })

  test('gives a layer that a secret image shares with a readable one', async () => {
    const shared = randomBytes(32)
    const secret = await push('dev-1', shared)
    expect(await canRead(secret.layer)).toBe(false)
    await push('release-1', shared)
    expect(await canRead(secret.layer)).toBe(true)
    expect(await canPull(secret.digest)).toBe(true)
  })

  test('gives the images of an index, and of an index in it', async () => {
    const child = await push('')
    const { digest: inner } = await bench.pushManifest('local', 'team/app', 'inner', indexOf(child.digest))
    expect(await canPull(child.digest)).toBe(false)
    await bench.pushManifest('local', 'team/app', 'release-2', indexOf(inner))
    expect(await canPull(inner)).toBe(true)
    expect(await canPull('inner')).toBe(false)
    expect([await canPull(child.digest), await canRead(child.layer)]).toEqual([true, true])
  })

  test('takes away by digest what the tag has left', async () => {
    const old = await push('release-1')
    await push('release-1')
    expect(await canPull(old.digest)).toBe(false)
  })

  test('gives what refers to what may be read, however it is kept', async () => {
    const subjects = { release: await push('release-1'), dev: await push('dev-1') }
    for (const [name, { digest: subject }] of Object.entries(subjects)) {
      const layer = randomBytes(32)
      const blob = await bench.pushBlob('local', 'team/app', layer)
      const bytes = referTo(subject, layer)
      const { digest } = await bench.pushManifest('local', 'team/app', digestOf(bytes), bytes)
      const cosign = await push(`sha256-${hexOf(subject)}.sig`)
      const isRelease = name === 'release'
      expect(await canPull(digest)).toBe(isRelease)
      expect(await canRead(blob)).toBe(isRelease)
      expect(await canPull(`sha256-${hexOf(subject)}.sig`)).toBe(isRelease)
      expect(await canPull(cosign.digest)).toBe(isRelease)
      const listing = await reader.referrers(app, subject, none, all, someTags)
      expect(listing.items.map((item) => item.digest)).toEqual(isRelease ? [digest] : [])
    }
  })

  test('lists the tags that may be read, in full pages', async () => {
    for (const tag of ['dev-1', 'release-1', 'dev-2', 'release-2', 'release-3', 'zz']) await push(tag)
    const first = await reader.tags(app, { limit: 2, after: undefined }, someTags)
    expect(first).toMatchObject({ items: ['release-1', 'release-2'], more: true })
    const second = await reader.tags(app, { limit: 2, after: 'release-2' }, someTags)
    expect(second).toMatchObject({ items: ['release-3'], more: false })
    const third = await reader.tags(app, { limit: 2, after: 'release-3' }, someTags)
    expect(third).toMatchObject({ items: [], more: false })
    const beforeHidden = await reader.tags(app, { limit: 1, after: 'release-2' }, someTags)
    expect(beforeHidden).toMatchObject({ items: ['release-3'], more: false })
  })

  test('shows no image of which no tag may be read', async () => {
    await push('dev-1')
    await bench.pushImage('local', 'team/open', 'release-1')
    expect((await reader.images(all, someTags)).items).toEqual(['team/open'])
    expect((await reader.images(all, nothing)).items).toEqual([])
    await bench.pushImage('local', 'team/zz', 'dev-1')
    const page = await reader.images({ limit: 1, after: 'team/app' }, someTags)
    expect(page).toMatchObject({ items: ['team/open'], more: false })
    expect((await reader.images(all, bench.context())).items).toEqual(['team/app', 'team/open', 'team/zz'])
    expect(await reader.holdsImage(app, someTags)).toBe(false)
    for (const context of [someTags, nothing]) {
      const closed = await reader.tags(app, all, context).catch((error: unknown) => error)
      const absent = await reader.tags(nameOf('team/none'), all, context).catch((error: unknown) => error)
      expect(closed).toMatchObject({ code: 'NAME_UNKNOWN' })
      expect(String(closed).replace('team/app', 'team/none')).toBe(String(absent))
    }
  })

  test('looks at the tags of many images at once for a list of images', async () => {
    const dev = Array.from({ length: 120 }, (_, n) => `dev-${n}`)
    for (const tag of [...dev, 'release-1']) await push(tag)
    for (let n = 0; n < 40; n += 1) await bench.pushImage('local', `team/dev-${n}`, 'dev-1')
    await bench.pushImage('local', 'team/open', 'release-1')
    const { tags } = bench.manifests
    const asked: string[] = []
    bench.manifests.tags = (...key) => {
      asked.push(key[1])
      return tags.apply(bench.manifests, key)
    }
    expect((await reader.images({ limit: 2, after: undefined }, someTags)).items).toEqual([
      'team/app',
      'team/open',
    ])
    expect(asked).toEqual(['team/app'])
  })

  test('asks for no tags on behalf of who may read all, or nothing', async () => {
    const { digest, layer } = await push('release-1')
    bench.manifests.tagsReaching = () => Promise.reject(new Error('asked for tags'))
    bench.claims.held = () => Promise.reject(new Error('asked for claims'))
    const whole = bench.only(['read'], 'local')
    expect([await canPull(digest, whole), await canRead(layer, whole)]).toEqual([true, true])
    expect(await canPull('release-1', someTags)).toBe(true)
    expect([await canPull(digest, nothing), await canRead(layer, nothing)]).toEqual([false, false])
    await expect(canPull(digest)).rejects.toThrow('asked for tags')
  })
})
