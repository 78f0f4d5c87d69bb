import { describe, expect, it } from 'vitest'
import { expectStatus, type Answer } from '../../support/registry-client.js'
import type { DataSet, ManifestData } from './data-set.js'
import { digestLike } from './digests.js'
import { deleteBlob, expectCreated, pushWays } from './push-blob.js'
import { askReferrers, expectReferrers, listTags, registerReading } from './read-data-set.js'
import type { Target } from './target.js'

/** Pushes, reads and deletes each data set, one after the other, all under one name. */
export function registerDataMatrix(target: Target, sets: readonly DataSet[]): void {
  const name = target.name('data/one')
  for (const set of sets)
    describe(set.title, () => {
      registerPush(target, name, set)
      registerReading(target, name, set)
      registerDeletes(target, name, set)
    })
}

/** Blobs, then manifests by digest, children first, then tags. */
export async function pushDataSet(target: Target, name: string, set: DataSet): Promise<void> {
  await pushBlobs(target, name, set)
  await pushManifests(target, name, set)
  if (!set.tagsByParameter) await pushTags(target, name, set)
}

function registerPush(target: Target, name: string, set: DataSet): void {
  const { blobs, tags, tagsByParameter } = set
  if (blobs.size > 0)
    it('has its blobs taken', async () => {
      await pushBlobs(target, name, set)
    })
  it(`has its manifests taken by digest${tagsByParameter ? ', with their tags' : ''}`, async () => {
    await pushManifests(target, name, set)
  })
  if (tags.size > 0 && !tagsByParameter)
    it('has its manifests taken by tag', async () => {
      await pushTags(target, name, set)
    })
}

function registerDeletes(target: Target, name: string, set: DataSet): void {
  const { blobs, tags, manifests, referrers } = set
  const expectGone = async (reference: string): Promise<void> => {
    const path = target.path(name, `manifests/${reference}`)
    expectStatus(await target.wire.send('DELETE', path), 202)
    for (const method of ['HEAD', 'GET']) expectStatus(await target.wire.send(method, path), 404)
  }

  if (tags.size > 0)
    it('loses its tags at once and keeps what they named', async () => {
      for (const [tag, manifest] of tags) {
        await expectGone(tag)
        const byDigest = target.path(name, `manifests/${manifest.digest}`)
        expectStatus(await target.wire.send('HEAD', byDigest), 200)
      }
      const left = await listTags(target, name)
      expect(left.filter((tag) => tags.has(tag))).toEqual([])
    })
  it('loses its manifests at once', async () => {
    for (const { digest } of manifests.toReversed()) await expectGone(digest)
    for (const subject of referrers.keys())
      expect(expectReferrers(await askReferrers(target, name, subject))).toEqual([])
  })
  if (blobs.size > 0)
    it('loses its blobs at once', async () => {
      for (const digest of blobs.keys()) await deleteBlob({ target, name, digest })
    })
}

async function pushBlobs(target: Target, name: string, set: DataSet): Promise<void> {
  for (const [i, [digest, bytes]] of [...set.blobs].entries()) {
    const push = { target, name, digest, bytes }
    const pushBlob = pushWays[i % pushWays.length]
    if (pushBlob !== undefined) await expectCreated(push, await pushBlob(push))
  }
}

async function pushManifests(target: Target, name: string, set: DataSet): Promise<void> {
  for (const manifest of set.manifests) {
    const query = set.tagsByParameter ? `?${manifest.tags.map((tag) => `tag=${tag}`).join('&')}` : ''
    const answer = await putManifest(target, name, `${manifest.digest}${query}`, manifest)
    await expectTaken(target, name, manifest, answer)
    if (set.tagsByParameter) expect(tagsOf(answer)).toEqual([...manifest.tags].toSorted())
  }
}

async function pushTags(target: Target, name: string, set: DataSet): Promise<void> {
  for (const [tag, manifest] of set.tags)
    await expectTaken(target, name, manifest, await putManifest(target, name, tag, manifest))
}

export async function putManifest(
  target: Target,
  name: string,
  reference: string,
  { bytes, mediaType }: Pick<ManifestData, 'bytes' | 'mediaType'>,
): Promise<Answer> {
  const headers = { 'content-type': mediaType }
  return target.wire.send('PUT', target.path(name, `manifests/${reference}`), { headers, body: bytes })
}

async function expectTaken(
  target: Target,
  name: string,
  manifest: ManifestData,
  answer: Answer,
): Promise<void> {
  expectStatus(answer, 201)
  expect(answer.headers.get('docker-content-digest')).toBe(manifest.digest)
  expect(answer.headers.get('oci-subject')).toBe(manifest.subject ?? null)
  const path = target.wire.pathOf(answer.headers.get('location'))
  expect(decodeURIComponent(path)).toBe(target.path(name, `manifests/${manifest.digest}`))
  const stored = expectStatus(await target.wire.send('GET', path), 200)
  expect(stored.headers.get('content-type')).toBe(manifest.mediaType)
  expect(digestLike(manifest.digest, stored.body)).toBe(manifest.digest)
}

/** What `OCI-Tag` names, in one header line or in several. */
function tagsOf(answer: Answer): string[] {
  const header = answer.headers.get('oci-tag') ?? ''
  return header
    .split(',')
    .map((tag) => tag.trim())
    .toSorted()
}
