import { type Digest, RegistryError } from '@entrepot/kernel'
import type { ImageName } from '@entrepot/oci-model'
import { type BlobHolder, type BlobIndex, maximumHolders } from '@entrepot/oci-repository'
import type { RepositoryId } from '@entrepot/repositories'
import { Batcher } from '../batcher.js'
import { violates } from '../database-error.js'
import type { Database, Statement } from '../database.js'
import { inOrder } from './in-order.js'

/** As the port has it: what a blob store is, is not known here. */
type StoredBlob = Parameters<BlobIndex['link']>[2]
type StorageKey = StoredBlob['key']

interface BlobKey {
  readonly repository: RepositoryId
  readonly image: ImageName
  readonly digest: Digest
}

interface BlobRow {
  readonly digest: Digest
  /** A bigint, which `pg` gives as text. */
  readonly size: string
  readonly storage_key: StorageKey
}

/** Somebody else may be adding the same digest: their row shows in the statement after the one that waited for it. */
const maximumAttempts = 5

export class PostgresBlobIndex implements BlobIndex {
  readonly #links: Batcher<BlobKey, StoredBlob | undefined>

  constructor(private readonly database: Database) {
    this.#links = new Batcher({
      load: (keys) => this.load(keys),
      nameOf: ({ repository, image, digest }) => `${repository}/${image}@${digest}`,
    })
  }

  find(repository: RepositoryId, image: ImageName, digest: Digest): Promise<StoredBlob | undefined> {
    return this.#links.get({ repository, image, digest })
  }

  async findAll(
    repository: RepositoryId,
    image: ImageName,
    digests: readonly Digest[],
  ): Promise<readonly StoredBlob[]> {
    const rows = await this.database.query<BlobRow>(linkedBlobs, [repository, image, digests])
    return rows.map(storedBlobOf)
  }

  async findAnywhere(digest: Digest): Promise<StoredBlob | undefined> {
    const [row] = await this.database.query<BlobRow>(anyBlob, [digest])
    return row === undefined ? undefined : storedBlobOf(row)
  }

  /** @throws RegistryError NAME_UNKNOWN when the repository has been deleted */
  async link(repository: RepositoryId, image: ImageName, blob: StoredBlob): Promise<StoredBlob> {
    for (let attempt = 1; attempt <= maximumAttempts; attempt += 1) {
      const stored = await this.linked(link, [repository, image, blob.digest, blob.size, blob.key])
      if (stored !== undefined) return stored
    }
    throw new RegistryError('UNAVAILABLE', `blob ${blob.digest} is being added and removed all the time`, {
      retryAfterSeconds: 1,
    })
  }

  /** @throws RegistryError NAME_UNKNOWN when the repository has been deleted */
  async adopt(repository: RepositoryId, image: ImageName, digest: Digest): Promise<StoredBlob | undefined> {
    return this.linked(adopt, [repository, image, digest])
  }

  /** @throws RegistryError NAME_UNKNOWN when the repository has been deleted */
  async adoptListed(
    repository: RepositoryId,
    image: ImageName,
    digest: Digest,
  ): Promise<StoredBlob | undefined> {
    return this.linked(adoptListed, [repository, image, digest])
  }

  async replaceKey(digest: Digest, lost: StorageKey, found: StorageKey): Promise<void> {
    await this.database.query(replaceKey, [digest, lost, found])
  }

  async unlink(repository: RepositoryId, image: ImageName, digest: Digest): Promise<boolean> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const [row] = await this.database.query<UnlinkRow>(unlink, [repository, image, digest])
        if (typeof row?.needed_by === 'string') throw stillNeeded(digest, row.needed_by)
        return row?.gone === true
      } catch (error) {
        // A manifest that needs the blob came between the look and the commit: the next look names it.
        if (!violates(error, 'manifest_blobs_blob') || attempt === maximumAttempts) throw error
      }
    }
  }

  holders(digest: Digest): Promise<readonly BlobHolder[]> {
    return this.database.query<BlobHolder>(holders, [digest, maximumHolders])
  }

  private async linked(statement: Statement, values: readonly unknown[]): Promise<StoredBlob | undefined> {
    try {
      const [row] = await this.database.query<BlobRow>(statement, values)
      return row === undefined ? undefined : storedBlobOf(row)
    } catch (error) {
      if (!violates(error, 'repo_blobs_repo_id_fkey')) throw error
      throw new RegistryError('NAME_UNKNOWN', 'the repository was deleted during the upload', {
        cause: error,
      })
    }
  }

  private async load(keys: readonly BlobKey[]): Promise<readonly (StoredBlob | undefined)[]> {
    const rows = await this.database.query<BlobRow & { readonly position: number }>(linkedBlobBatch, [
      keys.map(({ repository }) => repository),
      keys.map(({ image }) => image),
      keys.map(({ digest }) => digest),
    ])
    return inOrder(rows, keys.length).map((row) => (row === undefined ? undefined : storedBlobOf(row)))
  }
}

function storedBlobOf(row: BlobRow): StoredBlob {
  return { key: row.storage_key, digest: row.digest, size: Number(row.size) }
}

function stillNeeded(digest: Digest, manifest: string): RegistryError {
  return new RegistryError(
    'DENIED',
    `blob ${digest} is needed by manifest ${manifest}: delete the manifest first`,
    { detail: { digest, manifest } },
  )
}

