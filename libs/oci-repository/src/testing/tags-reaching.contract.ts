import type { StorageKey } from '@entrepot/blob-store'
import { type Digest, digestOf, hexOf } from '@entrepot/kernel'
import { type ImageName, mediaTypes, parseImageName, parseTag } from '@entrepot/oci-model'
import type { RepositoryId } from '@entrepot/repositories'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { BlobIndex } from '../blob-index.js'
import type { ManifestStore, NewManifest } from '../manifest-store.js'

export interface OpenedContent {
  readonly manifests: ManifestStore
  readonly blobs: BlobIndex
  /** An empty local repository that exists. */
  readonly repository: RepositoryId
  close(): Promise<void>
}

/** What every ManifestStore answers to the question from which tags something can be reached. */
export function tagsReachingContract(name: string, open: () => Promise<OpenedContent>): void {
  describe(`${name}: the tags that reach`, () => {
    const app = parseImageName('team/app')
    let opened: OpenedContent
    beforeEach(async () => {
      opened = await open()
    })
    afterEach(() => opened.close())

    const put = async (
      content: string,
      tags: readonly string[],
      changes: Partial<NewManifest> = {},
      image: ImageName = app,
    ): Promise<Digest> => {
      const bytes = Buffer.from(content)
      const manifest: NewManifest = {
        digest: digestOf(bytes),
        mediaType: mediaTypes.ociManifest,
        bytes,
        artifactType: undefined,
        annotations: {},
        subject: undefined,
        blobs: [],
        needsBlobs: true,
        children: [],
        ...changes,
      }
      const names = tags.map((tag) => parseTag(tag))
      await opened.manifests.put(opened.repository, image, manifest, names, 'ann')
      return manifest.digest
    }
    const blob = async (content: string, image: ImageName = app): Promise<Digest> => {
      const bytes = Buffer.from(content)
      const stored = { key: `key of ${content}` as StorageKey, digest: digestOf(bytes), size: bytes.length }
      await opened.blobs.link(opened.repository, image, stored)
      return stored.digest
    }
    const reaching = async (digest: Digest, image: ImageName = app) =>
      [...(await opened.manifests.tagsReaching(opened.repository, image, digest))].sort()

    it('a manifest are those at it, in its image', async () => {
      const digest = await put('tagged', ['b', 'a'])
      await put('tagged', ['elsewhere'], {}, parseImageName('team/other'))
      await put('another', ['c'])
      expect(await reaching(digest)).toEqual(['a', 'b'])
      expect(await reaching(await put('untagged', []))).toEqual([])
      expect(await reaching(digestOf(Buffer.from('nobody has it')))).toEqual([])
    })

    it('a child are those at the indexes above it, however deep, each once', async () => {
      const child = await put('child', ['own'])
      const inner = await put('inner', [], { children: [child] })
      await put('outer', ['all', 'latest'], { children: [inner, child] })
      expect(await reaching(child)).toEqual(['all', 'latest', 'own'])
      expect(await reaching(inner)).toEqual(['all', 'latest'])
    })

    it('a child that is not there yet are known', async () => {
      const child = digestOf(Buffer.from('comes later'))
      await put('outer', ['all'], { children: [child] })
      expect(await reaching(child)).toEqual(['all'])
    })

    it('a blob are those at the manifests that need it, and at the indexes above', async () => {
      const layer = await blob('layer')
      const child = await put('needs it', [], { blobs: [layer] })
      await put('needs it too', ['single'], { blobs: [layer] })
      await put('outer', ['multi'], { children: [child] })
      await put('needs another', ['other'], { blobs: [await blob('other layer')] })
      expect(await reaching(layer)).toEqual(['multi', 'single'])
      expect(await reaching(await blob('needed by none'))).toEqual([])
    })

    it('a blob of a cache are those at the manifests that list it, held or not', async () => {
      const layer = digestOf(Buffer.from('never fetched'))
      await put('cached', ['3'], { blobs: [layer], needsBlobs: false })
      expect(await reaching(layer)).toEqual(['3'])
    })

    it('a foreign layer of a cache are those at the manifests that list it, which are told', async () => {
      const layer = digestOf(Buffer.from('lies elsewhere'))
      const foreign = [layer]
      const listing = [
        await put('cached', ['3'], { foreign, needsBlobs: false }),
        await put('cached too', ['4'], { foreign, needsBlobs: false }),
      ]
      await put('pushed', ['5'], { foreign })
      await put('cached without', ['6'], { blobs: [layer], needsBlobs: false })
      expect(await reaching(layer)).toEqual(['3', '4', '6'])
      const told = await opened.manifests.listingForeign(opened.repository, app, layer)
      expect(told.map(({ digest }) => digest)).toEqual(listing.toSorted())
      expect(told.map(({ bytes }) => bytes.toString()).sort()).toEqual(['cached', 'cached too'])
      const other = digestOf(Buffer.from('other'))
      expect(await opened.manifests.listingForeign(opened.repository, app, other)).toEqual([])
    })

    it('a referrer are those of its subject, and a blob of the referrer too', async () => {
      const subject = await put('subject', ['1'])
      const signed = await blob('signature')
      const signature = await put('signs', [], { subject, blobs: [signed] })
      const attested = await put('signs the signature', [], { subject: signature })
      expect(await reaching(signed)).toEqual(['1'])
      expect(await reaching(attested)).toEqual(['1'])
    })

    it('a subject are not those of its referrers', async () => {
      const subject = await put('subject', [])
      await put('signs', ['signature'], { subject })
      expect(await reaching(subject)).toEqual([])
    })

    it('what is kept under a tag made of a digest are those of that digest', async () => {
      const subject = await put('subject', ['1'])
      const layer = await blob('payload of cosign')
      await put('cosign', [`sha256-${hexOf(subject)}.sig`], { blobs: [layer] })
      const referrer = await put('referrer', [])
      await put('fallback list', [`sha256-${hexOf(subject)}`], { children: [referrer] })
      expect(await reaching(layer)).toEqual(['1', `sha256-${hexOf(subject)}.sig`])
      expect(await reaching(referrer)).toEqual(['1', `sha256-${hexOf(subject)}`])
    })

    it('are found although subjects go round in a circle', async () => {
      const [one, two] = [digestOf(Buffer.from('one')), digestOf(Buffer.from('two'))]
      await put('one', ['1'], { subject: two, children: [two] })
      await put('two', ['2'], { subject: one, children: [one] })
      expect(await reaching(one)).toEqual(['1', '2'])
    })
  })
}
