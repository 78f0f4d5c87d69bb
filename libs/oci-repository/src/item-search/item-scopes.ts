import { type AqlComparison, type AqlCriterion, type ItemField, type ItemQuery, textOf } from '@entrepot/aql'
import { RegistryError, type UserId } from '@entrepot/kernel'
import { type ImageName, isImageName } from '@entrepot/oci-model'
import type { RepositoryDirectory, RepositoryId, RepositoryKey } from '@entrepot/repositories'
import { tagPages } from '../items/tag-pages.js'
import type { OciRepository } from '../oci-repository.js'
import type { OciRepositoryDirectory } from '../oci-repository-directory.js'
import type { RequestContext } from '../request-context.js'
import { type ItemScope, repositoriesWhere, type SearchedRepository } from './item-search.js'

const pageLimit = 1000

const anyImage = 'any' as ImageName

/** Images and tags that are told to the search one by one. */
export const maximumScope = 50_000

interface Candidate {
  readonly repository: SearchedRepository
  /** Whether its patterns admit everything. */
  readonly hidesNothing: boolean
}

interface Parts {
  readonly whole: RepositoryId[]
  readonly images: { repository: RepositoryId; image: ImageName }[]
  readonly tags: ItemScope['tags'][number][]
  readonly closed: ItemScope['closed'][number][]
}

/**
 * What somebody may find. Who may read everything in a repository searches all of it; for others, and where the patterns of
 * a repository hide something, the images and tags that they may read are looked up first, as far as the query is about
 * them.
 */
export class ItemScopes {
  constructor(
    private readonly directory: RepositoryDirectory,
    private readonly repositories: OciRepositoryDirectory,
  ) {}

  /** @throws RegistryError REQUEST_INVALID when that are too many images and tags */
  async of(query: ItemQuery, context: RequestContext): Promise<ItemScope> {
    const conditions = query.where.of.flatMap(necessary)
    const searched = this.#named(conditions, this.#all())
    const parts: Parts = { whole: [], images: [], tags: [], closed: [] }
    const prefix = pathPrefixOf(conditions)
    for (const { repository, hidesNothing } of searched) {
      const oci = this.repositories.find(repository.key)
      if (oci === undefined) continue
      if (hidesNothing && mayReadAll(repository.key, context)) parts.whole.push(repository.id)
      else await addReadable(parts, { id: repository.id, oci, hidesNothing }, prefix, context)
    }
    return {
      repositories: searched.map(({ repository }) => repository),
      ...parts,
      publisher: publisherOf(context),
    }
  }

  /** Of those, the ones that the query can be about. */
  #named(conditions: readonly AqlComparison<ItemField>[], all: readonly Candidate[]): readonly Candidate[] {
    const repositories = all.map(({ repository }) => repository)
    const wanted = conditions
      .filter(({ subject }) => subject.kind === 'field' && subject.field === 'repo')
      .map((comparison) => new Set(repositoriesWhere(comparison, repositories)))
    return all.filter(({ repository }) => wanted.every((ids) => ids.has(repository.id)))
  }

  #all(): readonly Candidate[] {
    const virtuals = this.repositories.all().filter(({ kind }) => kind === 'virtual')
    return this.directory.all().flatMap(({ id, config }) => {
      if (config.rclass === 'virtual' || config.blackedOut) return []
      const repository: SearchedRepository = {
        id,
        key: config.key,
        shownKey: config.rclass === 'remote' ? `${config.key}-cache` : config.key,
        virtuals: virtuals.filter(({ leaves }) => leaves.includes(config.key)).map(({ key }) => key),
      }
      const { includesPattern, excludesPattern } = config
      const isOpen = ['', '**', '**/*'].includes(includesPattern.trim()) && excludesPattern.trim() === ''
      return [{ repository, hidesNothing: isOpen }]
    })
  }
}

/** What has to be true of every item that is found. */
function necessary(criterion: AqlCriterion<ItemField>): readonly AqlComparison<ItemField>[] {
  if (criterion.kind === 'comparison') return [criterion]
  const [only] = criterion.of
  const isAll = criterion.kind === 'and' || (criterion.kind === 'or' && criterion.of.length === 1)
  if (!isAll || only === undefined) return []
  return criterion.of.flatMap(necessary)
}

/** What the path of every item that is found begins with. */
function pathPrefixOf(conditions: readonly AqlComparison<ItemField>[]): string {
  const prefixes = conditions
    .filter(({ subject }) => subject.kind === 'field' && subject.field === 'path')
    .map(({ comparison, value }) => {
      if (comparison === '$eq') return textOf(value)
      return comparison === '$match' ? (/^[^*?]*/.exec(textOf(value))?.[0] ?? '') : ''
    })
  return prefixes.reduce((longest, prefix) => (prefix.length > longest.length ? prefix : longest), '')
}

/** Whether nothing that comes could be kept from them. */
function mayReadAll(key: RepositoryKey, { principal, may }: RequestContext): boolean {
  const isUnlimited = principal.kind === 'user' && principal.admin && principal.limits === undefined
  // A registry token for some content takes all other rights away, from administrators too.
  return isUnlimited && may('read', key, anyImage)
}

/** Administrators without limits see everybody's builds; nobody is no publisher, nor are groups. */
function publisherOf({ principal }: RequestContext): UserId | undefined {
  if (principal.kind === 'anonymous' || principal.groupsOnly === true) return '' as UserId
  return principal.admin && principal.limits === undefined ? undefined : principal.id
}

async function addReadable(
  parts: Parts,
  repository: { readonly id: RepositoryId; readonly oci: OciRepository; readonly hidesNothing: boolean },
  prefix: string,
  context: RequestContext,
): Promise<void> {
  const { id, oci, hidesNothing } = repository
  for await (const image of imagesAbout(oci, prefix, context)) {
    const isOpen = context.may('read', oci.key, image)
    if (hidesNothing && isOpen) parts.images.push({ repository: id, image })
    else {
      const before = parts.tags.length
      for await (const tags of tagPages(oci, image, context)) {
        parts.tags.push(...tags.map((tag) => ({ repository: id, image, tag })))
        if (parts.tags.length > maximumScope) break
      }
      if (!isOpen && parts.tags.length > before) parts.closed.push({ repository: id, image })
    }
    if (parts.images.length + parts.tags.length > maximumScope) throw tooWide()
  }
}

/** Those in which a path that begins so can be: it may end in the name of an image, or go on behind one. */
async function* imagesAbout(
  repository: OciRepository,
  prefix: string,
  context: RequestContext,
): AsyncGenerator<ImageName, void> {
  const slashes = [...prefix.matchAll(/\//g)].map(({ index }) => prefix.slice(0, index))
  for (const name of slashes) {
    if (isImageName(name) && (await repository.stored.holdsImage(name, context))) yield name
  }
  if (isImageName(prefix) && (await repository.stored.holdsImage(prefix, context))) yield prefix
  for (let after: string | undefined = prefix; after !== undefined;) {
    const { items, more } = await repository.stored.images({ limit: pageLimit, after }, context)
    const inside: readonly ImageName[] = items.filter((image) => image.startsWith(prefix))
    yield* inside
    after = more && inside.length === items.length ? inside.at(-1) : undefined
  }
}

function tooWide(): RegistryError {
  return new RegistryError(
    'REQUEST_INVALID',
    `the query is about more than ${maximumScope} images and tags: name a repository and the beginning of a path`,
  )
}
