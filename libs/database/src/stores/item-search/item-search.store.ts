import type { ItemQuery } from '@entrepot/aql'
import { type Digest, RegistryError } from '@entrepot/kernel'
import type { ImageName, Tag } from '@entrepot/oci-model'
import {
  type FoundItem,
  type FoundItems,
  type ItemScope,
  type ItemSearch,
  maximumFoundItems,
  type PropertyPlace,
  type SearchedRepository,
} from '@entrepot/oci-repository'
import type { RepositoryId } from '@entrepot/repositories'
import { postgresErrorOf } from '../../database-error.js'
import type { Database } from '../../database.js'
import type { Arm } from './arms.js'
import { searchPlaces } from '../search-places.js'
import { itemStatement } from './item-statement.js'

interface ItemRow {
  readonly repo_id: RepositoryId
  readonly by: Arm['by']
  readonly kind: Arm['kind']
  readonly image: ImageName
  readonly reference: string | null
  readonly manifest: Digest | null
  readonly content: Digest | null
  /** Of a manifest. */
  readonly media_type: string | null
  /** A bigint, which is text outside of the database. */
  readonly size: string
  readonly path: string
  readonly name: string
  readonly created: Date | null
  readonly created_by: string | null
  readonly modified: Date | null
  readonly modified_by: string | null
}

export interface SearchLimits {
  /** How long a search may take. */
  readonly seconds: number
  /** How many items are answered. */
  readonly items: number
}

const usualLimits: SearchLimits = { seconds: 10, items: maximumFoundItems }

/** SQLSTATE of a statement that was stopped because of its time limit. */
const canceled = '57014'

export class PostgresItemSearch implements ItemSearch {
  constructor(
    private readonly database: Database,
    private readonly limits = usualLimits,
    private readonly places = searchPlaces(),
  ) {}

  async search(query: ItemQuery, scope: ItemScope): Promise<FoundItems> {
    if (scope.repositories.length === 0 || query.limit === 0) return { items: [], isCut: false }
    const wanted = Math.min(query.limit ?? Infinity, this.limits.items)
    const { text, values } = itemStatement(query, scope, wanted + 1)
    const rows = await this.places.take(() => this.#rows(text, values))
    const byId = new Map(scope.repositories.map((repository) => [repository.id, repository]))
    const items = rows.slice(0, wanted).flatMap((row) => {
      const repository = byId.get(row.repo_id)
      return repository === undefined ? [] : [itemOf(row, repository)]
    })
    return { items, isCut: rows.length > wanted && wanted !== query.limit }
  }

  #rows(text: string, values: readonly unknown[]): Promise<readonly ItemRow[]> {
    return this.database.transaction(async (transaction) => {
      await transaction.query({ text: `SET LOCAL statement_timeout = ${this.limits.seconds * 1000}` }, [])
      // Compiling a plan for so many arms takes longer than running it.
      await transaction.query({ text: 'SET LOCAL jit = off' }, [])
      try {
        return await transaction.query<ItemRow>({ text }, values)
      } catch (error) {
        throw postgresErrorOf(error)?.code === canceled ? tooSlow(this.limits.seconds, error) : error
      }
    })
  }
}

function itemOf(row: ItemRow, repository: SearchedRepository): FoundItem {
  const { created, modified, content, manifest, kind, path, name } = row
  const isRemote = repository.shownKey !== repository.key
  // As Artifactory calls the folders of manifests by digest in caches.
  const shown = (text: string) =>
    isRemote && row.by === 'digest' ? text.replace(/sha(256|512):/, 'sha$1__') : text
  return {
    repository,
    path: shown(path),
    name: shown(name),
    place: placeOf(row),
    content:
      content === null || manifest === null
        ? undefined
        : {
            digest: content,
            size: Number(row.size),
            isManifest: kind === 'manifest',
            manifest,
            mediaType: row.media_type ?? undefined,
          },
    times:
      created === null || modified === null
        ? undefined
        : {
            created,
            createdBy: row.created_by ?? undefined,
            modified,
            modifiedBy: row.modified_by ?? undefined,
          },
  }
}

function placeOf({ by, image, reference }: ItemRow): PropertyPlace {
  switch (by) {
    case 'tag':
      return { kind: 'tag', image, tag: reference as Tag }
    case 'digest':
      return { kind: 'manifest', image, digest: reference as Digest }
    case 'image':
      return { kind: 'image', image }
  }
}

function tooSlow(seconds: number, cause: unknown): RegistryError {
  const message = `the query was stopped after ${seconds} seconds: name a repository and a path, or fewer of them`
  return new RegistryError('REQUEST_INVALID', message, { cause })
}
