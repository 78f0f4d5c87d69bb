import type { ItemQuery } from '@entrepot/aql'
import type { Digest } from '@entrepot/kernel'
import { digestReference, tagReference } from '@entrepot/oci-model'
import type { ManifestKey } from '../items/item-times.js'
import { computedProperties } from '../properties/computed-properties.js'
import type { Properties } from '../properties/properties.js'
import type { ManifestLabels, PropertyStore } from '../properties/property-store.js'
import type { RequestContext } from '../request-context.js'
import type { ContentChecksums, ReadableContent } from './content-checksums.js'
import { closedItems, type FoundItem, type ItemScope, type ItemSearch } from './item-search.js'
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

/** What clients search by AQL: only what the principal may read. */
export class ItemFinder {
  constructor(
    private readonly scopes: ItemScopes,
    private readonly search: ItemSearch,
    private readonly properties: PropertyStore,
    private readonly checksums: ContentChecksums,
  ) {}

  /** @throws RegistryError REQUEST_INVALID for a query that is about too much, or takes too long */
  async find(query: ItemQuery, context: RequestContext): Promise<ShownItems> {
    const scope = await this.scopes.of(query, context)
    const { items, isCut } = await this.search.search(query, scope)
    const { fields, properties: keys } = query.include
    const wantsSha1 = fields.includes('actual_sha1') || fields.includes('original_sha1')
    const sums = wantsSha1
      ? await this.checksums.of(items.flatMap(readable), context)
      : new Map<Digest, string>()
    const properties = keys.length === 0 ? items.map(() => []) : await this.#propertiesOf(items, keys, scope)
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
    scope: ItemScope,
  ): Promise<readonly ShownItem['properties'][]> {
    const isClosed = closedItems(scope)
    const found = new Map<string, Properties>()
    const labels = new Map<FoundItem, ManifestLabels>()
    for (const [id, ofRepository] of Map.groupBy(items, ({ repository }) => repository.id)) {
      const shown = ofRepository.filter((item) => !isClosed(item))
      const places = [...new Map(shown.map((item) => [placeKey(item), item.place])).entries()]
      const sets = await this.properties.find(
        id,
        places.map(([, place]) => place),
      )
      for (const [position, [key]] of places.entries()) found.set(key, sets[position] ?? new Map())
      const manifests = ofRepository.filter(({ content }) => content?.isManifest)
      const said = await this.properties.labelsOf(id, manifests.flatMap(manifestKeyOf))
      for (const [position, item] of manifests.entries()) labels.set(item, said[position] ?? noLabels)
    }
    const isWanted = (key: string) => keys.includes('*') || keys.includes(key)
    return items.map((item) => {
      const all = [...(found.get(placeKey(item)) ?? []), ...ownProperties(item, labels.get(item) ?? noLabels)]
      return all.flatMap(([key, values]) =>
        isWanted(key) ? values.map((value) => [key, value] as const) : [],
      )
    })
  }
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
