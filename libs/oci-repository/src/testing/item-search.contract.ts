import { type ItemQuery, parseAql } from '@entrepot/aql'
import { type Digest, digestOf, type UserId } from '@entrepot/kernel'
import { mediaTypes, parseImageName, parseTag } from '@entrepot/oci-model'
import type { RepositoryId, RepositoryKey } from '@entrepot/repositories'
import { beforeAll, describe, expect, it, test } from 'vitest'
import type { BlobIndex } from '../blob-index.js'
import type { FoundItem, ItemScope, ItemSearch, SearchedRepository } from '../item-search/item-search.js'
import type { ManifestStore, NewManifest } from '../manifest-store.js'
import type { PropertyStore } from '../properties/property-store.js'

/** Where the content of the search is put. */
export interface SearchableContent {
  readonly search: ItemSearch
  readonly manifests: ManifestStore
  readonly blobs: BlobIndex
  readonly properties: PropertyStore
  readonly local: RepositoryId
  readonly remote: RepositoryId
  /** A build of `ann` that lists the first content by SHA-256 as artifact, and the second by SHA-1 as dependency. */
  readonly listInBuild: (artifact: Digest, dependency: Digest, sha1: string) => Promise<void>
}

export const ann = 'ann' as UserId

const app = parseImageName('team/app')
const base = parseImageName('base')
const manifestOf = (text: string, changes: Partial<NewManifest> = {}): NewManifest => ({
  digest: digestOf(Buffer.from(text)),
  mediaType: mediaTypes.ociManifest,
  bytes: Buffer.from(text),
  artifactType: undefined,
  annotations: {},
  labels: {},
  subject: undefined,
  blobs: [],
  needsBlobs: true,
  children: [],
  ...changes,
})
const layer = digestOf(Buffer.from('layer'))
const config = digestOf(Buffer.from('config'))
const first = manifestOf('first', {
  blobs: [config, layer],
  labels: { maintainer: 'ann' },
  annotations: { 'org.source': 'here' },
})
const second = manifestOf('second', { blobs: [layer] })
const child = manifestOf('child', { blobs: [config] })
const index = manifestOf('index', { mediaType: mediaTypes.ociIndex, children: [child.digest] })
const signature = manifestOf('signature', { subject: first.digest })
const cached = manifestOf('cached', {
  blobs: [layer, digestOf(Buffer.from('not cached'))],
  needsBlobs: false,
})
const hex = (digest: Digest) => digest.slice(7)

export const searchedDigests = {
  layer,
  config,
  first: first.digest,
  child: child.digest,
  cached: cached.digest,
}

/** Two images of a local repository, and one in the cache of a remote. */
export async function fillSearchable(content: SearchableContent): Promise<void> {
  const { manifests, blobs, properties, local, remote } = content
  const blob = (text: string) => {
    const bytes = Buffer.from(text)
    return { key: `key of ${text}` as never, digest: digestOf(bytes), size: bytes.length }
  }
  for (const image of [app, base]) {
    for (const text of ['config', 'layer']) await blobs.link(local, image, blob(text))
  }
  await blobs.link(remote, app, blob('layer'))
  await manifests.put(local, app, first, [parseTag('v1'), parseTag('latest')], 'ann')
  await manifests.put(local, app, child, [], 'ann')
  await manifests.put(local, app, index, [parseTag('multi')], 'ann')
  await manifests.put(local, app, signature, [], 'ann')
  await manifests.put(local, base, second, [parseTag('v1')], 'bob')
  await manifests.put(remote, app, cached, [parseTag('v1')], 'ann')
  await manifests.put(remote, app, { ...child, needsBlobs: false }, [], 'ann')
  const set = (pairs: Record<string, readonly string[]>) => ({
    set: new Map(Object.entries(pairs)),
    remove: [],
  })
  const v1 = { kind: 'tag', image: app, tag: parseTag('v1') } as const
  await properties.change(
    local,
    [v1],
    set({ 'build.name': ['team/app'], 'build.number': ['7'], stage: ['dev', 'qa'] }),
  )
  const inBase = { kind: 'tag', image: base, tag: parseTag('v1') } as const
  await properties.change(local, [inBase], set({ stage: ['prod'] }))
  const ofChild = { kind: 'manifest', image: app, digest: child.digest } as const
  await properties.change(local, [ofChild], set({ stage: ['dev'] }))
  await properties.change(local, [{ kind: 'image', image: app }], set({ owner: ['prod'] }))
  await content.listInBuild(first.digest, config, 'c'.repeat(40))
}

