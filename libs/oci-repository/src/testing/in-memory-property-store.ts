import { byCodePoint, type Digest } from '@entrepot/kernel'
import type { ImageName } from '@entrepot/oci-model'
import type { RepositoryId } from '@entrepot/repositories'
import type { ManifestKey } from '../items/item-times.js'
import type { NewManifest } from '../manifest-store.js'
import { type Properties, type PropertyChange, requireFitting, searchable } from '../properties/properties.js'
import type { ManifestLabels, PropertyPlace, PropertyStore } from '../properties/property-store.js'
import type { TagCopy } from '../tag-copier.js'
import type { FollowsContent, InMemoryManifestStore } from './in-memory-manifest-store.js'

export class InMemoryPropertyStore implements PropertyStore, FollowsContent {
  readonly #properties = new Map<string, Properties>()

  constructor(private readonly manifests: InMemoryManifestStore) {
    manifests.follower = this
  }

  async find(repository: RepositoryId, places: readonly PropertyPlace[]): Promise<readonly Properties[]> {
    return places.map((place) => this.#properties.get(this.#keyOf(repository, place)) ?? new Map())
  }

  async change(
    repository: RepositoryId,
    places: readonly PropertyPlace[],
    { set, remove }: PropertyChange,
  ): Promise<readonly PropertyPlace[]> {
    const changed = new Map<string, Properties>()
    const there: PropertyPlace[] = []
    for (const place of places) {
      if (!(await this.#isThere(repository, place))) continue
      const key = this.#keyOf(repository, place)
      if (!changed.has(key)) there.push(place)
      const kept = [...(this.#properties.get(key) ?? [])].filter(([name]) => !remove.includes(name))
      const after = [...new Map([...kept, ...set])].sort(([left], [right]) => byCodePoint(left, right))
      if (set.size > 0) requireFitting(new Map(after), describePlace(place))
      changed.set(key, new Map(after))
    }
    for (const [key, properties] of changed) this.#properties.set(key, properties)
    return there
  }

  async labelsOf(
    repository: RepositoryId,
    manifests: readonly ManifestKey[],
  ): Promise<readonly ManifestLabels[]> {
    const found = manifests.map(({ image, digest }) => this.manifests.findByDigest(repository, image, digest))
    return (await Promise.all(found)).map((each) => {
      const manifest = each as NewManifest | undefined
      return {
        annotations: sorted(searchable(manifest?.annotations ?? {})),
        labels: sorted(searchable(manifest?.labels ?? {})),
      }
    })
  }

  copied(from: TagCopy['from'], to: TagCopy['to'], manifests: readonly Digest[]): void {
    if (to.tag !== undefined) {
      const { repository, image, tag } = to
      const target = this.#keyOf(repository, { kind: 'tag', image, tag })
      if ('tag' in from) this.#copy(this.#keyOf(from.repository, { kind: 'tag', ...from }), target)
      else this.#properties.delete(target)
    }
    for (const digest of manifests) {
      const target = this.#keyOf(to.repository, { kind: 'manifest', image: to.image, digest })
      if (this.#properties.has(target)) continue
      this.#copy(this.#keyOf(from.repository, { kind: 'manifest', image: from.image, digest }), target)
    }
  }

  gone(repository: RepositoryId, image: ImageName, manifest: Digest, last: boolean): void {
    this.#properties.delete(this.#keyOf(repository, { kind: 'manifest', image, digest: manifest }))
    if (last) this.#properties.delete(this.#keyOf(repository, { kind: 'image', image }))
  }

  #copy(from: string, to: string): void {
    const properties = this.#properties.get(from)
    if (properties === undefined) this.#properties.delete(to)
    else this.#properties.set(to, properties)
  }

  async #isThere(repository: RepositoryId, place: PropertyPlace): Promise<boolean> {
    switch (place.kind) {
      case 'tag':
        return (await this.manifests.findByTag(repository, place.image, place.tag)) !== undefined
      case 'manifest':
        return (await this.manifests.findByDigest(repository, place.image, place.digest)) !== undefined
      case 'image':
        return this.manifests.hasImage(repository, place.image)
      case 'repository':
        return true
    }
  }

  /** Each move of a tag begins anew. */
  #keyOf(repository: RepositoryId, place: PropertyPlace): string {
    if (place.kind === 'repository') return JSON.stringify([repository])
    if (place.kind === 'image') return JSON.stringify([repository, place.image])
    if (place.kind === 'manifest') return JSON.stringify([repository, place.image, place.digest])
    const { image, tag } = place
    const moves = this.manifests.tagEvents.filter(
      (event) => event.repository === repository && event.image === image && event.tag === tag,
    )
    return JSON.stringify([repository, image, tag, moves.length])
  }
}

function sorted(properties: Properties): Properties {
  return new Map([...properties].sort(([left], [right]) => byCodePoint(left, right)))
}

function describePlace(place: PropertyPlace): string {
  if (place.kind === 'repository') return ''
  if (place.kind === 'image') return place.image
  return `${place.image}/${place.kind === 'tag' ? place.tag : place.digest}`
}
