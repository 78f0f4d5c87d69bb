import type { Digest } from '@entrepot/kernel'
import type { ImageName } from '@entrepot/oci-model'
import type { CachedRef, CachePart, RemoteRef, RemoteRefStore } from '@entrepot/oci-repository'
import type { RepositoryId } from '@entrepot/repositories'
import { Batcher } from '../batcher.js'
import type { Database, Statement } from '../database.js'
import { inOrder } from './in-order.js'
import { batchedPayload, ManifestPayloads } from './manifest-payloads.js'

interface RefKey {
  readonly repository: RepositoryId
  readonly image: ImageName
  readonly ref: string
}

interface RefRow {
  readonly position: number
  readonly ref: string
  readonly status: 'found' | 'missing'
  readonly digest: Digest | null
  readonly etag: string | null
  readonly checked_at: Date
  readonly fresh_until: Date
  /** Null where the manifest isn't stored. */
  readonly media_type: string | null
  readonly payload: Buffer | null
}

export class PostgresRemoteRefStore implements RemoteRefStore {
  readonly #payloads: ManifestPayloads
  readonly #refs: Batcher<RefKey, RefRow | undefined>

  constructor(private readonly database: Database) {
    this.#payloads = new ManifestPayloads(database)
    this.#refs = new Batcher({
      load: (keys) => this.load(keys),
      nameOf: ({ repository, image, ref }) => `${repository}/${image} ${ref}`,
    })
  }

  async find(repository: RepositoryId, image: ImageName, ref: string): Promise<CachedRef | undefined> {
    const row = await this.#refs.get({ repository, image, ref })
    if (row === undefined) return undefined
    const { digest, media_type, payload } = row
    const manifest =
      digest === null || media_type === null
        ? undefined
        : await this.#payloads.complete(repository, image, { digest, media_type, payload })
    return { ref: remoteRefOf(row), manifest }
  }

  async put(repository: RepositoryId, image: ImageName, ref: RemoteRef): Promise<void> {
    await this.database.query(putRef, [
      repository,
      image,
      ref.ref,
      ref.status,
      ref.digest ?? null,
      ref.etag ?? null,
      ref.checkedAt,
      ref.freshUntil,
    ])
  }

  async hasFound(repository: RepositoryId, image: ImageName): Promise<boolean> {
    const rows = await this.database.query(hasFound, [repository, image])
    return rows.length > 0
  }

  async invalidate(repository: RepositoryId, { image, refs }: CachePart, now: Date): Promise<number> {
    const rows =
      image === undefined
        ? await this.database.query(invalidateAll, [repository, now])
        : await this.database.query(invalidateImage, [repository, image, refs ?? null, now])
    return rows.length
  }

  private async load(keys: readonly RefKey[]): Promise<readonly (RefRow | undefined)[]> {
    const rows = await this.database.query<RefRow>(findRefs, [
      keys.map(({ repository }) => repository),
      keys.map(({ image }) => image),
      keys.map(({ ref }) => ref),
    ])
    return inOrder(rows, keys.length)
  }
}

function remoteRefOf(row: RefRow): RemoteRef {
  return {
    ref: row.ref,
    status: row.status,
    digest: row.digest ?? undefined,
    etag: row.etag ?? undefined,
    checkedAt: row.checked_at,
    freshUntil: row.fresh_until,
  }
}

const findRefs: Statement = {
  name: 'remote-ref-find',
  text: `
    SELECT k.position::int AS position, f.*, m.media_type, ${batchedPayload}
    FROM unnest($1::int[], $2::text[], $3::text[]) WITH ORDINALITY AS k (repo_id, image, ref, position)
    CROSS JOIN LATERAL (
      SELECT ref, status, digest, etag, checked_at, fresh_until FROM remote_refs f
      WHERE f.repo_id = k.repo_id AND f.image = k.image AND f.ref = k.ref LIMIT 1
    ) f
    LEFT JOIN LATERAL (
      SELECT media_type, size, payload FROM manifests m
      WHERE m.repo_id = k.repo_id AND m.image = k.image AND m.digest = f.digest LIMIT 1
    ) m ON true`,
}

export const hasFound: Statement = {
  name: 'remote-refs-found',
  text: `SELECT 1 FROM remote_refs WHERE repo_id = $1::int AND image = $2::text AND status = 'found' LIMIT 1`,
}

/** $2 now. */
export const invalidateAll: Statement = {
  name: 'remote-refs-invalidate',
  text: `
    UPDATE remote_refs SET fresh_until = $2::timestamptz
    WHERE repo_id = $1::int AND fresh_until > $2::timestamptz RETURNING 1`,
}

/** $2 image, $3 references, null for all of it, $4 now. */
export const invalidateImage: Statement = {
  name: 'remote-refs-invalidate-image',
  text: `
    UPDATE remote_refs SET fresh_until = $4::timestamptz
    WHERE repo_id = $1::int AND image = $2::text AND ($3::text[] IS NULL OR ref = ANY ($3::text[]))
      AND fresh_until > $4::timestamptz RETURNING 1`,
}

/** The repository may be gone: then there is nothing to remember. */
const putRef: Statement = {
  name: 'remote-ref-put',
  text: `
    INSERT INTO remote_refs (repo_id, image, ref, status, digest, etag, checked_at, fresh_until)
    SELECT id, $2::text, $3::text, $4::text, $5::text, $6::text, $7::timestamptz, $8::timestamptz
    FROM repositories WHERE id = $1 FOR KEY SHARE
    ON CONFLICT (repo_id, image, ref) DO UPDATE
      SET status = excluded.status, digest = excluded.digest, etag = excluded.etag,
        checked_at = excluded.checked_at, fresh_until = excluded.fresh_until`,
}
