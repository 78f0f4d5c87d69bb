import { type Digest, digestOf } from '@entrepot/kernel'
import { type Annotations, type ImageName, mediaTypes, parseImageName, parseTag } from '@entrepot/oci-model'
import type { RepositoryId } from '@entrepot/repositories'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { maximumProperties, maximumPropertyBytes, type Properties } from '../properties/properties.js'
import type { PropertyPlace, PropertyStore } from '../properties/property-store.js'
import type { OpenedCopier } from './tag-copier.contract.js'

export interface OpenedProperties extends OpenedCopier {
  readonly properties: PropertyStore
}

/** What every PropertyStore does. */
export function propertyStoreContract(name: string, open: () => Promise<OpenedProperties>): void {
  describe(name, () => {
    const app = parseImageName('team/app')
    const tagged = (tag: string, image: ImageName = app): PropertyPlace => ({
      kind: 'tag',
      image,
      tag: parseTag(tag),
    })
    const whole: PropertyPlace = { kind: 'image', image: app }
    const all: PropertyPlace = { kind: 'repository' }
    let opened: OpenedProperties
    beforeEach(async () => {
      opened = await open()
    })
    afterEach(() => opened.close())

    const put = async (
      content: string,
      tags: readonly string[],
      more: { image?: ImageName; annotations?: Annotations; labels?: Annotations } = {},
    ): Promise<Digest> => {
      const digest = digestOf(Buffer.from(content))
      const manifest = {
        digest,
        mediaType: mediaTypes.ociManifest,
        bytes: Buffer.from(content),
        artifactType: undefined,
        annotations: more.annotations ?? {},
        labels: more.labels,
        subject: undefined,
        blobs: [],
        needsBlobs: true,
        children: [],
      }
      await opened.manifests.put(opened.repository, more.image ?? app, manifest, tags.map(parseTag), 'ann')
      return digest
    }
    const set = (places: readonly PropertyPlace[], given: object, remove: readonly string[] = []) =>
      opened.properties.change(opened.repository, places, { set: propertiesOf(given), remove })
    const at = async (place: PropertyPlace, repository: RepositoryId = opened.repository) => {
      const [found] = await opened.properties.find(repository, [place])
      return Object.fromEntries(found ?? [])
    }
    const manifestAt = (digest: Digest): PropertyPlace => ({ kind: 'manifest', image: app, digest })

    it('keeps the values of each key in their order, and puts new ones in their place', async () => {
      await put('one', ['1', '2'])
      expect(await set([tagged('1')], { 'qa.state': ['passed'], os: ['win', 'linux'] })).toEqual([
        tagged('1'),
      ])
      expect(await at(tagged('1'))).toEqual({ os: ['win', 'linux'], 'qa.state': ['passed'] })
      expect(Object.keys(await at(tagged('1')))).toEqual(['os', 'qa.state'])
      expect(await at(tagged('2'))).toEqual({})
      await set([tagged('1')], { os: ['bsd'], empty: [''] }, ['qa.state', 'never there'])
      expect(await at(tagged('1'))).toEqual({ empty: [''], os: ['bsd'] })
      expect(await set([tagged('1')], {}, ['os', 'empty'])).toEqual([tagged('1')])
      expect(await at(tagged('1'))).toEqual({})
    })

    it('keeps those of a tag, a manifest, an image and a repository apart', async () => {
      const digest = await put('one', ['1'])
      const places = [tagged('1'), manifestAt(digest), whole, all]
      for (const place of places) expect(await set([place], { is: [place.kind] })).toEqual([place])
      const found = await opened.properties.find(opened.repository, [...places, tagged('1')])
      expect(found.map((each) => each.get('is'))).toEqual([
        ['tag'],
        ['manifest'],
        ['image'],
        ['repository'],
        ['tag'],
      ])
      expect(await set(places, { both: ['x'] })).toHaveLength(4)
      for (const place of places) expect(await at(place)).toEqual({ both: ['x'], is: [place.kind] })
      for (const place of places) expect(await at(place, opened.other)).toEqual({})
      expect(await opened.properties.find(opened.repository, [])).toEqual([])
    })

    it('leaves out what is not there', async () => {
      await put('one', ['1'])
      const none = [
        tagged('none'),
        tagged('1', parseImageName('team/none')),
        manifestAt(digestOf(Buffer.from('none'))),
        { kind: 'image', image: parseImageName('team') } as const,
      ]
      expect(await set(none, { is: ['there'] })).toEqual([])
      expect(await set([...none, tagged('1')], { is: ['there'] })).toEqual([tagged('1')])
      for (const place of none) expect(await at(place)).toEqual({})
    })

    it('forgets those of a tag when it is moved, also when it comes back', async () => {
      await put('one', ['1'])
      await set([tagged('1')], { qa: ['passed'] })
      await put('one', ['1'])
      expect(await at(tagged('1'))).toEqual({ qa: ['passed'] })
      await put('two', ['1'])
      expect(await at(tagged('1'))).toEqual({})
      await put('one', ['1'])
      expect(await at(tagged('1'))).toEqual({})
      await set([tagged('1')], { build: ['2'] })
      expect(await at(tagged('1'))).toEqual({ build: ['2'] })
    })

    it('forgets those of what is deleted, also when there is another one of the name', async () => {
      const digest = await put('one', ['1'])
      const places = [tagged('1'), manifestAt(digest), whole]
      const { manifests, repository } = opened
      await set(places, { is: ['old'] })
      await manifests.deleteTag(repository, app, parseTag('1'), 'ann')
      await put('one', ['1'])
      expect(await at(tagged('1'))).toEqual({})
      expect(await at(manifestAt(digest))).toEqual({ is: ['old'] })
      await set(places, { is: ['old'] })
      await manifests.deleteManifest(repository, app, digest, 'ann')
      await put('one', ['1'])
      for (const place of places) expect([place, await at(place)]).toEqual([place, {}])
      await set(places, { is: ['old'] })
      await manifests.deleteImage(repository, app, 'ann')
      await put('one', ['1'])
      for (const place of places) expect([place, await at(place)]).toEqual([place, {}])
    })

    it('keeps those of an image for as long as it has a manifest', async () => {
      const one = await put('one', ['1'])
      const two = await put('two', ['2'])
      await set([whole, all], { is: ['kept'] })
      await opened.manifests.deleteManifest(opened.repository, app, one, 'ann')
      expect(await at(whole)).toEqual({ is: ['kept'] })
      await opened.manifests.deleteManifest(opened.repository, app, two, 'ann')
      expect(await at(whole)).toEqual({})
      expect(await at(all)).toEqual({ is: ['kept'] })
    })

    it('forgets those of an image whose last manifests are deleted at once', async () => {
      const { manifests, repository } = opened
      const digests = [await put('one', ['1']), await put('two', ['2']), await put('three', [])]
      await set([whole], { is: ['old'] })
      await Promise.all(digests.map((digest) => manifests.deleteManifest(repository, app, digest, 'ann')))
      await put('one', ['1'])
      expect(await at(whole)).toEqual({})
    })

    it('copies those of a tag and of its manifest, in place of what is there', async () => {
      const digest = await put('one', ['rc'], { labels: { team: 'blue' }, annotations: { note: 'x' } })
      await set([tagged('rc'), manifestAt(digest)], { qa: ['passed', 'twice'] })
      const release = parseImageName('release/app')
      const copy = (move: boolean) =>
        opened.copier.copy({
          from: { repository: opened.repository, image: app, tag: parseTag('rc') },
          to: { repository: opened.other, image: release, tag: parseTag('1.0') },
          move,
          mayOverwrite: true,
          actor: 'ann',
        })
      expect(await copy(false)).toMatchObject({ kind: 'copied' })
      const there = tagged('1.0', release)
      expect(await at(there, opened.other)).toEqual({ qa: ['passed', 'twice'] })
      expect(await at({ kind: 'manifest', image: release, digest }, opened.other)).toEqual({
        qa: ['passed', 'twice'],
      })
      const [labels] = await opened.properties.labelsOf(opened.other, [{ image: release, digest }])
      expect(Object.fromEntries(labels?.labels ?? [])).toEqual({ team: ['blue'] })
      expect(Object.fromEntries(labels?.annotations ?? [])).toEqual({ note: ['x'] })
      expect(await at(tagged('rc'))).toEqual({ qa: ['passed', 'twice'] })
      await opened.properties.change(opened.other, [there], { set: propertiesOf({ own: ['x'] }), remove: [] })
      await set([tagged('rc')], { qa: ['again'] })
      expect(await copy(true)).toMatchObject({ kind: 'copied' })
      expect(await at(there, opened.other)).toEqual({ qa: ['again'] })
      await put('one', ['rc'])
      expect(await at(tagged('rc'))).toEqual({})
    })

    it('leaves those that a manifest has at the target as they are, and mixes none into them', async () => {
      const digest = await put('one', ['rc'])
      const release = parseImageName('release/app')
      const there = { kind: 'manifest' as const, image: release, digest }
      const copy = (tag: string) =>
        opened.copier.copy({
          from: { repository: opened.repository, image: app, tag: parseTag('rc') },
          to: { repository: opened.other, image: release, tag: parseTag(tag) },
          move: false,
          mayOverwrite: true,
          actor: 'ann',
        })
      await copy('1.0')
      expect(await at(there, opened.other)).toEqual({})
      await opened.properties.change(opened.other, [there], {
        set: propertiesOf({ qa: ['own'] }),
        remove: [],
      })
      await set([manifestAt(digest)], { qa: ['first', 'second'], more: ['x'] })
      await copy('1.1')
      expect(await at(there, opened.other)).toEqual({ qa: ['own'] })
    })

    it('tells the labels and annotations of manifests, without what can’t be searched for', async () => {
      const digest = await put('one', ['1'], {
        annotations: { b: 'two', a: 'one', nul: 'a\0b', ['\ud800']: 'half', long: 'x'.repeat(2401) },
        labels: { maintainer: 'ann', '': 'nothing', __proto__x: 'odd' },
      })
      const bare = await put('bare', [])
      const key = (image: ImageName, of: Digest) => ({ image, digest: of })
      const none = key(parseImageName('none'), digest)
      const [found, ...others] = await opened.properties.labelsOf(opened.repository, [
        key(app, digest),
        key(app, bare),
        none,
      ])
      expect([...(found?.annotations ?? [])]).toEqual([
        ['a', ['one']],
        ['b', ['two']],
      ])
      expect([...(found?.labels ?? [])]).toEqual([
        ['__proto__x', ['odd']],
        ['maintainer', ['ann']],
      ])
      for (const other of others) expect([other.annotations.size, other.labels.size]).toEqual([0, 0])
    })

    it('takes no more than there may be, and then changes nothing', async () => {
      await put('one', ['1', '2'])
      const many = Array.from({ length: maximumProperties }, (_, n) => [`key${n}`, ['x']] as const)
      await set([tagged('1')], Object.fromEntries(many))
      const both = set([tagged('2'), tagged('1')], { another: ['x'] })
      await expect(both).rejects.toMatchObject({
        code: 'REQUEST_INVALID',
        message: /team\/app\/1 would have 101/,
      })
      expect(await at(tagged('2'))).toEqual({})
      await set([tagged('1')], { another: ['x'] }, ['key7'])
      expect(Object.keys(await at(tagged('1')))).toHaveLength(maximumProperties)
    })

    it('takes no more text than there may be, all of it together, and then changes nothing', async () => {
      const digest = await put('one', ['1'])
      const half = maximumPropertyBytes / 2
      // Two bytes each, with one for the key.
      const values = (length: number) => Array.from({ length: 20 }, (_, n) => `${n}`.padStart(length, 'ü'))
      const text = values(half / 40)
      for (const place of [tagged('1'), manifestAt(digest), whole, all]) {
        await set([place], { a: text })
        const before = await at(place)
        await expect(set([place], { b: text, c: text })).rejects.toMatchObject({
          code: 'REQUEST_INVALID',
          message: expect.stringMatching(/properties of \d+ bytes, expected at most 65536/) as string,
        })
        expect(await at(place)).toEqual(before)
        await set([place], { b: text.slice(1), c: ['x'] })
        await set([place], { d: text }, ['a'])
        expect(Object.keys(await at(place))).toEqual(['b', 'c', 'd'])
      }
    })

    it('loses nothing of what many set at once', async () => {
      const digest = await put('one', ['1'])
      for (const place of [tagged('1'), manifestAt(digest), whole, all]) {
        await Promise.all(
          [1, 2, 3, 4, 5].map((n) => set([place], { [`key${n}`]: ['a', 'b'], common: [`${n}`] })),
        )
        const { common, ...rest } = await at(place)
        expect(rest).toEqual(Object.fromEntries([1, 2, 3, 4, 5].map((n) => [`key${n}`, ['a', 'b']])))
        expect(common).toHaveLength(1)
      }
    })
  })
}

function propertiesOf(given: object): Properties {
  return new Map(Object.entries(given as Record<string, string[]>))
}
