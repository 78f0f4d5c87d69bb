import {
  type AqlComparison,
  type AqlCriterion,
  type AqlValue,
  compareAql,
  deniedBy,
  type ItemField,
  type ItemQuery,
} from '@entrepot/aql'
import { byCodePoint, type Digest, SegmentPattern } from '@entrepot/kernel'
import { type ImageName, isIndexMediaType } from '@entrepot/oci-model'
import type { RepositoryId } from '@entrepot/repositories'
import { ownProperties } from '../item-search/item-finder.js'
import {
  closedItems,
  type FoundItem,
  type FoundItems,
  type ItemScope,
  type ItemSearch,
  maximumFoundItems,
  repositoriesWhere,
  type SearchedRepository,
} from '../item-search/item-search.js'
import { blobFileName } from '../items/item-path.js'
import type { ItemTimesStore } from '../items/item-times.js'
import type { PropertyStore } from '../properties/property-store.js'
import type { InMemoryBlobIndex } from './in-memory-blob-index.js'
import type { InMemoryManifestStore, StoredImage } from './in-memory-manifest-store.js'

/** What a build lists, as far as a search goes by it. */
export interface ListedContent {
  readonly role: 'artifact' | 'dependency'
  readonly sha256: string | undefined
  readonly sha1: string | undefined
  readonly build: { readonly name: string; readonly number: string }
}

export interface SearchedStores {
  readonly manifests: InMemoryManifestStore
  readonly blobs: InMemoryBlobIndex
  readonly times: ItemTimesStore
  readonly properties: PropertyStore
  /** Of the builds that somebody sees; of all for undefined. */
  readonly listed: (publisher: ItemScope['publisher']) => readonly ListedContent[]
  readonly checksums: ReadonlyMap<Digest, string>
}

interface ListedImage extends StoredImage {
  readonly repository: RepositoryId
  readonly image: ImageName
}

interface Candidate extends FoundItem {
  readonly properties: readonly (readonly [key: string, value: string])[]
}

/** Looks at everything that there is, one by one. */
export class InMemoryItemSearch implements ItemSearch {
  constructor(private readonly stores: SearchedStores) {}

