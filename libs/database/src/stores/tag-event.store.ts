import type { Digest, Page } from '@entrepot/kernel'
import type { ImageName, Tag } from '@entrepot/oci-model'
import type { TagEvent, TagEventStore } from '@entrepot/oci-repository'
import type { RepositoryId } from '@entrepot/repositories'
import type { Database, Statement } from '../database.js'

interface EventRow {
  /** bigint, which pg gives as text. */
  readonly id: string
  readonly old_digest: Digest | null
  readonly new_digest: Digest | null
  readonly actor: string
  readonly at: Date
  readonly old_is_stored: boolean
}

/** $4 the id before which to begin, or null, $5 limit. */
export const tagEvents: Statement = {
  name: 'tag-events-page',
  text: `
    SELECT id, old_digest, new_digest, actor, at,
      EXISTS (
        SELECT 1 FROM manifests m WHERE m.repo_id = $1::int AND m.image = $2::text AND m.digest = e.old_digest
      ) AS old_is_stored
    FROM tag_events e
    WHERE e.repo_id = $1::int AND e.image = $2::text AND e.name = $3::text
      AND e.id < coalesce($4::bigint, 9223372036854775807)
    ORDER BY e.id DESC LIMIT $5::int`,
}

/** $4 digest. */
export const everPointedTo: Statement = {
  name: 'tag-ever-at-digest',
  text: `
    SELECT 1 FROM tag_events
    WHERE repo_id = $1::int AND image = $2::text AND name = $3::text AND $4::text IN (old_digest, new_digest) LIMIT 1`,
}

export class PostgresTagEventStore implements TagEventStore {
  constructor(private readonly database: Database) {}

  async events(
    repository: RepositoryId,
    image: ImageName,
    tag: Tag,
    { after, limit }: Page,
  ): Promise<readonly TagEvent[]> {
    const values = [repository, image, tag, after ?? null, limit + 1]
    const rows = await this.database.query<EventRow>(tagEvents, values)
    return rows.map((row) => ({
      id: row.id,
      from: row.old_digest ?? undefined,
      to: row.new_digest ?? undefined,
      actor: row.actor,
      at: row.at,
      fromIsStored: row.old_is_stored,
    }))
  }

  async everPointedTo(
    repository: RepositoryId,
    image: ImageName,
    tag: Tag,
    digest: Digest,
  ): Promise<boolean> {
    const rows = await this.database.query(everPointedTo, [repository, image, tag, digest])
    return rows.length > 0
  }
}
