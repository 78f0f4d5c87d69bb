import { type Listing, listingOf, RegistryError } from '@entrepot/kernel'
import type { ImageName, Tag } from '@entrepot/oci-model'
import {
  PathFilter,
  type RepositoryDirectory,
  type RepositoryId,
  type RepositoryKey,
} from '@entrepot/repositories'
import type { RequestContext } from '../request-context.js'
import {
  type FoundTag,
  maximumCriteria,
  type TagPage,
  type TagQuery,
  type TagSearchStore,
} from './tag-search-store.js'

export interface ReadableTag extends Omit<FoundTag, 'repository'> {
  /** The local or remote repository that holds it. */
  readonly repository: RepositoryKey
}

export interface ItemPage {
  readonly limit: number
  /** Of one of the repositories that are searched. */
  readonly after:
    { readonly repository: RepositoryKey; readonly image: ImageName; readonly tag: Tag } | undefined
}

interface SearchedRepository {
  readonly key: RepositoryKey
  readonly filter: PathFilter
}

/** Of one criterion. */
const maximumValues = 100

/** Of one glob: each costs a walk through what is left of the text. */
const maximumStars = 10

/** Of an image of which nothing may be read, the rest is skipped. No tag has this in it. */
const afterAllTags = '~' as Tag

/** At most so many tags are looked at at once. */
const largestBatch = 5000

/**
 * Searches for tags that the principal may read. That there are others, which match but are left out, is not told: a page
 * is read on until it is full or nothing is left.
 */
export class TagFinder {
  constructor(
    private readonly store: TagSearchStore,
    private readonly directory: Pick<RepositoryDirectory, 'find'>,
  ) {}

  /**
   * By repository, in no promised order, then image and tag.
   * @param keys those of virtual repositories mean nothing
   * @throws RegistryError REQUEST_INVALID for more criteria, values or `*` than there may be
   */
  async find(
    keys: readonly RepositoryKey[],
    query: Omit<TagQuery, 'repositories'>,
    { limit, after }: ItemPage,
    context: RequestContext,
  ): Promise<Listing<ReadableTag>> {
    checkQuery(query)
    const searched = this.#searched(keys)
    const ids = [...searched.keys()].sort((left, right) => left - right)
    const start = after && ids.find((id) => searched.get(id)?.key === after.repository)
    let from: TagPage['after'] =
      after === undefined || start === undefined ? undefined : { ...after, repository: start }
    const kept: ReadableTag[] = []
    for (let batch = limit; ; batch = Math.min(Math.max(batch * 4, 1000), largestBatch)) {
      const rows = await this.store.find({ ...query, repositories: ids }, { limit: batch, after: from })
      for (const { repository: id, ...row } of rows) {
        const repository = searched.get(id)
        if (repository === undefined || !repository.filter.admitsTag(row.image, row.tag)) continue
        if (!context.may('read', repository.key, row.image, row.tag)) continue
        kept.push({ ...row, repository: repository.key })
      }
      const last = rows.at(-1)
      if (kept.length > limit || rows.length <= batch || last === undefined) return listingOf(kept, limit)
      const key = searched.get(last.repository)?.key
      const isClosed = key !== undefined && !context.mayPartly('read', key, last.image)
      from = { repository: last.repository, image: last.image, tag: isClosed ? afterAllTags : last.tag }
    }
  }

  /** Those that hold content and are in service. */
  #searched(keys: readonly RepositoryKey[]): ReadonlyMap<RepositoryId, SearchedRepository> {
    const searched = new Map<RepositoryId, SearchedRepository>()
    for (const key of keys) {
      const stored = this.directory.find(key)
      if (stored === undefined || stored.config.rclass === 'virtual' || stored.config.blackedOut) continue
      const { includesPattern, excludesPattern } = stored.config
      searched.set(stored.id, { key, filter: new PathFilter(includesPattern, excludesPattern) })
    }
    return searched
  }
}

function checkQuery({
  image,
  tag,
  name,
  properties,
  labels,
  annotations,
}: Omit<TagQuery, 'repositories'>): void {
  const criteria = [properties, labels, annotations].flatMap((some) => some ?? [])
  if (criteria.length > maximumCriteria) {
    throw invalid(`there are ${criteria.length} criteria, expected at most ${maximumCriteria}`)
  }
  for (const { key, values } of criteria) {
    if (values.length > maximumValues) {
      throw invalid(`${JSON.stringify(key)} has ${values.length} values, expected at most ${maximumValues}`)
    }
  }
  const matches = [image, tag, name, ...criteria.flatMap(({ values }) => values)]
  for (const match of matches) {
    if (match === undefined || 'is' in match) continue
    const stars = match.like.split('*').length - 1
    if (stars > maximumStars) {
      throw invalid(`a pattern has ${stars} times *, expected at most ${maximumStars}`)
    }
  }
}

function invalid(message: string): RegistryError {
  return new RegistryError('REQUEST_INVALID', message)
}
