import type { ItemQuery } from '@entrepot/aql'
import { type Digest, RegistryError } from '@entrepot/kernel'
import { digestReference, tagReference } from '@entrepot/oci-model'
import type { ManifestKey } from '../items/item-times.js'
import { computedProperties } from '../properties/computed-properties.js'
import type { Properties } from '../properties/properties.js'
import type { ManifestLabels, PropertyStore } from '../properties/property-store.js'
import type { RequestContext } from '../request-context.js'
import type { ContentChecksums, ReadableContent } from './content-checksums.js'
import { closedItems, type FoundItem, type ItemSearch } from './item-search.js'
import type { ItemScopes } from './item-scopes.js'

/** An item with what the query wants to see of it. */
export interface ShownItem extends FoundItem {
  readonly sha1: string | undefined
  /** Those that are to be shown. */
  readonly properties: readonly (readonly [key: string, value: string])[]
}

export interface ShownItems {
  readonly items: readonly ShownItem[]
  /** Whether there are more, that nobody asked to leave out. */
  readonly isCut: boolean
  /** Whether a SHA-1 is missing for now, because it would have been too much to read. */
  readonly lacksChecksums: boolean
}

/** Of the properties of one answer, with what is written around each. */
export const maximumShownCharacters = 32 * 1024 * 1024

/** Around a key and a value. */
const charactersBeside = 32

/** Items whose properties are looked up by one statement. */
const readAtOnce = 100

/** What clients search by AQL: only what the principal may read. */
export class ItemFinder {
  constructor(
    private readonly scopes: ItemScopes,
    private readonly search: ItemSearch,
    private readonly properties: PropertyStore,
    private readonly checksums: ContentChecksums,
    private readonly shownCharacters = maximumShownCharacters,
  ) {}

  /** @throws RegistryError REQUEST_INVALID for a query that is about too much, takes too long or shows too much */
  async find(query: ItemQuery, context: RequestContext): Promise<ShownItems> {
    const scope = await this.scopes.of(query, context)
    const { items, isCut } = await this.search.search(query, scope)
    const { fields, properties: keys } = query.include
    const wantsSha1 = fields.includes('actual_sha1') || fields.includes('original_sha1')
    const sums = wantsSha1
      ? await this.checksums.of(items.flatMap(readable), context)
      : new Map<Digest, string>()
    const properties =
      keys.length === 0 ? items.map(() => []) : await this.#propertiesOf(items, keys, closedItems(scope))
    const shown = items.map((item, position) => ({
      ...item,
      sha1: item.content && sums.get(item.content.digest),
      properties: properties[position] ?? [],
    }))
    const lacksChecksums =
      wantsSha1 && shown.some(({ content, sha1 }) => content !== undefined && sha1 === undefined)
    return { items: shown, isCut, lacksChecksums }
  }

  /** Items of one place share what is set there. */
  async #propertiesOf(
    items: readonly FoundItem[],
    keys: readonly string[],
    isClosed: (item: FoundItem) => boolean,
  ): Promise<readonly ShownItem['properties'][]> {
    const isWanted = (key: string) => keys.includes('*') || keys.includes(key)
    const shown = new Map<FoundItem, ShownItem['properties']>()
    let left = this.shownCharacters
    for (const part of partsOf(items)) {
      const all = await this.#allOf(part, isClosed)
      for (const [position, item] of part.entries()) {
        const pairs: (readonly [string, string])[] = []
        for (const [key, values] of (all[position] ?? []).filter(([name]) => isWanted(name))) {
          for (const value of values) {
            left -= key.length + value.length + charactersBeside
            if (left < 0) throw tooMuch(this.shownCharacters)
            pairs.push([key, value])
          }
        }
        shown.set(item, pairs)
      }
    }
    return items.map((item) => shown.get(item) ?? [])
  }

  /** @param items of one repository */
  async #allOf(
    items: readonly FoundItem[],
    isClosed: (item: FoundItem) => boolean,
  ): Promise<readonly (readonly (readonly [key: string, values: readonly string[]])[])[]> {
    const [first] = items
    if (first === undefined) return []
    const { id } = first.repository
    const open = items.filter((item) => !isClosed(item))
    const places = new Map(open.map((item) => [placeKey(item), item.place]))
    const sets = await this.properties.find(id, [...places.values()])
    const found = new Map([...places.keys()].map((key, position) => [key, sets[position]]))
    const manifests = items.filter(({ content }) => content?.isManifest)
    const said = await this.properties.labelsOf(id, manifests.flatMap(manifestKeyOf))
    const labels = new Map(manifests.map((item, position) => [item, said[position]]))
    return items.map((item) => [
      ...(found.get(placeKey(item)) ?? []),
      ...ownProperties(item, labels.get(item) ?? noLabels),
    ])
  }
}

/** Each of one repository, with not more than is well kept in memory at once. */
function partsOf(items: readonly FoundItem[]): readonly (readonly FoundItem[])[] {
  const parts: (readonly FoundItem[])[] = []
  for (const ofRepository of Map.groupBy(items, ({ repository }) => repository.id).values()) {
    for (let start = 0; start < ofRepository.length; start += readAtOnce) {
      parts.push(ofRepository.slice(start, start + readAtOnce))
    }
  }
  return parts
}

function tooMuch(characters: number): RegistryError {
  return new RegistryError(
    'REQUEST_INVALID',
    `the query shows properties of more than ${characters} characters: include fewer keys, or set a limit`,
  )
}

const noLabels: ManifestLabels = { annotations: new Map(), labels: new Map() }

/** What Artifactory keeps as properties of the files of images, and clients look for. */
export function ownProperties({ content, place }: FoundItem, labels: ManifestLabels): Properties {
  if (content === undefined || (place.kind !== 'tag' && place.kind !== 'manifest')) return new Map()
  const { digest, mediaType } = content
  if (mediaType === undefined) return new Map([['sha256', [digest.slice(digest.indexOf(':') + 1)]]])
  const reference = place.kind === 'tag' ? tagReference(place.tag) : digestReference(place.digest)
  return computedProperties(place.image, reference, { digest, mediaType }, labels)
}

function manifestKeyOf({ content, place }: FoundItem): readonly ManifestKey[] {
  if (content === undefined || (place.kind !== 'tag' && place.kind !== 'manifest')) return []
  return [{ image: place.image, digest: content.manifest }]
}

function placeKey({ repository, place }: FoundItem): string {
  return JSON.stringify([repository.id, place])
}

function readable({ repository, content, place }: FoundItem): readonly ReadableContent[] {
  if (content === undefined || (place.kind !== 'tag' && place.kind !== 'manifest')) return []
  const { digest, size, isManifest } = content
  return [{ repository: repository.key, image: place.image, digest, size, isManifest }]
}
