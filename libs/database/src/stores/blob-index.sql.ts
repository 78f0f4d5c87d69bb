import type { Statement } from '../database.js'

export const linkedBlobBatch: Statement = {
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

export const linkedBlobs: Statement = {
  name: 'blobs-find-all',
  text: `
    SELECT b.digest, b.size, b.storage_key FROM repo_blobs r JOIN blobs b ON b.digest = r.digest
    WHERE r.repo_id = $1 AND r.image = $2 AND r.digest = ANY ($3::text[])`,
}

export const anyBlob: Statement = {
  name: 'blob-find-anywhere',
  text: 'SELECT digest, size, storage_key FROM blobs WHERE digest = $1',
}

/**
 * $1 repository, $2 image, $3 digest, $4 size, $5 storage key. The row of a known digest is locked against the collector, but not
 * written: the layers that everybody pushes would queue up for it. No row when the digest is being added by another.
 */
export const link: Statement = {
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
export const adopt: Statement = {
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

/**
 * As adopt, where the repository holds the blob for another image and a cached manifest of this one lists it. As a foreign layer
 * only where it is one of the other image, too: a registry takes a manifest with foreign layers from somebody who has never had
 * their bytes.
 */
export const adoptListed: Statement = {
  name: 'blob-adopt-listed',
  text: `
    WITH existing AS MATERIALIZED (
      SELECT digest, size, storage_key FROM blobs
      WHERE digest = $3::text
        AND EXISTS (SELECT 1 FROM repo_blobs r WHERE r.digest = $3::text AND r.repo_id = $1::int)
        AND EXISTS (
          SELECT 1 FROM cached_manifest_blobs c
          WHERE c.repo_id = $1::int AND c.image = $2::text AND c.blob_digest = $3::text
            AND (NOT c.is_foreign OR EXISTS (
              SELECT 1 FROM repo_blobs o
              JOIN cached_manifest_blobs f ON f.repo_id = o.repo_id AND f.image = o.image AND f.blob_digest = o.digest
              WHERE o.repo_id = $1::int AND o.digest = $3::text AND f.is_foreign
            ))
        )
      FOR KEY SHARE
    ), linked AS (
      INSERT INTO repo_blobs (repo_id, image, digest) SELECT $1::int, $2::text, digest FROM existing
      ON CONFLICT DO NOTHING
    )
    SELECT digest, size, storage_key FROM existing`,
}

/** $1 digest, $2 lost key, $3 found key. Whichever key nothing refers to afterwards goes to the outbox. */
export const replaceKey: Statement = {
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

export const unlink: Statement = {
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

export const holders: Statement = {
  name: 'blob-holders',
  text: `
    SELECT r.key AS repository, b.image FROM repo_blobs b JOIN repositories r ON r.id = b.repo_id
    WHERE b.digest = $1 ORDER BY r.key, b.image LIMIT $2`,
}
