import { type Digest, digestOf } from '@entrepot/kernel'
import { mediaTypes, parseImageName, parseTag } from '@entrepot/oci-model'
import type { RepositoryId } from '@entrepot/repositories'
import type { StorageKey } from '@entrepot/blob-store'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { TagCopier, TagCopy } from '../tag-copier.js'
import type { OpenedContent } from './tags-reaching.contract.js'

export interface OpenedCopier extends OpenedContent {
  readonly copier: TagCopier
  /** Another empty local repository. */
  readonly other: RepositoryId
}

/** What every TagCopier does. */
export function tagCopierContract(name: string, open: () => Promise<OpenedCopier>): void {
  describe(name, () => {
    const image = parseImageName('team/app')
    const release = parseImageName('release/app')
    let opened: OpenedCopier
    beforeEach(async () => {
      opened = await open()
    })
    afterEach(() => opened.close())

    const digest = (content: string) => digestOf(Buffer.from(content))
    const putBlob = (content: string) =>
      opened.blobs.link(opened.repository, image, {
        key: `key of ${content}` as StorageKey,
        digest: digest(content),
        size: content.length,
      })
    const put = async (
      content: string,
      tag: string | undefined,
      parts: {
        blobs?: Digest[]
        children?: Digest[]
        subject?: Digest
        needsBlobs?: boolean
        foreign?: Digest[]
      } = {},
      at: { repository?: RepositoryId; of?: typeof image } = {},
    ) => {
      const manifest = {
        digest: digest(content),
        mediaType: mediaTypes.ociManifest,
        bytes: Buffer.from(content),
        artifactType: undefined,
        annotations: {},
        subject: undefined,
        blobs: [],
        needsBlobs: true,
        children: [],
        ...parts,
      }
      const tags = tag === undefined ? [] : [parseTag(tag)]
      await opened.manifests.put(at.repository ?? opened.repository, at.of ?? image, manifest, tags, 'ann')
      return manifest.digest
    }
    const copy = (changes: Partial<TagCopy> = {}) =>
      opened.copier.copy({
        from: { repository: opened.repository, image, tag: parseTag('rc') },
        to: { repository: opened.other, image: release, tag: parseTag('1.0') },
        move: false,
        mayOverwrite: false,
        actor: 'ann',
        ...changes,
      })
    const at = (tag: string, repository = opened.other, of = release) =>
      opened.manifests.findByTag(repository, of, parseTag(tag))
    const isThere = async (content: string) =>
      (await opened.manifests.findByDigest(opened.other, release, digest(content))) !== undefined
    const links = async (...contents: string[]) =>
      (await opened.blobs.findAll(opened.other, release, contents.map(digest))).length

    it('copies an index with its children, their referrers and the links to all blobs', async () => {
      for (const blob of ['layer', 'config', 'sbom', 'cache']) await putBlob(blob)
      const child = await put('child', undefined, { blobs: [digest('layer'), digest('config')] })
      const index = await put('index', 'rc', { children: [child, digest('cache')] })
      await put('sbom of child', undefined, { blobs: [digest('sbom')], subject: child })
      await put('signature of sbom', undefined, { subject: digest('sbom of child') })
      await put('beside', 'other', { blobs: [digest('layer')] })

      expect(await copy()).toEqual({ kind: 'copied', digest: index, replaced: undefined })
      const copied = await at('1.0')
      expect(copied).toMatchObject({ digest: index, mediaType: mediaTypes.ociManifest })
      expect(copied?.bytes.toString()).toBe('index')
      for (const content of ['child', 'sbom of child', 'signature of sbom'])
        expect(await isThere(content)).toBe(true)
      expect(await isThere('beside')).toBe(false)
      expect(await links('layer', 'config', 'sbom', 'cache')).toBe(4)
      expect(await opened.manifests.tagsReaching(opened.other, release, digest('layer'))).toEqual(['1.0'])
      expect((await at('rc', opened.repository, image))?.digest).toBe(index)
      await expect(opened.blobs.unlink(opened.other, release, digest('layer'))).rejects.toMatchObject({
        code: 'DENIED',
      })
      expect(await copy()).toEqual({ kind: 'copied', digest: index, replaced: undefined })
    })

    it('moves a tag, and copies inside an image', async () => {
      const first = await put('first', 'rc')
      const to = { repository: opened.repository, image, tag: parseTag('stable') }
      expect(await copy({ to })).toMatchObject({ kind: 'copied', digest: first })
      expect(await copy({ move: true })).toMatchObject({ kind: 'copied', digest: first })
      expect(await at('rc', opened.repository, image)).toBeUndefined()
      expect((await at('stable', opened.repository, image))?.digest).toBe(first)
      expect((await at('1.0'))?.digest).toBe(first)
      expect(await copy()).toEqual({ kind: 'absent' })
    })

    it('moves a tag at the target only where it may', async () => {
      const first = await put('first', 'rc')
      const second = await put('second', '1.0', {}, { repository: opened.other, of: release })
      expect(await copy({ move: true })).toEqual({ kind: 'taken' })
      expect((await at('1.0'))?.digest).toBe(second)
      expect(await isThere('first')).toBe(false)
      expect((await at('rc', opened.repository, image))?.digest).toBe(first)
      expect(await copy({ mayOverwrite: true })).toEqual({ kind: 'copied', digest: first, replaced: second })
      expect((await at('1.0'))?.digest).toBe(first)
    })

    it('copies nothing of what is not all there', async () => {
      await putBlob('layer')
      const child = await put('child', undefined, { blobs: [digest('layer')] })
      await put('index', 'rc', { children: [child, digest('gone')] })
      expect(await copy({ move: true })).toEqual({ kind: 'incomplete', missing: [digest('gone')] })
      expect(await at('1.0')).toBeUndefined()
      expect(await isThere('child')).toBe(false)
      expect(await links('layer')).toBe(0)
      expect(await at('rc', opened.repository, image)).toBeDefined()
    })

    it('copies out of a cache what has come into it', async () => {
      await putBlob('layer')
      const blobs = [digest('layer'), digest('never pulled')]
      await put('cached', 'rc', { blobs, needsBlobs: false })
      expect(await copy()).toEqual({ kind: 'incomplete', missing: [digest('never pulled')] })
      await putBlob('never pulled')
      expect(await copy()).toMatchObject({ kind: 'copied' })
      expect(await links('layer', 'never pulled')).toBe(2)
    })

    it('copies out of a cache without the layers that lie elsewhere, come or not', async () => {
      await putBlob('layer')
      const [layer, foreign] = [digest('layer'), [digest('elsewhere')]]
      await put('cached', 'rc', { blobs: [layer], foreign, needsBlobs: false })
      expect(await copy()).toMatchObject({ kind: 'copied' })
      await putBlob('elsewhere')
      expect(await copy()).toMatchObject({ kind: 'copied' })
      expect(await links('layer', 'elsewhere')).toBe(1)
    })

    it('copies and moves a manifest by its digest, while nothing leads to it', async () => {
      await putBlob('layer')
      const child = await put('child', 'rc', { blobs: [digest('layer')] })
      const from = { repository: opened.repository, image, digest: child }
      const untagged = { repository: opened.other, image: release, tag: undefined }
      expect(await copy({ from, to: untagged })).toEqual({
        kind: 'copied',
        digest: child,
        replaced: undefined,
      })
      expect(await isThere('child')).toBe(true)
      expect(await opened.manifests.tags(opened.other, release, { limit: 9, after: undefined })).toEqual([])
      expect(await copy({ from })).toMatchObject({ kind: 'copied', digest: child })
      expect((await at('1.0'))?.digest).toBe(child)

      const index = await put('index', 'all', { children: [child] })
      expect(await copy({ from, to: untagged, move: true })).toEqual({ kind: 'held', holders: ['rc', index] })
      for (const tag of ['rc', 'all']) {
        await opened.manifests.deleteTag(opened.repository, image, parseTag(tag), 'ann')
      }
      await opened.manifests.deleteManifest(opened.repository, image, index, 'ann')
      const within = { repository: opened.repository, image, tag: parseTag('again') }
      expect(await copy({ from, to: within, move: true })).toMatchObject({ kind: 'copied' })
      expect((await at('again', opened.repository, image))?.digest).toBe(child)
      await opened.manifests.deleteTag(opened.repository, image, parseTag('again'), 'ann')
      expect(await copy({ from, to: untagged, move: true })).toMatchObject({ kind: 'copied' })
      expect(await opened.manifests.findByDigest(opened.repository, image, child)).toBeUndefined()
      expect(await copy({ from, to: untagged })).toEqual({ kind: 'absent' })
    })

    it('changes nothing in a dry run, and tells what would be', async () => {
      await putBlob('layer')
      const first = await put('first', 'rc', { blobs: [digest('layer')] })
      const second = await put('second', '1.0', {}, { repository: opened.other, of: release })
      const dry = { move: true, dryRun: true }
      expect(await copy(dry)).toEqual({ kind: 'taken' })
      const told = await copy({ ...dry, mayOverwrite: true })
      expect(told).toEqual({ kind: 'copied', digest: first, replaced: second })
      expect((await at('1.0'))?.digest).toBe(second)
      expect((await at('rc', opened.repository, image))?.digest).toBe(first)
      expect([await isThere('first'), await links('layer')]).toEqual([false, 0])
      await put('cached', 'rc', { blobs: [digest('never pulled')], needsBlobs: false })
      expect(await copy(dry)).toMatchObject({ kind: 'incomplete' })
      expect(await copy({ ...dry, from: { repository: opened.other, image, tag: parseTag('rc') } })).toEqual({
        kind: 'absent',
      })
      expect(await copy({ move: true, mayOverwrite: true })).toMatchObject({ kind: 'incomplete' })
    })

    it('keeps every tag whole while many copy at once', async () => {
      await putBlob('layer')
      for (const n of [1, 2, 3, 4]) await put(`m${n}`, `t${n}`, { blobs: [digest('layer')] })
      const each = [1, 2, 3, 4]
        .flatMap((n) => [n, n])
        .map((n) =>
          copy({
            from: { repository: opened.repository, image, tag: parseTag(`t${n}`) },
            mayOverwrite: true,
          }),
        )
      const outcomes = await Promise.all(each)
      expect(outcomes.every(({ kind }) => kind === 'copied')).toBe(true)
      expect([1, 2, 3, 4].map((n) => digest(`m${n}`))).toContain((await at('1.0'))?.digest)
    })
  })
}
