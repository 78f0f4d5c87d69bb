import type { StorageKey } from '@entrepot/blob-store'
import { type Digest, digestOf } from '@entrepot/kernel'
import { type Annotations, mediaTypes, parseImageName, parseTag } from '@entrepot/oci-model'
import type { RepositoryId } from '@entrepot/repositories'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { NewManifest } from '../manifest-store.js'
import type { TagPage, TagQuery, TagSearchStore } from '../search/tag-search-store.js'
import type { OpenedProperties } from './property-store.contract.js'

export interface OpenedSearch extends OpenedProperties {
  readonly search: TagSearchStore
}

/** What every TagSearchStore finds. */
export function tagSearchContract(name: string, open: () => Promise<OpenedSearch>): void {
  describe(name, () => {
    let opened: OpenedSearch
    let both: readonly RepositoryId[]
    beforeEach(async () => {
      opened = await open()
      both = [opened.repository, opened.other].sort((left, right) => left - right)
    })
    afterEach(() => opened.close())

    const digest = (content: string) => digestOf(Buffer.from(content))
    const put = async (
      path: string,
      content: string,
      more: Partial<NewManifest> & { annotations?: Annotations } = {},
      repository = opened.repository,
    ): Promise<Digest> => {
      const [image = '', tag] = path.split(':')
      const manifest: NewManifest = {
        digest: digest(content),
        mediaType: mediaTypes.ociManifest,
        bytes: Buffer.from(content),
        artifactType: undefined,
        annotations: {},
        subject: undefined,
        blobs: [],
        needsBlobs: true,
        children: [],
        ...more,
      }
      for (const blob of manifest.blobs) {
        const key = `key of ${blob}` as StorageKey
        await opened.blobs.link(repository, parseImageName(image), { key, digest: blob, size: 1 })
      }
      const tags = tag === undefined ? [] : [parseTag(tag)]
      await opened.manifests.put(repository, parseImageName(image), manifest, tags, 'ann')
      return manifest.digest
    }
    const set = (path: string, given: Record<string, readonly string[]>, repository = opened.repository) => {
      const [image = '', tag = ''] = path.split(':')
      const place = { kind: 'tag', image: parseImageName(image), tag: parseTag(tag) } as const
      return opened.properties.change(repository, [place], {
        set: new Map(Object.entries(given)),
        remove: [],
      })
    }
    const find = async (
      query: Omit<TagQuery, 'repositories'>,
      page: Partial<TagPage> = {},
      repositories = both,
    ) => {
      const whole = { limit: 100, after: undefined, ...page }
      const found = await opened.search.find({ ...query, repositories }, whole)
      return found.map(({ repository, image, tag }) => {
        const other = repository === opened.repository ? '' : 'other/'
        return `${other}${image}:${tag}`
      })
    }

    it('finds tags by image, tag and name, exactly or by a glob', async () => {
      for (const path of ['app:1', 'app:10', 'team/app:1', 'team/app:rc_1', 'team/apple:1', 'team/web:app']) {
        await put(path, path)
      }
      expect(await find({ image: { is: 'team/app' } })).toEqual(['team/app:1', 'team/app:rc_1'])
      expect(await find({ image: { like: '*app' }, tag: { is: '1' } })).toEqual(['app:1', 'team/app:1'])
      expect(await find({ image: { like: 'team/app*' }, tag: { like: '?' } })).toEqual([
        'team/app:1',
        'team/apple:1',
      ])
      expect(await find({ tag: { like: 'rc_*' } })).toEqual(['team/app:rc_1'])
      // What stands for something in SQL stands for itself.
      expect(await find({ tag: { like: 'rc%' } })).toEqual([])
      expect(await find({ tag: { like: '__' } })).toEqual([])
      expect(await find({ name: { is: 'app' } })).toEqual([
        'app:1',
        'app:10',
        'team/app:1',
        'team/app:rc_1',
        'team/web:app',
      ])
      expect(await find({ name: { like: 'appl*' } })).toEqual(['team/apple:1'])
      expect(await find({ name: { like: 'team/w*' } })).toEqual(['team/web:app'])
      expect(await find({ name: { is: '' } })).toEqual([])
      expect(await find({ tag: { is: `'; DROP TABLE tags; --` } })).toEqual([])
    })

    it('tells what it found page by page, by repository, image and tag', async () => {
      const paths = ['a-b:1', 'a:1', 'a:2', 'a/b:1', 'z:1']
      for (const path of paths) {
        await put(path, path)
        await put(path, path, {}, opened.other)
        await set(path, { qa: ['passed'] })
        await set(path, { qa: ['passed'] }, opened.other)
      }
      const sorted = ['a:1', 'a:2', 'a-b:1', 'a/b:1', 'z:1']
      const all = both.flatMap((id) =>
        sorted.map((path) => (id === opened.repository ? path : `other/${path}`)),
      )
      for (const query of [{}, { properties: [{ key: 'qa', values: [{ is: 'passed' }] }] }]) {
        expect(await find(query)).toEqual(all)
        expect(await find(query, { limit: 2 })).toEqual(all.slice(0, 3))
        const told: string[] = []
        for (let after: TagPage['after']; ;) {
          const found = await opened.search.find({ ...query, repositories: both }, { limit: 3, after })
          told.push(...found.slice(0, 3).map(({ image, tag }) => `${image}:${tag}`))
          const last = found[2]
          if (found.length <= 3 || last === undefined) break
          after = { repository: last.repository, image: last.image, tag: last.tag }
        }
        expect(told).toEqual([...sorted, ...sorted])
      }
      const [first] = both
      const after = { repository: first as RepositoryId, image: parseImageName('a'), tag: parseTag('none') }
      expect((await find({}, { after })).slice(0, 2)).toEqual(all.slice(2, 4))
      expect(await find({}, {}, [opened.other])).toEqual(all.filter((path) => path.startsWith('other/')))
      expect(await find({}, {}, [])).toEqual([])
    })

    it('finds tags by their properties as they are now', async () => {
      for (const tag of ['1', '2', '3']) await put(`app:${tag}`, tag)
      const long = 'v'.repeat(200)
      await set('app:1', { 'build.name': ['web'], 'build.number': ['7'], os: ['linux', 'win'] })
      await set('app:2', { 'build.name': ['web'], 'build.number': ['8'], long: [`${long}a`] })
      await set('app:3', { 'build.name': ['website'], long: [`${long}b`] })
      const by = (...criteria: readonly (readonly [string, ...(readonly object[])])[]) =>
        find({ properties: criteria.map(([key, ...values]) => ({ key, values: values as never })) })
      expect(await by(['build.name', { is: 'web' }])).toEqual(['app:1', 'app:2'])
      expect(await by(['build.name', { like: 'web*' }])).toEqual(['app:1', 'app:2', 'app:3'])
      expect(await by(['build.name', { like: '*site' }])).toEqual(['app:3'])
      expect(await by(['build.name', { is: 'web' }], ['build.number', { is: '8' }])).toEqual(['app:2'])
      expect(await by(['build.number', { is: '7' }, { is: '8' }])).toEqual(['app:1', 'app:2'])
      expect(await by(['os'], ['build.name'])).toEqual(['app:1'])
      expect(await by(['os', { like: '*i*' }])).toEqual(['app:1'])
      expect(await by(['long', { is: `${long}b` }])).toEqual(['app:3'])
      expect(await by(['long', { like: `${long}*` }])).toEqual(['app:2', 'app:3'])
      expect(await by(['none'])).toEqual([])
      expect(await find({ properties: [{ key: 'os', values: [] }], tag: { is: '2' } })).toEqual([])
      await put('app:1', 'moved')
      expect(await by(['build.name', { is: 'web' }])).toEqual(['app:2'])
      expect(await by(['build.name', { like: 'web*' }], ['build.number'])).toEqual(['app:2'])
      await opened.manifests.deleteTag(opened.repository, parseImageName('app'), parseTag('2'), 'ann')
      await put('app:2', '2')
      expect(await by(['build.name', { is: 'web' }])).toEqual([])
    })

    it('finds tags by labels and annotations of what they point to', async () => {
      await put('app:1', 'one', { labels: { team: 'blue' }, annotations: { note: 'first' } })
      const two = { labels: { team: 'blue', tier: 'front' }, annotations: { note: 'second' } }
      await put('app:2', 'two', two)
      await put('app:both', 'two', two)
      await put('app:3', 'three', { annotations: { team: 'blue' } })
      const is = (key: string, ...values: readonly string[]) => ({
        key,
        values: values.map((one) => ({ is: one })),
      })
      expect(await find({ labels: [is('team', 'blue')] })).toEqual(['app:1', 'app:2', 'app:both'])
      expect(await find({ labels: [is('team', 'blue'), is('tier')] })).toEqual(['app:2', 'app:both'])
      expect(await find({ annotations: [{ key: 'note', values: [{ like: '*st' }] }] })).toEqual(['app:1'])
      expect(await find({ labels: [is('team')], annotations: [is('note', 'second')] })).toEqual([
        'app:2',
        'app:both',
      ])
      expect(
        await find({ labels: [is('team')], annotations: [is('note', 'second')], tag: { is: '2' } }),
      ).toEqual(['app:2'])
      await set('app:both', { qa: ['passed'] })
      expect(await find({ labels: [is('team')], properties: [is('qa', 'passed')] })).toEqual(['app:both'])
      expect(await find({ labels: [is('none')] })).toEqual([])
    })

    it('finds tags by the digest of a manifest or a blob, also of those that an index lists', async () => {
      const blobs = [digest('layer')]
      const child = await put('app', 'child', { blobs })
      await put('app:multi', 'index', { children: [child], mediaType: mediaTypes.ociIndex })
      await put('app:single', 'single', { blobs })
      await put('web:1', 'cached', { blobs, needsBlobs: false })
      await put('web:1', 'cached', { blobs }, opened.other)
      const by = async (content: string, more: object = {}) => {
        const query = { ...more, digest: digest(content), repositories: both }
        const found = await opened.search.find(query, { limit: 10, after: undefined })
        return found.map(({ repository, image, tag, holder, mediaType }) => {
          expect(mediaType).toBe(tag === 'multi' ? mediaTypes.ociIndex : mediaTypes.ociManifest)
          const other = repository === opened.repository ? '' : 'other/'
          return [`${other}${image}:${tag}`, holder]
        })
      }
      const inOther = ['other/web:1', digest('cached')]
      const layer = [
        ['app:multi', child],
        ['app:single', digest('single')],
        ['web:1', digest('cached')],
      ]
      expect(await by('layer')).toEqual(
        both[0] === opened.repository ? [...layer, inOther] : [inOther, ...layer],
      )
      expect(await by('child')).toEqual([['app:multi', child]])
      expect(await by('index')).toEqual([['app:multi', digest('index')]])
      expect(await by('none')).toEqual([])
      expect(await by('layer', { image: { is: 'app' }, mediaTypes: [mediaTypes.ociManifest] })).toEqual([
        ['app:single', digest('single')],
      ])
      await set('app:single', { qa: ['passed'] })
      expect(await by('layer', { properties: [{ key: 'qa', values: [] }] })).toEqual([
        ['app:single', digest('single')],
      ])
      expect(await find({ mediaTypes: [mediaTypes.ociIndex] })).toEqual(['app:multi'])
      expect(await find({ manifest: digest('index') })).toEqual(['app:multi'])
      expect(await find({ manifest: digest('child') })).toEqual([])
      expect(await find({ manifest: digest('single'), digest: digest('layer') })).toEqual(['app:single'])
      expect(await find({ manifest: digest('index'), digest: digest('single') })).toEqual([])
    })
  })
}
