import { type AqlComparison, type ItemField, type ItemQuery, textOf } from '@entrepot/aql'
import { type Digest, SegmentPattern, type UserId } from '@entrepot/kernel'
import type { ImageName, Tag } from '@entrepot/oci-model'
import type { RepositoryId, RepositoryKey } from '@entrepot/repositories'
import type { ItemTimes } from '../items/item-times.js'
import type { PropertyPlace } from '../properties/property-store.js'

/** A repository whose content is searched. */
export interface SearchedRepository {
  readonly id: RepositoryId
  /** Of the local or remote repository itself. */
  readonly key: RepositoryKey
  /** What its items are told to be in: `<key>-cache` for a remote, as Artifactory calls that. */
  readonly shownKey: string
  /** Virtual repositories that it is searched by, when one is named. */
  readonly virtuals: readonly string[]
}

/** What of the repositories is searched: all that the principal may read, and nothing else. */
export interface ItemScope {
  readonly repositories: readonly SearchedRepository[]
  /** Those of which everything is searched. */
  readonly whole: readonly RepositoryId[]
  /** Of others all of these images. */
  readonly images: readonly { readonly repository: RepositoryId; readonly image: ImageName }[]
  /** Of other images these tags, with what can be reached from them. */
  readonly tags: readonly {
    readonly repository: RepositoryId
    readonly image: ImageName
    readonly tag: Tag
  }[]
  /** Images whose tags are not all to be read: their own properties are neither looked at nor shown. */
  readonly closed: readonly { readonly repository: RepositoryId; readonly image: ImageName }[]
  /** Whose builds count; undefined: everybody's. */
  readonly publisher: UserId | undefined
}

export interface FoundItem {
  readonly repository: SearchedRepository
  /** `.` for what is in no folder. */
  readonly path: string
  readonly name: string
  /** What has its properties. */
  readonly place: PropertyPlace
  /** Of a file. */
  readonly content: FoundContent | undefined
  readonly times: ItemTimes | undefined
}

/** Tells the items whose properties are kept from who searches. */
export function closedItems({
  closed,
}: ItemScope): (item: Pick<FoundItem, 'repository' | 'place'>) => boolean {
  const keys = new Set(closed.map(({ repository, image }) => `${repository}/${image}`))
  return ({ repository, place }) => place.kind === 'image' && keys.has(`${repository.id}/${place.image}`)
}

export interface FoundContent {
  readonly digest: Digest
  readonly size: number
  readonly isManifest: boolean
  /** The manifest that it is, or belongs to. */
  readonly manifest: Digest
  /** Of a manifest. */
  readonly mediaType: string | undefined
}

export interface FoundItems {
  readonly items: readonly FoundItem[]
  /** Whether there are more, that nobody asked to leave out. */
  readonly isCut: boolean
}

/** Items by the Artifactory Query Language. */
export interface ItemSearch {
  /**
   * One statement. Items are files, unless a criterion says of which type they are. Without a sort order they come by
   * repository, path and name.
   * @throws RegistryError REQUEST_INVALID for a query that takes too long; TOO_MANY_REQUESTS when too many search at once
   */
  search(query: ItemQuery, scope: ItemScope): Promise<FoundItems>
}

/** At most so many items are answered at once. */
export const maximumFoundItems = 20_000

type ComparedKey = Pick<AqlComparison<ItemField>, 'comparison' | 'value'>

/** A query asks for each of its tables or items, and may have thousands of comparisons. */
const idsWhere = new WeakMap<readonly SearchedRepository[], WeakMap<ComparedKey, readonly RepositoryId[]>>()

/** Which of the repositories a comparison of AQL's field `repo` is true of. Patterns are not about virtual ones. */
export function repositoriesWhere(
  compared: ComparedKey,
  repositories: readonly SearchedRepository[],
): readonly RepositoryId[] {
  const known = idsWhere.get(repositories) ?? new WeakMap<ComparedKey, readonly RepositoryId[]>()
  idsWhere.set(repositories, known)
  const ids = known.get(compared) ?? idsOf(compared, repositories)
  known.set(compared, ids)
  return ids
}

function idsOf(
  { comparison, value }: ComparedKey,
  repositories: readonly SearchedRepository[],
): readonly RepositoryId[] {
  const text = textOf(value)
  const isNamed = ({ key, shownKey, virtuals }: SearchedRepository) =>
    value !== null && (key === text || shownKey === text || virtuals.includes(text))
  const pattern = new SegmentPattern(text)
  const isMatched = ({ key, shownKey }: SearchedRepository) =>
    pattern.matches(key) || pattern.matches(shownKey)
  const tests: Readonly<Record<typeof comparison, (repository: SearchedRepository) => boolean>> = {
    $eq: isNamed,
    $ne: (repository) => !isNamed(repository),
    $match: isMatched,
    $nmatch: (repository) => !isMatched(repository),
    $gt: ({ shownKey }) => shownKey > text,
    $gte: ({ shownKey }) => shownKey >= text,
    $lt: ({ shownKey }) => shownKey < text,
    $lte: ({ shownKey }) => shownKey <= text,
  }
  return repositories.filter(tests[comparison]).map(({ id }) => id)
}
