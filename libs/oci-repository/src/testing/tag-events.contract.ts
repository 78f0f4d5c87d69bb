import { digestOf } from '@entrepot/kernel'
import { mediaTypes, parseImageName, parseTag } from '@entrepot/oci-model'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { TagEventStore } from '../tag-event-store.js'
import type { OpenedContent } from './tags-reaching.contract.js'

/** What every TagEventStore answers. */
export function tagEventsContract(
  name: string,
  open: () => Promise<OpenedContent & { readonly events: TagEventStore }>,
): void {
  describe(name, () => {
    const image = parseImageName('team/app')
    const tag = parseTag('latest')
    const all = { limit: 10, after: undefined }
    const digestOfText = (text: string) => digestOf(Buffer.from(text))
    let opened: Awaited<ReturnType<typeof open>>

    const push = (text: string, actor: string, at = tag, of = image) =>
      opened.manifests.put(
        opened.repository,
        of,
        {
          digest: digestOfText(text),
          mediaType: mediaTypes.ociManifest,
          bytes: Buffer.from(text),
          artifactType: undefined,
          annotations: {},
          subject: undefined,
          blobs: [],
          needsBlobs: true,
          children: [],
        },
        [at],
        actor,
      )

    beforeEach(async () => {
      opened = await open()
      await push('one', 'ann')
      await push('elsewhere', 'eve', parseTag('other'))
      await push('elsewhere', 'eve', tag, parseImageName('team/other'))
      await push('two', 'bob')
      await push('two', 'carl')
      await opened.manifests.deleteTag(opened.repository, image, tag, 'dan')
      await opened.manifests.deleteManifest(opened.repository, image, digestOfText('one'), 'dan')
    })
    afterEach(() => opened.close())

    it('tells what a tag pointed to and who moved it, the newest first', async () => {
      const events = await opened.events.events(opened.repository, image, tag, all)
      const [one, two] = [digestOfText('one'), digestOfText('two')]
      expect(events.map(({ from, to, actor, fromIsStored }) => [from, to, actor, fromIsStored])).toEqual([
        [two, undefined, 'dan', true],
        [one, two, 'bob', false],
        [undefined, one, 'ann', false],
      ])
      expect(events.every(({ at }) => at instanceof Date)).toBe(true)
    })

    it('tells it by pages, one more than asked for', async () => {
      const { events, repository } = opened
      const actors = async (limit: number, after?: string) =>
        (await events.events(repository, image, tag, { limit, after })).map(({ actor }) => actor)
      expect(await actors(1)).toEqual(['dan', 'bob'])
      const [newest] = await events.events(repository, image, tag, all)
      expect(await actors(5, newest?.id)).toEqual(['bob', 'ann'])
      expect(await events.events(repository, image, parseTag('none'), all)).toEqual([])
    })

    it('knows whether a tag ever pointed to a manifest', async () => {
      const { events, repository } = opened
      const ever = (text: string) => events.everPointedTo(repository, image, tag, digestOfText(text))
      expect([await ever('one'), await ever('two'), await ever('elsewhere')]).toEqual([true, true, false])
    })
  })
}