const linkedBlobBatch: Statement = {
  name: 'blob-find',
  text: `
    SELECT k.position::int AS position, b.digest, b.size, b.storage_key
    FROM unnest($1::int[], $2::text[], $3::text[]) WITH ORDINALITY AS k (repo_id, image, digest, position)
    CROSS JOIN LATERAL (
      SELECT digest FROM repo_blobs r
      WHERE r.repo_id = k.repo_id AND r.image = k.image AND r.digest = k.digest LIMIT 1
    ) r
    CROSS JOIN LATERAL (
      SELECT digest, size, storage_key FROM blobs b WHERE b.digest = r.digest LIMIT 1
    ) b`,
}

const linkedBlobs: Statement = {
  name: 'blobs-find-all',
  text: `
    SELECT b.digest, b.size, b.storage_key FROM repo_blobs r JOIN blobs b ON b.digest = r.digest
    WHERE r.repo_id = $1 AND r.image = $2 AND r.digest = ANY ($3::text[])`,
}

const anyBlob: Statement = {
  name: 'blob-find-anywhere',
  text: 'SELECT digest, size, storage_key FROM blobs WHERE digest = $1',
}

/**
 * $1 repository, $2 image, $3 digest, $4 size, $5 storage key. The row of a known digest is locked against the collector, but not
 * written: the layers that everybody pushes would queue up for it. No row when the digest is being added by another.
 */
const link: Statement = {
  name: 'blob-link',
  text: `
    WITH existing AS MATERIALIZED (
      SELECT digest, size, storage_key FROM blobs WHERE digest = $3::text FOR KEY SHARE
    ), added AS (
      INSERT INTO blobs (digest, size, storage_key)
      SELECT $3::text, $4::bigint, $5::text WHERE NOT EXISTS (SELECT 1 FROM existing)
      ON CONFLICT (digest) DO NOTHING
      RETURNING digest, size, storage_key
    ), known AS (
      SELECT * FROM existing UNION ALL SELECT * FROM added
    ), linked AS (
      INSERT INTO repo_blobs (repo_id, image, digest) SELECT $1::int, $2::text, digest FROM known
      ON CONFLICT DO NOTHING
    )
    SELECT digest, size, storage_key FROM known`,
}

/** $1 repository, $2 image, $3 digest. Locked against the collector: who comes after it finds no row, and adds none. */
const adopt: Statement = {
  name: 'blob-adopt',
  text: `
    WITH existing AS MATERIALIZED (
      SELECT digest, size, storage_key FROM blobs WHERE digest = $3::text FOR KEY SHARE
    ), linked AS (
      INSERT INTO repo_blobs (repo_id, image, digest) SELECT $1::int, $2::text, digest FROM existing
      ON CONFLICT DO NOTHING
    )
    SELECT digest, size, storage_key FROM existing`,
}

/** As adopt, where the repository holds the blob for another image and a cached manifest of this one lists it. */
const adoptListed: Statement = {
  name: 'blob-adopt-listed',
  text: `
    WITH existing AS MATERIALIZED (
      SELECT digest, size, storage_key FROM blobs
      WHERE digest = $3::text
        AND EXISTS (SELECT 1 FROM repo_blobs r WHERE r.digest = $3::text AND r.repo_id = $1::int)
        AND EXISTS (
          SELECT 1 FROM cached_manifest_blobs c
          WHERE c.repo_id = $1::int AND c.image = $2::text AND c.blob_digest = $3::text
        )
      FOR KEY SHARE
    ), linked AS (
      INSERT INTO repo_blobs (repo_id, image, digest) SELECT $1::int, $2::text, digest FROM existing
      ON CONFLICT DO NOTHING
    )
    SELECT digest, size, storage_key FROM existing`,
}

/** $1 digest, $2 lost key, $3 found key. Whichever key nothing refers to afterwards goes to the outbox. */
const replaceKey: Statement = {
  name: 'blob-replace-key',
  text: `
    WITH replaced AS (
      UPDATE blobs SET storage_key = $3::text WHERE digest = $1::text AND storage_key = $2::text
      RETURNING storage_key
    )
    INSERT INTO storage_deletions (storage_key, not_before)
    SELECT $2::text, now() + interval '1 day' FROM replaced
    UNION ALL
    SELECT $3::text, now() + interval '1 day'
    WHERE NOT EXISTS (SELECT 1 FROM replaced)
      AND NOT EXISTS (SELECT 1 FROM blobs WHERE storage_key = $3::text)
    ON CONFLICT (storage_key) DO NOTHING`,
}

interface UnlinkRow {
  readonly gone: boolean
  readonly needed_by: string | null
}

const unlink: Statement = {
  name: 'blob-unlink',
  text: `
    WITH needed AS MATERIALIZED (
      SELECT image || '@' || manifest_digest AS manifest FROM manifest_blobs
      WHERE repo_id = $1::int AND image = $2::text AND blob_digest = $3::text LIMIT 1
    ), gone AS (
      DELETE FROM repo_blobs
      WHERE repo_id = $1::int AND image = $2::text AND digest = $3::text AND NOT EXISTS (SELECT 1 FROM needed)
      RETURNING digest
    ), candidate AS (
      INSERT INTO gc_review (kind, key, review_after) SELECT 'blob', digest, now() + interval '1 day' FROM gone
      ON CONFLICT (kind, key) DO UPDATE SET review_after = excluded.review_after
    )
    SELECT EXISTS (SELECT 1 FROM gone) AS gone, (SELECT manifest FROM needed) AS needed_by`,
}

const holders: Statement = {
  name: 'blob-holders',
  text: `
    SELECT r.key AS repository, b.image FROM repo_blobs b JOIN repositories r ON r.id = b.repo_id
    WHERE b.digest = $1 ORDER BY r.key, b.image LIMIT $2`,
}
