import { digestOf } from '@entrepot/kernel'
import { mediaTypes, parseImageName, parseTag } from '@entrepot/oci-model'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ItemTimesStore } from '../items/item-times.js'
import type { OpenedContent } from './tags-reaching.contract.js'

/** What every ItemTimesStore answers. */
export function itemTimesContract(
  name: string,
  open: () => Promise<OpenedContent & { readonly times: ItemTimesStore }>,
): void {
  describe(name, () => {
    const image = parseImageName('team/app')
    const digest = digestOf(Buffer.from('content'))
    const none = { image, digest: digestOf(Buffer.from('none')) }
    let opened: Awaited<ReturnType<typeof open>>
    beforeEach(async () => {
      opened = await open()
      const manifest = {
        digest,
        mediaType: mediaTypes.ociManifest,
        bytes: Buffer.from('content'),
        artifactType: undefined,
        annotations: {},
        subject: undefined,
        blobs: [],
        needsBlobs: true,
        children: [],
      }
      const tags = [parseTag('a'), parseTag('b')]
      await opened.manifests.put(opened.repository, image, manifest, tags, 'ann')
    })
    afterEach(() => opened.close())

    it('answers for tags in the order of the keys, undefined for what is not there', async () => {
      const { repository, times } = opened
      const key = (tag: string, of = image) => ({ image: of, tag: parseTag(tag) })
      const keys = [key('b'), key('none'), key('a'), key('a', parseImageName('team/other'))]
      const found = await times.ofTags(repository, keys)
      expect(found.map((each) => each?.createdBy)).toEqual(['ann', undefined, 'ann', undefined])
      expect(found[0]?.created).toBeInstanceOf(Date)
      expect(found[0]?.modified.getTime()).toBeGreaterThanOrEqual(found[0]?.created.getTime() ?? Infinity)
      expect(await times.ofTags(repository, [])).toEqual([])
    })

    it('answers for manifests in the order of the keys', async () => {
      const { repository, times } = opened
      const found = await times.ofManifests(repository, [none, { image, digest }])
      expect(found[0]).toBeUndefined()
      expect(found[1]?.created).toBeInstanceOf(Date)
      expect(await times.ofManifests(repository, [])).toEqual([])
    })
  })
}
