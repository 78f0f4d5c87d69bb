import { type Digest, digestOf } from '@entrepot/kernel'
import { mediaTypes, parseImageName, parseTag } from '@entrepot/oci-model'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { OpenedContent } from './tags-reaching.contract.js'

/** What every ManifestStore says of the tags that it moves and deletes. */
export function movedTagsContract(name: string, open: () => Promise<OpenedContent>): void {
  describe(`${name}: tags that are moved and deleted`, () => {
    const app = parseImageName('team/app')
    const [first, second, third] = ['first', 'second', 'third'].map((text) => digestOf(Buffer.from(text)))
    let opened: OpenedContent
    beforeEach(async () => {
      opened = await open()
    })
    afterEach(() => opened.close())

    const put = (content: string, tags: readonly string[], fixed: readonly string[] = [], image = app) => {
      const bytes = Buffer.from(content)
      const manifest = {
        digest: digestOf(bytes),
        mediaType: mediaTypes.ociManifest,
        bytes,
        artifactType: undefined,
        annotations: {},
        subject: undefined,
        blobs: [],
        needsBlobs: true,
        children: [],
      }
      const [names, fixedNames] = [tags, fixed].map((list) => list.map((tag) => parseTag(tag)))
      return opened.manifests.put(opened.repository, image, manifest, names ?? [], 'ann', fixedNames)
    }

    it('are told with what they pointed to', async () => {
      expect(await put('first', ['dev'])).toEqual({ taken: [], moved: [] })
      expect(await put('second', ['release'])).toEqual({ taken: [], moved: [] })
      const { taken, moved } = await put('third', ['new', 'release', 'dev'], ['new'])
      expect(taken).toEqual([])
      expect(moved.toSorted((left, right) => (left.tag < right.tag ? -1 : 1))).toEqual([
        { tag: 'dev', from: first },
        { tag: 'release', from: second },
      ])
      expect(await put('first', ['dev'])).toEqual({ taken: [], moved: [{ tag: 'dev', from: third }] })
    })

    it('are not those that stay where they are', async () => {
      await put('first', ['dev'])
      await put('second', ['dev'])
      expect(await put('second', ['dev', 'other'])).toEqual({ taken: [], moved: [] })
      expect(await put('second', [])).toEqual({ taken: [], moved: [] })
      expect(await put('third', ['dev', 'other'], ['dev'])).toEqual({ taken: ['dev'], moved: [] })
    })

    it('are told for many images at once, the first of each', async () => {
      await put('first', ['b', 'c', 'a'])
      const other = parseImageName('team/other')
      await put('second', ['x'], [], other)
      const images = [app, parseImageName('team/none'), other]
      const found = await opened.manifests.firstTags(opened.repository, images, 2)
      expect(Object.fromEntries(found)).toEqual({ [app]: ['a', 'b'], [other]: ['x'] })
      expect([...(await opened.manifests.firstTags(opened.repository, [], 2))]).toEqual([])
    })

    it('are kept as many as told, those that were moved last', async () => {
      const old = (keep: number) => opened.manifests.deleteOldTags(opened.repository, app, keep, 'limit')
      expect(await old(1)).toEqual([])
      for (const tag of ['d', 'c', 'b', 'a']) await put('first', [tag])
      await put('second', ['d'])
      await put('first', ['c'])
      const other = parseImageName('team/other')
      await put('second', ['x', 'y'], [], other)
      expect(await old(4)).toEqual([])
      expect(await old(2)).toEqual([
        { tag: 'b', from: first },
        { tag: 'c', from: first },
      ])
      const page = { limit: 9, after: undefined }
      expect(await opened.manifests.tags(opened.repository, app, page)).toEqual(['a', 'd'])
      expect(await opened.manifests.tags(opened.repository, other, page)).toEqual(['x', 'y'])
      expect(await opened.manifests.findByDigest(opened.repository, app, first as Digest)).toBeDefined()
      // Set again, it is the youngest.
      await put('third', ['b'])
      expect(await old(1)).toEqual([
        { tag: 'a', from: first },
        { tag: 'd', from: second },
      ])
    })

    it('are deleted once, with what they pointed to', async () => {
      await put('first', ['dev'])
      const remove = () => opened.manifests.deleteTag(opened.repository, app, parseTag('dev'), 'ann')
      expect(await remove()).toBe(first)
      expect(await remove()).toBeUndefined()
    })

    it('are told when they go with their image', async () => {
      const other = parseImageName('team/other')
      await put('first', ['dev', 'release'])
      await put('second', ['beta'])
      await put('third', [])
      await put('first', ['kept'], [], other)
      const remove = (check?: (tags: readonly string[]) => void) =>
        opened.manifests.deleteImage(opened.repository, app, 'ann', check)
      const refuse = (tags: readonly string[]) => {
        throw new Error(tags.join())
      }
      await expect(remove(refuse)).rejects.toThrow('beta,dev,release')
      const page = { limit: 9, after: undefined }
      expect(await opened.manifests.tags(opened.repository, app, page)).toHaveLength(3)
      expect(await remove()).toEqual(['beta', 'dev', 'release'])
      expect(await opened.manifests.hasImage(opened.repository, app)).toBe(false)
      expect(await opened.manifests.tags(opened.repository, app, page)).toEqual([])
      expect(await opened.manifests.tags(opened.repository, other, page)).toEqual(['kept'])
      expect(await remove()).toBeUndefined()
    })

    it('are told when they go with their manifest', async () => {
      await put('first', ['dev', 'release'])
      await put('second', ['other'])
      const remove = () => opened.manifests.deleteManifest(opened.repository, app, first as Digest, 'ann')
      expect(await remove()).toEqual(['dev', 'release'])
      expect(await remove()).toBeUndefined()
      const page = { limit: 9, after: undefined }
      expect(await opened.manifests.tags(opened.repository, app, page)).toEqual(['other'])
    })
  })
}
