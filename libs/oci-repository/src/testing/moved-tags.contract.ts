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

    const put = (
      content: string,
      tags: readonly string[],
      fixed: readonly string[] = [],
      image = app,
      more: { readonly children?: readonly Digest[]; readonly subject?: Digest } = {},
    ) => {
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
        ...more,
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

    it('are told with the time of that', async () => {
      const { manifests, repository } = opened
      const movedAt = (tag: string, image = app) => manifests.tagMovedAt(repository, image, parseTag(tag))
      await put('first', ['dev', 'release'])
      await new Promise((resolve) => setTimeout(resolve, 5))
      await put('second', ['dev'])
      const [dev, release] = [await movedAt('dev'), await movedAt('release')]
      expect(dev?.getTime()).toBeGreaterThanOrEqual(release?.getTime() ?? Infinity)
      expect(await movedAt('none')).toBeUndefined()
      expect(await movedAt('dev', parseImageName('team/other'))).toBeUndefined()
      await manifests.deleteTag(repository, app, parseTag('dev'), 'ann')
      expect(await movedAt('dev')).toBeUndefined()
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

    it('are spared, however old, when it is said', async () => {
      for (const tag of ['a', 'b', 'c', 'd']) await put('first', [tag])
      const spared = [parseTag('a'), parseTag('z')]
      const old = await opened.manifests.deleteOldTags(opened.repository, app, 1, 'limit', spared)
      expect(old.map(({ tag }) => tag)).toEqual(['b', 'c'])
      const page = { limit: 9, after: undefined }
      expect(await opened.manifests.tags(opened.repository, app, page)).toEqual(['a', 'd'])
    })

    describe('that are moved off manifests', () => {
      const digestNamed = (text: string) => digestOf(Buffer.from(text))
      const drop = (keep: number, ...tags: readonly string[]) =>
        opened.manifests.deleteOverwritten(
          opened.repository,
          app,
          tags.map((tag) => parseTag(tag)),
          keep,
        )
      const storedOf = async (...names: readonly string[]) => {
        const there: string[] = []
        for (const text of names) {
          const found = await opened.manifests.findByDigest(opened.repository, app, digestNamed(text))
          if (found !== undefined) there.push(text)
        }
        return there
      }

      it('leave those behind that they were moved off last', async () => {
        for (const text of ['1', '2', '3', '4', '5']) await put(text, ['latest'])
        expect(await drop(4, 'latest')).toEqual([])
        expect(await drop(2, 'latest', 'none')).toEqual([digestNamed('1'), digestNamed('2')].sort())
        expect(await drop(2, 'latest')).toEqual([])
        expect(await storedOf('1', '2', '3', '4', '5')).toEqual(['3', '4', '5'])
      })

      it('count a manifest once, at the last time that they were moved off it', async () => {
        for (const text of ['1', '2', '1', '3', '1', '4']) await put(text, ['latest'])
        expect(await drop(1, 'latest')).toEqual([digestNamed('2'), digestNamed('3')].sort())
        expect(await storedOf('1', '2', '3', '4')).toEqual(['1', '4'])
        await put('1', ['latest'])
        expect(await drop(1, 'latest')).toEqual([])
      })

      it('leave behind what another tag points to or was moved off lately, and what other images have', async () => {
        const other = parseImageName('team/other')
        await put('1', ['latest', 'old'])
        await put('1', ['latest'], [], other)
        for (const text of ['2', '3', '4']) await put(text, ['latest'])
        expect(await drop(1, 'latest')).toEqual([digestNamed('2')])
        await put('a', ['old'])
        expect(await drop(1, 'latest', 'old')).toEqual([])
        await put('b', ['old'])
        expect(await drop(1, 'old')).toEqual([digestNamed('1')])
        expect(await opened.manifests.findByDigest(opened.repository, other, digestNamed('1'))).toBeDefined()
      })

      it('leave behind what was pushed again since, and what is referred to', async () => {
        const refer = (content: string, more: { children?: readonly Digest[]; subject?: Digest }) =>
          put(content, [], [], app, more)
        for (const text of ['pinned', 'child', 'signed', 'plain', 'last', 'now']) await put(text, ['latest'])
        await put('pinned', [])
        await refer('index', { children: [digestNamed('child')] })
        await refer('signature', { subject: digestNamed('signed') })
        await put('signature', ['latest'], [], app, { subject: digestNamed('signed') })
        await put('end', ['latest'])
        await put('very end', ['latest'])
        expect(await drop(1, 'latest')).toEqual(
          [digestNamed('last'), digestNamed('now'), digestNamed('plain')].sort(),
        )
        expect(await storedOf('pinned', 'child', 'signed', 'signature', 'end')).toHaveLength(5)
      })

      it('are no reason to keep anything once they are deleted', async () => {
        await put('1', ['latest', 'old'])
        for (const text of ['2', '3']) await put(text, ['latest'])
        await opened.manifests.deleteTag(opened.repository, app, parseTag('old'), 'ann')
        expect(await drop(1, 'latest')).toEqual([digestNamed('1')])
      })
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