  async search(query: ItemQuery, scope: ItemScope): Promise<FoundItems> {
    const all = await this.#candidates(scope)
    const isFile = (item: FoundItem) => item.content !== undefined
    const meant = saysType(query.where) ? all : all.filter(isFile)
    const found = meant.filter((item) => this.#isTrue(query.where, item, scope))
    found.sort((left, right) => this.#order(query, left, right))
    const rest = found.slice(query.offset)
    const limit = Math.min(query.limit ?? Infinity, maximumFoundItems)
    return { items: rest.slice(0, limit), isCut: rest.length > limit && limit !== query.limit }
  }

  async #candidates(scope: ItemScope): Promise<Candidate[]> {
    const isClosed = closedItems(scope)
    const found: Candidate[] = []
    for (const stored of imagesOf(this.stores.manifests)) {
      const repository = scope.repositories.find(({ id }) => id === stored.repository)
      if (repository === undefined) continue
      const items = await this.#itemsOf(stored, repository, scope)
      const sets = await this.stores.properties.find(
        repository.id,
        items.map(({ place }) => place),
      )
      for (const [position, item] of items.entries()) {
        const { image } = stored
        const key = item.content && { image, digest: item.content.manifest }
        const [labels] = await this.stores.properties.labelsOf(repository.id, key === undefined ? [] : [key])
        const all = [
          ...(isClosed(item) ? [] : (sets[position] ?? [])),
          ...ownProperties(item, labels ?? { annotations: new Map(), labels: new Map() }),
        ]
        const properties = all.flatMap(([name, values]) => values.map((value) => [name, value] as const))
        found.push({ ...item, properties })
      }
    }
    return found
  }

  async #itemsOf(
    stored: ListedImage,
    repository: SearchedRepository,
    scope: ItemScope,
  ): Promise<FoundItem[]> {
    const { image, manifests, tags } = stored
    const isWhole =
      scope.whole.includes(repository.id) ||
      scope.images.some((each) => each.repository === repository.id && each.image === image)
    const open = new Set(
      scope.tags
        .filter((each) => each.repository === repository.id && each.image === image)
        .map(({ tag }) => tag),
    )
    const reached = new Set([...open].flatMap((tag) => tags.get(tag) ?? []))
    for (const each of reached) {
      for (const child of manifests.get(each)?.children ?? []) reached.add(child)
      for (const [digest, { subject }] of manifests) if (subject === each) reached.add(digest)
    }
    const children = new Set([...manifests.values()].flatMap((manifest) => manifest.children))
    const tagged = new Set(tags.values())
    const items: FoundItem[] = []
    for (const [tag, digest] of tags) {
      if (!isWhole && !open.has(tag)) continue
      const [times] = await this.stores.times.ofTags(repository.id, [{ image, tag }])
      const place = { kind: 'tag', image, tag } as const
      items.push(
        ...(await this.#folder(stored, digest, { repository, path: image, name: tag, place, times })),
      )
    }
    for (const digest of manifests.keys()) {
      if (!children.has(digest) && tagged.has(digest)) continue
      if (!isWhole && !reached.has(digest)) continue
      const [times] = await this.stores.times.ofManifests(repository.id, [{ image, digest }])
      const name = repository.shownKey === repository.key ? digest : blobFileName(digest)
      const place = { kind: 'manifest', image, digest } as const
      items.push(...(await this.#folder(stored, digest, { repository, path: image, name, place, times })))
    }
    if (isWhole ? manifests.size > 0 : open.size > 0) {
      const slash = image.lastIndexOf('/')
      const path = slash < 0 ? '.' : image.slice(0, slash)
      const place = { kind: 'image', image } as const
      items.push({
        repository,
        path,
        name: image.slice(slash + 1),
        place,
        content: undefined,
        times: undefined,
      })
    }
    return items
  }

  async #folder(
    { repository, image, manifests }: ListedImage,
    digest: Digest,
    folder: Omit<FoundItem, 'content'>,
  ): Promise<readonly FoundItem[]> {
    const manifest = manifests.get(digest)
    if (manifest === undefined) return []
    const { bytes, mediaType } = manifest
    const path = `${folder.path}/${folder.name}`
    const own = { digest, size: bytes.length, isManifest: true, manifest: digest, mediaType }
    const name = isIndexMediaType(mediaType) ? 'list.manifest.json' : 'manifest.json'
    const blobs = await this.stores.blobs.findAll(repository, image, [...new Set(manifest.blobs)])
    return [
      { ...folder, content: undefined },
      { ...folder, path, name, content: own },
      ...blobs.map((blob) => ({
        ...folder,
        path,
        name: blobFileName(blob.digest),
        content: {
          digest: blob.digest,
          size: blob.size,
          isManifest: false,
          manifest: digest,
          mediaType: undefined,
        },
      })),
    ]
  }

  #isTrue(criterion: AqlCriterion<ItemField>, item: Candidate, scope: ItemScope): boolean {
    switch (criterion.kind) {
      case 'comparison':
        return this.#compares(criterion, item, scope)
      case 'or':
        return criterion.of.some((each) => this.#isTrue(each, item, scope))
      case 'same-property':
        return item.properties.some((property) =>
          (criterion.of as readonly AqlComparison<ItemField>[]).every((each) => isTrueOf(each, property)),
        )
      case 'and': {
        const ofBuilds = criterion.of.filter(
          (each) => each.kind === 'comparison' && each.subject.kind === 'build',
        )
        const others = criterion.of.filter((each) => !ofBuilds.includes(each))
        const byRole = Map.groupBy(ofBuilds as readonly AqlComparison<ItemField>[], roleOf)
        return (
          others.every((each) => this.#isTrue(each, item, scope)) &&
          [...byRole].every(([role, group]) => this.#isListed(role, group, item, scope))
        )
      }
    }
  }

  #compares(compared: AqlComparison<ItemField>, item: Candidate, scope: ItemScope): boolean {
    const { subject, comparison, value } = compared
    switch (subject.kind) {
      case 'build':
        return this.#isListed(subject.role, [compared], item, scope)
      case 'property':
      case 'property-part': {
        const positive = { ...compared, comparison: deniedBy.get(comparison) ?? comparison }
        const has = item.properties.some((property) =>
          value === null
            ? isTrueOf({ ...positive, comparison: '$match', value: '*' }, property)
            : isTrueOf(positive, property),
        )
        return has !== ((positive.comparison !== comparison) !== (value === null))
      }
      case 'field':
        if (subject.field === 'repo')
          return repositoriesWhere(compared, scope.repositories).includes(item.repository.id)
        if (subject.field === 'type' && value === 'any') return comparison === '$eq'
        return compareAql(this.#valueOf(subject.field, item), comparison, meantBy(compared, item))
    }
  }

  #isListed(
    role: string,
    group: readonly AqlComparison<ItemField>[],
    { content }: Candidate,
    { publisher }: ItemScope,
  ): boolean {
    if (content === undefined) return false
    const sha1 = this.stores.checksums.get(content.digest)
    return this.stores
      .listed(publisher)
      .filter((listed) => listed.role === role)
      .filter((listed) =>
        listed.sha256 === undefined
          ? listed.sha1 !== undefined && listed.sha1 === sha1
          : content.digest === `sha256:${listed.sha256}`,
      )
      .some(({ build }) =>
        group.every(({ subject, comparison, value }) => {
          const field = subject.kind === 'build' ? subject.field : 'name'
          return compareAql(build[field], comparison, value)
        }),
      )
  }

  #valueOf(field: ItemField, item: FoundItem): AqlValue {
    const { path, name, content, times } = item
    switch (field) {
      case 'repo':
        return item.repository.shownKey
      case 'path':
        return item.place.kind === 'manifest' ? path.replace('sha256__', 'sha256:') : path
      case 'name':
        return item.place.kind === 'manifest' && content === undefined ? item.place.digest : name
      case 'type':
        return content === undefined ? 'folder' : 'file'
      case 'size':
        return content?.size ?? 0
      case 'depth':
        return (path === '.' ? [] : path.split('/')).length + 1
      case 'created':
        return times?.created ?? null
      case 'modified':
      case 'updated':
        return times?.modified ?? null
      case 'created_by':
        return times?.createdBy ?? null
      case 'modified_by':
        return times?.modifiedBy ?? null
      case 'sha256':
        return content === undefined ? null : content.digest.slice(content.digest.indexOf(':') + 1)
      case 'actual_sha1':
      case 'original_sha1':
        return (content && this.stores.checksums.get(content.digest)) ?? null
      case 'actual_md5':
      case 'original_md5':
        return null
    }
  }

  #order({ sort }: ItemQuery, left: FoundItem, right: FoundItem): number {
    const given = (sort?.fields ?? []).map((field) => ({ field, sign: sort?.direction === 'desc' ? -1 : 1 }))
    const last = (['repo', 'path', 'name'] as const).map((field) => ({ field, sign: 1 }))
    for (const { field, sign } of [...given, ...last]) {
      const [one, other] = [this.#valueOf(field, left), this.#valueOf(field, right)]
      if (one === null || other === null) {
        if (one !== other) return one === null ? 1 : -1
        continue
      }
      const order = one < other ? -1 : one > other ? 1 : byCodePoint('', '')
      if (order !== 0 && !(one instanceof Date && one.getTime() === (other as Date).getTime()))
        return order * sign
    }
    return 0
  }
}

/** Clients write the digest of a folder with two underscores too. */
function meantBy(
  { subject, comparison, value }: AqlComparison<ItemField>,
  { place, content }: Candidate,
): AqlValue {
  if (place.kind !== 'manifest' || typeof value !== 'string' || subject.kind !== 'field') return value
  const isOfFolder =
    subject.field === 'path' || (subject.field === 'name' && content === undefined && comparison === '$eq')
  return isOfFolder ? value.replaceAll('sha256__', 'sha256:') : value
}

function isTrueOf(
  { subject, comparison, value }: AqlComparison<ItemField>,
  [key, text]: readonly [string, string],
): boolean {
  if (subject.kind === 'property') {
    const isKey = subject.key.includes('*')
      ? new SegmentPattern(subject.key).matches(key)
      : subject.key === key
    return isKey && (value === null ? comparison === '$ne' : compareAql(text, comparison, value))
  }
  const part = subject.kind === 'property-part' && subject.part === 'key' ? key : text
  return value === null ? comparison === '$ne' : compareAql(part, comparison, value)
}

function roleOf({ subject }: AqlComparison<ItemField>): string {
  return subject.kind === 'build' ? subject.role : ''
}

function saysType(criterion: AqlCriterion<ItemField>): boolean {
  if (criterion.kind !== 'comparison') return criterion.of.some(saysType)
  return criterion.subject.kind === 'field' && criterion.subject.field === 'type'
}

function imagesOf({ byImage }: InMemoryManifestStore): readonly ListedImage[] {
  return [...byImage].map(([key, stored]) => {
    const slash = key.indexOf('/')
    const repository = Number(key.slice(0, slash)) as RepositoryId
    return { ...stored, repository, image: key.slice(slash + 1) as ImageName }
  })
}
