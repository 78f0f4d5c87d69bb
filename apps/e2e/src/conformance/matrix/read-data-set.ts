import { expect, it } from 'vitest'
import { ociIndex, type Descriptor } from '../../support/images.js'
import { expectStatus, json, type Answer } from '../../support/registry-client.js'
import type { DataSet, ManifestData } from './data-set.js'
import { digestLike } from './digests.js'
import { expectBlob } from './push-blob.js'
import type { Target } from './target.js'

const accept = [ociIndex, 'application/vnd.oci.image.manifest.v1+json']

/** HEAD, GET, tag lists and referrers of a data set that is there. */
export function registerReading(target: Target, name: string, set: DataSet): void {
  const { manifests, blobs, tags, referrers } = set
  const ask = async (method: string, reference: string): Promise<Answer> =>
    target.wire.send(method, target.path(name, `manifests/${reference}`), { headers: { accept } })
  const expectManifest = async (method: string, reference: string, manifest: ManifestData): Promise<void> => {
    const answer = expectStatus(await ask(method, reference), 200)
    expect(answer.headers.get('content-type')).toBe(manifest.mediaType)
    expect(answer.headers.get('content-length')).toBe(String(manifest.bytes.length))
    expect(answer.headers.get('docker-content-digest')).toBe(manifest.digest)
    if (method === 'HEAD') expect(answer.body.length).toBe(0)
    else expect(digestLike(manifest.digest, answer.body)).toBe(manifest.digest)
  }

  for (const method of ['HEAD', 'GET']) {
    if (tags.size > 0)
      it(`answers ${method} by tag with exact headers and bytes`, async () => {
        for (const [tag, manifest] of tags) await expectManifest(method, tag, manifest)
      })
    it(`answers ${method} by digest with exact headers and bytes`, async () => {
      for (const manifest of manifests) await expectManifest(method, manifest.digest, manifest)
    })
  }
  if (blobs.size > 0)
    it('gives its blobs with exact headers and bytes', async () => {
      for (const [digest, bytes] of blobs) await expectBlob({ target, name, digest, bytes })
    })
  if (tags.size > 0)
    it('lists its tags, all of them, those after another one, and page by page', async () => {
      await expectTagList(target, name, [...tags.keys()])
    })

  for (const [subject, expected] of referrers) {
    const what = manifests.find(({ digest }) => digest === subject)?.tags[0] ?? subject.slice(0, 14)
    it(`lists the referrers of ${what}`, async () => {
      const listed = expectReferrers(await askReferrers(target, name, subject))
      expect(byDigest(listed)).toEqual(byDigest(expected))
    })
    it(`lists the referrers of ${what} by artifact type`, async () => {
      await expectFiltered(target, name, subject, expected)
    })
  }
}

export async function askReferrers(
  target: Target,
  name: string,
  subject: string,
  artifactType?: string,
): Promise<Answer> {
  const query = artifactType === undefined ? '' : `?artifactType=${encodeURIComponent(artifactType)}`
  return target.wire.send('GET', target.path(name, `referrers/${subject}${query}`))
}

/** The descriptors of a whole and well-formed list of referrers. */
export function expectReferrers(answer: Answer): Descriptor[] {
  expectStatus(answer, 200)
  expect(answer.headers.get('content-type')).toBe(ociIndex)
  const index = json(answer) as { schemaVersion: number; mediaType: string; manifests: Descriptor[] }
  expect(index).toMatchObject({ schemaVersion: 2, mediaType: ociIndex })
  return index.manifests
}

export async function listTags(target: Target, name: string, query = ''): Promise<string[]> {
  const answer = expectStatus(await target.wire.send('GET', target.path(name, `tags/list${query}`)), 200)
  const list = json(answer) as { name: string; tags: string[] }
  expect(list.name).toBe(name)
  expect(list.tags).toEqual(list.tags.toSorted())
  return list.tags
}

async function expectTagList(target: Target, name: string, tags: readonly string[]): Promise<void> {
  const all = await listTags(target, name)
  expect(all).toEqual(expect.arrayContaining([...tags]))
  expect(new Set(all).size).toBe(all.length)
  for (const [i, last] of all.entries()) {
    expect(await listTags(target, name, `?last=${last}`)).toEqual(all.slice(i + 1))
    expect(await listTags(target, name, `?n=1&last=${last}`)).toEqual(all.slice(i + 1, i + 2))
  }
  expect(await listTags(target, name, `?n=${all.length}`)).toEqual(all)
  expect(await pageThroughTags(target, name, 2)).toEqual(all)
}

/** Follows `Link` to its end; no page may be longer than asked. */
async function pageThroughTags(target: Target, name: string, n: number): Promise<string[]> {
  const found: string[] = []
  let path: string | undefined = target.path(name, `tags/list?n=${n}`)
  while (path !== undefined) {
    const answer: Answer = expectStatus(await target.wire.send('GET', path), 200)
    const { tags } = json(answer) as { tags: string[] }
    expect(tags.length).toBeLessThanOrEqual(n)
    found.push(...tags)
    const link: string | undefined = /<([^>]*)>;\s*rel="?next"?/.exec(answer.headers.get('link') ?? '')?.[1]
    path = link === undefined ? undefined : target.wire.pathOf(link)
  }
  return found
}

async function expectFiltered(
  target: Target,
  name: string,
  subject: string,
  expected: readonly Descriptor[],
): Promise<void> {
  const types = expected.flatMap(({ artifactType }) =>
    typeof artifactType === 'string' ? [artifactType] : [],
  )
  for (const type of new Set(types)) {
    const answer = await askReferrers(target, name, subject, type)
    const wanted = expected.filter(({ artifactType }) => artifactType === type)
    expect(byDigest(expectReferrers(answer))).toEqual(byDigest(wanted))
    expect(answer.headers.get('oci-filters-applied')).toBe('artifactType')
  }
  const none = await askReferrers(target, name, subject, 'application/vnd.example.absent')
  expect(expectReferrers(none)).toEqual([])
  const unfiltered = await askReferrers(target, name, subject)
  expect(unfiltered.headers.get('oci-filters-applied')).toBeNull()
}

function byDigest(descriptors: readonly Descriptor[]): Descriptor[] {
  return descriptors.toSorted((a, b) => (a.digest < b.digest ? -1 : 1))
}
