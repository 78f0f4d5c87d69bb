import type { ItemTimes, ItemTimesStore } from '@entrepot/oci-repository'
import type { RepositoryId } from '@entrepot/repositories'
import type { Database, Statement } from '../database.js'
import { inOrder } from './in-order.js'

type TagKeys = Parameters<ItemTimesStore['ofTags']>[1]
type ManifestKeys = Parameters<ItemTimesStore['ofManifests']>[1]

interface TimesRow {
  readonly position: number
  readonly created: Date
  readonly created_by: string | null
  readonly modified: Date
  readonly modified_by: string | null
}

/** $1 repository, $2 images, $3 tags. LATERAL with LIMIT as in manifest-lookup. */
export const timesOfTags: Statement = {
  name: 'times-of-tags',
  text: `
    SELECT k.position::int AS position,
      coalesce(first.at, m.pushed_at) AS created, first.actor AS created_by,
      coalesce(last.at, m.pushed_at) AS modified, last.actor AS modified_by
    FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS k (image, name, position)
    CROSS JOIN LATERAL (
      SELECT digest FROM tags t WHERE t.repo_id = $1::int AND t.image = k.image AND t.name = k.name LIMIT 1
    ) t
    CROSS JOIN LATERAL (
      SELECT pushed_at FROM manifests m
      WHERE m.repo_id = $1::int AND m.image = k.image AND m.digest = t.digest LIMIT 1
    ) m
    LEFT JOIN LATERAL (
      SELECT at, actor FROM tag_events e
      WHERE e.repo_id = $1::int AND e.image = k.image AND e.name = k.name ORDER BY id LIMIT 1
    ) first ON true
    LEFT JOIN LATERAL (
      SELECT at, actor FROM tag_events e
      WHERE e.repo_id = $1::int AND e.image = k.image AND e.name = k.name ORDER BY id DESC LIMIT 1
    ) last ON true`,
}

/** $1 repository, $2 images, $3 digests. */
export const timesOfManifests: Statement = {
  name: 'times-of-manifests',
  text: `
    SELECT k.position::int AS position, m.pushed_at AS created, NULL AS created_by,
      m.pushed_at AS modified, NULL AS modified_by
    FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS k (image, digest, position)
    CROSS JOIN LATERAL (
      SELECT pushed_at FROM manifests m
      WHERE m.repo_id = $1::int AND m.image = k.image AND m.digest = k.digest LIMIT 1
    ) m`,
}

export class PostgresItemTimes implements ItemTimesStore {
  constructor(private readonly database: Database) {}

  async ofTags(repository: RepositoryId, keys: TagKeys): Promise<readonly (ItemTimes | undefined)[]> {
    const images = keys.map(({ image }) => image)
    const names = keys.map(({ tag }) => tag)
    return this.#times(timesOfTags, [repository, images, names], keys.length)
  }

  async ofManifests(
    repository: RepositoryId,
    keys: ManifestKeys,
  ): Promise<readonly (ItemTimes | undefined)[]> {
    const images = keys.map(({ image }) => image)
    const digests = keys.map(({ digest }) => digest)
    return this.#times(timesOfManifests, [repository, images, digests], keys.length)
  }

  async #times(
    statement: Statement,
    values: readonly unknown[],
    count: number,
  ): Promise<readonly (ItemTimes | undefined)[]> {
    const rows = await this.database.query<TimesRow>(statement, values)
    return inOrder(rows, count).map((row) => (row === undefined ? undefined : itemTimesOf(row)))
  }
}

function itemTimesOf(row: TimesRow): ItemTimes {
  return {
    created: row.created,
    createdBy: row.created_by ?? undefined,
    modified: row.modified,
    modifiedBy: row.modified_by ?? undefined,
  }
}