export function scopeOf({ local, remote }: SearchableContent, changes: Partial<ItemScope> = {}): ItemScope {
  const repositories: readonly SearchedRepository[] = [
    { id: local, key: 'docker-local' as RepositoryKey, shownKey: 'docker-local', virtuals: ['docker'] },
    { id: remote, key: 'hub' as RepositoryKey, shownKey: 'hub-cache', virtuals: ['docker'] },
  ]
  return {
    repositories,
    whole: [local, remote],
    images: [],
    tags: [],
    closed: [],
    publisher: undefined,
    ...changes,
  }
}

export function itemPath({ repository, path, name }: FoundItem): string {
  return [repository.shownKey, ...(path === '.' ? [] : [path]), name].join('/')
}

/** What every ItemSearch finds. */
export function itemSearchContract(name: string, open: () => Promise<SearchableContent>): void {
  describe(name, () => {
    let content: SearchableContent
    beforeAll(async () => {
      content = await open()
      await fillSearchable(content)
    })

    const now = new Date('2100-01-01T00:00:00Z')
    const find = async (criteria: string, scope: Partial<ItemScope> = {}) => {
      const query = parseAql(`items.find(${criteria})`, now) as ItemQuery
      return (await content.search.search(query, scopeOf(content, scope))).items.map(itemPath)
    }
    const inFirst = (tag: string) => [
      `docker-local/team/app/${tag}/manifest.json`,
      ...[config, layer].map((digest) => `docker-local/team/app/${tag}/sha256__${hex(digest)}`).sort(),
    ]
    const ofChild = [
      `docker-local/team/app/${child.digest}/manifest.json`,
      `docker-local/team/app/${child.digest}/sha256__${hex(config)}`,
    ]
    const ofSecond = [`docker-local/base/v1/manifest.json`, `docker-local/base/v1/sha256__${hex(layer)}`]

    it('finds the files of tags, of what an index lists and of what has no tag, by repository and path', async () => {
      const found = await find('{}')
      expect(found).toEqual([...found].sort())
      expect(found).toEqual(
        expect.arrayContaining([
          ...ofSecond,
          ...inFirst('v1'),
          ...inFirst('latest'),
          'docker-local/team/app/multi/list.manifest.json',
          ...ofChild,
          `docker-local/team/app/${signature.digest}/manifest.json`,
          'hub-cache/team/app/v1/manifest.json',
          `hub-cache/team/app/v1/sha256__${hex(layer)}`,
          `hub-cache/team/app/sha256__${hex(child.digest)}/manifest.json`,
        ]),
      )
      expect(found).toHaveLength(15)
    })

    test.each<readonly [string, () => readonly string[]]>([
      ['{"repo": "docker-local", "path": "team/app/v1"}', () => inFirst('v1')],
      [
        '{"repo": "docker-local", "path": {"$match": "team/*"}, "name": "list.manifest.json"}',
        () => ['docker-local/team/app/multi/list.manifest.json'],
      ],
      ['{"repo": {"$match": "*-local"}, "path": {"$match": "b*e/v?"}}', () => ofSecond],
      ['{"repo": {"$match": "dock*"}, "path": "base/v1"}', () => ofSecond],
      [
        '{"repo": "hub", "name": "manifest.json", "path": {"$match": "*/v1"}}',
        () => ['hub-cache/team/app/v1/manifest.json'],
      ],
      ['{"repo": "docker", "path": {"$eq": "base/v1"}}', () => ofSecond],
      [
        '{"repo": {"$ne": "docker-local"}, "name": {"$nmatch": "*.json"}}',
        () => [`hub-cache/team/app/v1/sha256__${hex(layer)}`],
      ],
      ['{"repo": "none"}', () => []],
      [`{"path": "team/app/sha256__${hex(child.digest)}", "repo": "docker-local"}`, () => ofChild],
      [`{"path": "team/app/${child.digest}", "repo": "docker-local"}`, () => ofChild],
      [
        `{"path": {"$match": "team/app/sha256__${hex(child.digest)}*"}, "repo": "docker-local"}`,
        () => ofChild,
      ],
      [`{"name": "sha256__${hex(layer)}", "path": {"$match": "base/*"}}`, () => ofSecond.slice(1)],
      [`{"sha256": "${hex(second.digest)}"}`, () => ofSecond.slice(0, 1)],
      [`{"sha256": {"$match": "${hex(second.digest).slice(0, 20)}*"}}`, () => ofSecond.slice(0, 1)],
      ['{"size": {"$gt": 5}, "path": "base/v1"}', () => ofSecond.slice(0, 1)],
      ['{"depth": 3, "repo": "docker-local"}', () => ofSecond],
      ['{"created": {"$gt": "2099-01-01"}}', () => []],
      ['{"created": {"$last": "200y"}, "path": "base/v1"}', () => ofSecond],
      ['{"created_by": "nobody"}', () => []],
      ['{"actual_md5": {"$ne": "x"}, "path": "base/v1"}', () => ofSecond],
      ['{"actual_sha1": {"$eq": null}, "path": "base/v1"}', () => ofSecond],
      [
        `{"actual_sha1": "${'c'.repeat(40)}", "path": "team/app/v1"}`,
        () => [`docker-local/team/app/v1/sha256__${hex(config)}`],
      ],
      ['{"path": {"$match": "50%_\\\\\\\\*"}}', () => []],
    ])('%s', async (criteria, expected) => {
      expect(await find(criteria)).toEqual(expected())
    })

    test.each<readonly [string, () => readonly string[]]>([
      ['{"@build.name": "team/app", "@build.number": "7"}', () => inFirst('v1')],
      ['{"@build.name": {"$match": "team/*"}}', () => inFirst('v1')],
      ['{"@stage": "prod"}', () => ofSecond],
      ['{"$and": [{"@stage": "dev"}, {"@stage": "qa"}]}', () => inFirst('v1')],
      ['{"@stage": {"$ne": "dev"}, "path": {"$match": "*/v1"}, "repo": "docker-local"}', () => ofSecond],
      [
        '{"@stage": {"$nmatch": "*"}, "path": {"$match": "*/v1"}}',
        () => ['hub-cache/team/app/v1/manifest.json', `hub-cache/team/app/v1/sha256__${hex(layer)}`],
      ],
      ['{"@stage": {"$eq": null}, "repo": "docker-local", "path": {"$match": "*/v1"}}', () => []],
      ['{"@*": {"$match": "pro?"}}', () => ofSecond],
      ['{"property.value": "prod"}', () => ofSecond],
      ['{"property.key": {"$match": "build.*"}}', () => inFirst('v1')],
      [
        '{"$msp": [{"@stage": {"$ne": "dev"}}, {"@stage": {"$ne": "qa"}}], "repo": "docker-local"}',
        () => ofSecond,
      ],
      ['{"$msp": [{"property.key": "stage"}, {"property.value": "7"}]}', () => []],
      [`{"@docker.manifest.digest": "${child.digest}", "repo": "docker-local"}`, () => ofChild.slice(0, 1)],
      ['{"@docker.label.maintainer": "ann", "path": "team/app/v1"}', () => inFirst('v1').slice(0, 1)],
      [
        '{"@oci.annotation.*": {"$match": "h*"}, "path": {"$match": "*/v1"}}',
        () => inFirst('v1').slice(0, 1),
      ],
      [
        `{"@docker.manifest.type": "${mediaTypes.ociIndex}"}`,
        () => ['docker-local/team/app/multi/list.manifest.json'],
      ],
      ['{"@docker.manifest": "multi"}', () => ['docker-local/team/app/multi/list.manifest.json']],
    ])('by properties: %s', async (criteria, expected) => {
      expect(await find(criteria)).toEqual(expected())
    })

    it('takes the pairs of an object in $or for alternatives, as exclusions of the CLI do', async () => {
      const excluded =
        '{"repo": "docker-local", "$or": [{"path": {"$nmatch": "team/*"}, "name": {"$nmatch": "*.json"}}]}'
      expect(await find(excluded)).toEqual([
        ...ofSecond,
        ...(await find('{"repo": "docker-local", "path": {"$match": "team/*"}, "name": {"$match": "sha*"}}')),
      ])
      expect(await find('{"$or": []}')).toEqual([])
    })

    it('finds what builds list, by both checksums, of builds that are seen', async () => {
      const artifact = '{"artifact.module.build.name": "team/app", "artifact.module.build.number": "7"}'
      const manifests = [
        'docker-local/team/app/latest/manifest.json',
        'docker-local/team/app/v1/manifest.json',
      ]
      expect(await find(artifact)).toEqual(manifests)
      expect(await find(artifact, { publisher: ann })).toEqual(manifests)
      expect(await find(artifact, { publisher: 'bob' as UserId })).toEqual([])
      expect(
        await find('{"artifact.module.build.name": "team/app", "artifact.module.build.number": "8"}'),
      ).toEqual([])
      const dependency = await find('{"dependency.module.build.name": {"$match": "team/*"}}')
      expect(dependency).toHaveLength(3)
      expect(dependency.every((path) => path.endsWith(`sha256__${hex(config)}`))).toBe(true)
    })

    it('finds folders where a type is said', async () => {
      expect(await find('{"type": "folder", "repo": "docker-local", "path": {"$match": "team/*"}}')).toEqual([
        'docker-local/team/app/latest',
        'docker-local/team/app/multi',
        ...[child.digest, signature.digest].map((digest) => `docker-local/team/app/${digest}`).sort(),
        'docker-local/team/app/v1',
      ])
      expect(await find('{"type": "folder", "path": "."}')).toEqual(['docker-local/base'])
      expect(await find('{"type": "any", "repo": "docker-local", "path": {"$match": "base*"}}')).toEqual([
        'docker-local/base/v1',
        ...ofSecond,
      ])
      expect(await find('{"type": {"$ne": "file"}, "@stage": "prod"}')).toEqual(['docker-local/base/v1'])
    })

    it('finds nothing beyond its scope: whole repositories, whole images, tags with what they reach', async () => {
      const none = { whole: [], images: [], tags: [] }
      const all = '{"type": "any"}'
      expect(await find(all, none)).toEqual([])
      expect(await find('{}', { ...none, images: [{ repository: content.local, image: base }] })).toEqual(
        ofSecond,
      )
      const tag = (text: string) => [{ repository: content.local, image: app, tag: parseTag(text) }]
      expect(await find(all, { ...none, tags: tag('multi') })).toEqual([
        'docker-local/team/app',
        'docker-local/team/app/multi',
        `docker-local/team/app/${child.digest}`,
        'docker-local/team/app/multi/list.manifest.json',
        ...ofChild,
      ])
      expect(await find('{}', { ...none, tags: tag('latest') })).toEqual([
        ...inFirst('latest'),
        `docker-local/team/app/${signature.digest}/manifest.json`,
      ])
      const mixed = {
        whole: [content.remote],
        images: [{ repository: content.local, image: base }],
        tags: tag('v1'),
      }
      expect(await find('{"name": "manifest.json", "path": {"$match": "*/v1"}}', mixed)).toEqual([
        'docker-local/base/v1/manifest.json',
        'docker-local/team/app/v1/manifest.json',
        'hub-cache/team/app/v1/manifest.json',
      ])
    })

    it('looks at the own properties of an image only for who may read all of it', async () => {
      const folder = 'docker-local/team/app'
      const having = (criteria: string) => `{"type": "folder", "path": "team", ${criteria}}`
      const one = { repository: content.local, image: app }
      const partly = { whole: [], tags: [{ ...one, tag: parseTag('v1') }], closed: [one] }
      for (const criteria of [
        '"@owner": "prod"',
        '"@own*": {"$match": "*"}',
        '"property.value": "prod"',
        '"$msp": [{"property.key": "owner"}, {"property.value": "prod"}]',
      ]) {
        expect(await find(having(criteria))).toEqual([folder])
        expect(await find(having(criteria), { ...partly, closed: [] })).toEqual([folder])
        expect(await find(having(criteria), partly)).toEqual([])
        const elsewhere = [
          { ...one, image: base },
          { ...one, repository: content.remote },
        ]
        expect(await find(having(criteria), { ...partly, closed: elsewhere })).toEqual([folder])
      }
      const without = having('"@owner": {"$ne": "prod"}')
      expect(await find(without, partly)).toContain(folder)
      expect(await find(without)).not.toContain(folder)
      expect(await find('{"type": "folder", "@stage": "dev"}', partly)).toEqual([`${folder}/v1`])
    })

    it('sorts, skips and stops as it is told, and says when it stopped by itself', async () => {
      const query = (text: string) =>
        parseAql(`items.find({"repo": "docker-local", "name": "manifest.json"})${text}`, now)
      const search = async (text: string) => {
        const { items, isCut } = await content.search.search(query(text) as ItemQuery, scopeOf(content))
        return { paths: items.map(({ path }) => path), isCut }
      }
      const all = (await search('')).paths
      expect((await search('.sort({"$desc": ["path"]})')).paths).toEqual(all.toReversed())
      expect(await search('.sort({"$asc": ["path"]}).offset(1).limit(2)')).toEqual({
        paths: all.slice(1, 3),
        isCut: false,
      })
      expect((await search('.sort({"$desc": ["size", "path"]}).limit(1)')).paths).toEqual([
        `team/app/${signature.digest}`,
      ])
      for (const field of [
        'created',
        'modified',
        'created_by',
        'sha256',
        'actual_sha1',
        'actual_md5',
        'type',
        'depth',
      ]) {
        expect((await search(`.sort({"$asc": ["${field}"]})`)).paths.toSorted()).toEqual(all.toSorted())
      }
      expect((await search('.limit(0)')).paths).toEqual([])
    })

    it('tells the content and what has its properties', async () => {
      const [file] = (
        await content.search.search(
          parseAql('items.find({"path": "base/v1"})', now) as ItemQuery,
          scopeOf(content),
        )
      ).items
      expect(file).toMatchObject({
        place: { kind: 'tag', image: base, tag: 'v1' },
        content: { digest: second.digest, size: 6, isManifest: true, manifest: second.digest },
      })
      expect(file?.times?.created).toBeInstanceOf(Date)
    })
  })
}
