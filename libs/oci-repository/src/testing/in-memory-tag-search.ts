import { byCodePoint, type Digest, SegmentPattern } from '@entrepot/kernel'
import type { RepositoryId } from '@entrepot/repositories'
import type { NewManifest } from '../manifest-store.js'
import { type Properties, searchable } from '../properties/properties.js'
import type { PropertyStore } from '../properties/property-store.js'
import type {
  Criterion,
  FoundTag,
  TagPage,
  TagQuery,
  TagSearchStore,
  TextMatch,
} from '../search/tag-search-store.js'
import type { InMemoryManifestStore, TaggedContent } from './in-memory-manifest-store.js'

/** Looks at everything there is. */
export class InMemoryTagSearch implements TagSearchStore {
  constructor(
    private readonly manifests: InMemoryManifestStore,
    private readonly properties: Pick<PropertyStore, 'find'>,
  ) {}

  async find(query: TagQuery, { limit, after }: TagPage): Promise<readonly FoundTag[]> {
    const found: FoundTag[] = []
    for (const repository of new Set(query.repositories)) {
      for (const tagged of this.manifests.tagged(repository)) {
        const one = await this.#matched(repository, tagged, query)
        if (one !== undefined) found.push(one)
      }
    }
    const sorted = found.sort(inOrder)
    return sorted.filter((one) => after === undefined || inOrder(one, after) > 0).slice(0, limit + 1)
  }

  async #matched(
    repository: RepositoryId,
    { image, tag, manifest }: TaggedContent,
    query: TagQuery,
  ): Promise<FoundTag | undefined> {
    const { digest, mediaType } = manifest
    const names = [tag, image, image.slice(image.lastIndexOf('/') + 1)]
    const [own = new Map()] = await this.properties.find(repository, [{ kind: 'tag', image, tag }])
    const isMeant =
      isAny([image], query.image) &&
      isAny([tag], query.tag) &&
      isAny(names, query.name) &&
      query.mediaTypes?.includes(mediaType) !== false &&
      (query.manifest ?? digest) === digest &&
      meets(own, query.properties) &&
      meets(searchable(manifest.labels ?? {}), query.labels) &&
      meets(searchable(manifest.annotations), query.annotations)
    if (!isMeant) return undefined
    const one = { repository, image, tag, digest, mediaType }
    const wanted = query.digest ?? query.manifest
    if (wanted === undefined) return one
    const holder = await this.#holderOf(repository, { image, tag, manifest }, wanted)
    return holder === undefined ? undefined : { ...one, holder }
  }

  async #holderOf(
    repository: RepositoryId,
    { image, manifest }: TaggedContent,
    wanted: Digest,
  ): Promise<Digest | undefined> {
    const listed = manifest.children.map((child) => this.manifests.findByDigest(repository, image, child))
    const folders = [manifest, ...(await Promise.all(listed))] as readonly (NewManifest | undefined)[]
    return folders
      .flatMap((folder) =>
        folder !== undefined && (folder.digest === wanted || folder.blobs.includes(wanted))
          ? [folder.digest]
          : [],
      )
      .sort(byCodePoint)
      .at(0)
  }
}

type Place = Pick<FoundTag, 'repository' | 'image' | 'tag'>

function inOrder(left: Place, right: Place): number {
  return (
    left.repository - right.repository ||
    byCodePoint(left.image, right.image) ||
    byCodePoint(left.tag, right.tag)
  )
}

function isAny(texts: readonly string[], match: TextMatch | undefined): boolean {
  if (match === undefined) return true
  return texts.some((text) =>
    'is' in match ? text === match.is : new SegmentPattern(match.like).matches(text),
  )
}

function meets(properties: Properties, criteria: readonly Criterion[] = []): boolean {
  return criteria.every(({ key, values }) => {
    const there = properties.get(key)
    return there !== undefined && (values.length === 0 || values.some((value) => isAny(there, value)))
  })
}
