import type { RepositoryFigures, StorageFigures, StorageSummary } from '@entrepot/oci-repository'
import type { Database, Statement } from '../database.js'

/** bigint comes as text: beyond 2^53 bytes, which are 9 petabytes, figures are no longer exact. */
const totals: Statement = {
  text: `
    SELECT b.*, m.* FROM
      (SELECT count(*)::float8 AS blobs, coalesce(sum(size), 0)::float8 AS blob_bytes FROM blobs) b,
      (SELECT count(*)::float8 AS manifests, coalesce(sum(size), 0)::float8 AS manifest_bytes FROM manifests) m`,
}

const byRepository: Statement = {
  text: `
    WITH linked AS (
      SELECT l.repo_id, count(*) AS blobs, sum(b.size) AS bytes
      FROM (SELECT DISTINCT repo_id, digest FROM repo_blobs) l JOIN blobs b ON b.digest = l.digest
      GROUP BY l.repo_id
    ), held AS (
      SELECT repo_id, count(*) AS manifests, count(DISTINCT image) AS images, sum(size) AS bytes
      FROM manifests GROUP BY repo_id
    ), named AS (
      SELECT repo_id, count(*) AS tags FROM tags GROUP BY repo_id
    )
    SELECT r.key, coalesce(held.images, 0)::float8 AS images, coalesce(named.tags, 0)::float8 AS tags,
      coalesce(held.manifests, 0)::float8 AS manifests, coalesce(linked.blobs, 0)::float8 AS blobs,
      (coalesce(linked.bytes, 0) + coalesce(held.bytes, 0))::float8 AS bytes
    FROM repositories r
    LEFT JOIN linked ON linked.repo_id = r.id
    LEFT JOIN held ON held.repo_id = r.id
    LEFT JOIN named ON named.repo_id = r.id
    WHERE r.kind <> 'virtual'
    ORDER BY r.key`,
}

interface TotalsRow {
  readonly blobs: number
  readonly blob_bytes: number
  readonly manifests: number
  readonly manifest_bytes: number
}

export class PostgresStorageFigures implements StorageFigures {
  constructor(private readonly database: Database) {}

  async summary(): Promise<StorageSummary> {
    const [row] = await this.database.query<TotalsRow>(totals, [])
    if (row === undefined) throw new Error('a count has no row')
    const { blobs, blob_bytes: blobBytes, manifests, manifest_bytes: manifestBytes } = row
    const repositories = await this.database.query<RepositoryFigures>(byRepository, [])
    return { blobs, blobBytes, manifests, manifestBytes, repositories }
  }
}
