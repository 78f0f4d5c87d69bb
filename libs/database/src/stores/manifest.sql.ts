import type { Statement } from '../database.js'

/*
 * Every writer locks in this order, so that no two can wait for each other: the repository, the manifest, its tags by
 * name. CTEs that read another one run after it; the others run in no promised order and touch nothing contended.
 */

/**
 * $1 repository, $2 image, $3 digest, $4 media type, $5 artifact type, $6 subject, $7 size, $8 annotations, $9 payload,
 * $10 blobs, $19 foreign layers, $11 whether the image must hold them, $12 children, $13 tags without repetition, $14 actor, $15 those of
 * the tags that stay where they are when they are set already: locked, and told by takenTags, $16 kinds, $17 keys and $18
 * values of what can be searched for. A row for each tag that was moved from another digest, or one without a tag. No row
 * when the repository is gone.
 */
export const putManifest: Statement = {
  name: 'manifest-put',
  text: `
    WITH repository AS MATERIALIZED (
      SELECT id FROM repositories WHERE id = $1::int FOR KEY SHARE
    ), stored AS (
      INSERT INTO manifests
        (repo_id, image, digest, media_type, artifact_type, subject_digest, size, annotations, payload)
      SELECT id, $2::text, $3::text, $4::text, $5::text, $6::text, $7::int, $8::json, $9::bytea FROM repository
      ON CONFLICT (repo_id, image, digest) DO UPDATE
        SET media_type = excluded.media_type, artifact_type = excluded.artifact_type, pushed_at = excluded.pushed_at
      RETURNING repo_id
    ), blobs_needed AS (
      INSERT INTO manifest_blobs (repo_id, image, manifest_digest, blob_digest)
      SELECT repo_id, $2::text, $3::text, blob FROM stored, unnest($10::text[]) AS blob WHERE $11::boolean
      ON CONFLICT DO NOTHING
    ), blobs_listed AS (
      INSERT INTO cached_manifest_blobs (repo_id, image, manifest_digest, blob_digest, is_foreign)
      SELECT repo_id, $2::text, $3::text, blob, foreign_layer FROM stored, (
        SELECT blob, false FROM unnest($10::text[]) AS blob UNION ALL SELECT blob, true FROM unnest($19::text[]) AS blob
      ) listed (blob, foreign_layer)
      WHERE NOT $11::boolean
      ON CONFLICT DO NOTHING
    ), children_listed AS (
      INSERT INTO manifest_children (repo_id, image, parent, child)
      SELECT repo_id, $2::text, $3::text, child FROM stored, unnest($12::text[]) AS child
      ON CONFLICT DO NOTHING
    ), described AS (
      INSERT INTO manifest_properties (repo_id, image, digest, kind, key, position, value)
      SELECT repo_id, $2::text, $3::text, said.kind, said.key, 0, said.value
      FROM stored, unnest($16::text[], $17::text[], $18::text[]) AS said (kind, key, value)
      ON CONFLICT DO NOTHING
    ), moved AS (
      INSERT INTO tags AS tag (repo_id, image, name, digest)
      SELECT repo_id, $2::text, name, $3::text FROM stored, unnest($13::text[]) AS name ORDER BY name
      ON CONFLICT (repo_id, image, name) DO UPDATE
        SET digest = excluded.digest, previous_digest = tag.digest, revision = tag.revision + 1
        WHERE tag.digest <> excluded.digest AND tag.name <> ALL ($15::text[])
      RETURNING name, previous_digest
    ), recorded AS (
      INSERT INTO tag_events (repo_id, image, name, old_digest, new_digest, actor)
      SELECT $1::int, $2::text, name, previous_digest, $3::text, $14::text FROM moved
    )
    SELECT moved.name, moved.previous_digest FROM stored LEFT JOIN moved ON moved.previous_digest IS NOT NULL`,
}

/** $1 repository, $2 image, $3 digests: those not linked, in their order. */
export const missingBlobs: Statement = {
  name: 'manifest-missing-blobs',
  text: `
    SELECT wanted.digest FROM unnest($3::text[]) WITH ORDINALITY AS wanted (digest, position)
    WHERE NOT EXISTS (SELECT 1 FROM repo_blobs b WHERE b.repo_id = $1 AND b.image = $2 AND b.digest = wanted.digest)
    ORDER BY wanted.position`,
}

/** $1 repository, $2 image, $3 digest, $4 tags that may not be moved to it: those that are another manifest's. */
export const takenTags: Statement = {
  name: 'tags-taken',
  text: `
    SELECT name FROM tags WHERE repo_id = $1 AND image = $2 AND name = ANY ($4::text[]) AND digest <> $3
    ORDER BY name`,
}

/** $3 blob. */
export const listingForeign: Statement = {
  name: 'manifests-listing-foreign',
  text: `
    SELECT m.digest, m.media_type, m.payload FROM cached_manifest_blobs c
    JOIN manifests m ON m.repo_id = c.repo_id AND m.image = c.image AND m.digest = c.manifest_digest
    WHERE c.repo_id = $1::int AND c.image = $2::text AND c.blob_digest = $3::text AND c.is_foreign
    ORDER BY m.digest LIMIT 5`,
}

/** By its last event; a tag that has none is as old as the push of its manifest. */
export const tagMovedAt: Statement = {
  name: 'tag-moved-at',
  text: `
    SELECT coalesce(
      (
        SELECT at FROM tag_events e
        WHERE e.repo_id = $1::int AND e.image = $2::text AND e.name = $3::text ORDER BY e.id DESC LIMIT 1
      ),
      (
        SELECT pushed_at FROM manifests m
        WHERE m.repo_id = $1::int AND m.image = $2::text AND m.digest = t.digest LIMIT 1
      )
    ) AS at
    FROM tags t WHERE t.repo_id = $1::int AND t.image = $2::text AND t.name = $3::text`,
}

/** $4 actor. A row when there was one. */
export const deleteTag: Statement = {
  name: 'tag-delete',
  text: `
    WITH repository AS MATERIALIZED (
      SELECT id FROM repositories WHERE id = $1::int FOR KEY SHARE
    ), gone AS (
      DELETE FROM tags USING repository
      WHERE tags.repo_id = repository.id AND tags.image = $2::text AND tags.name = $3::text
      RETURNING tags.repo_id, tags.image, tags.name, tags.digest
    ), recorded AS (
      INSERT INTO tag_events (repo_id, image, name, old_digest, actor)
      SELECT repo_id, image, name, digest, $4::text FROM gone
    )
    SELECT digest FROM gone`,
}

/**
 * $3 how many to keep, $4 actor, $5 tags that stay besides those. A row for each that went. A tag that is moved meanwhile is no old one any more.
 */
export const deleteOldTags: Statement = {
  name: 'tags-delete-old',
  text: `
    WITH repository AS MATERIALIZED (
      SELECT id FROM repositories WHERE id = $1::int FOR KEY SHARE
    ), surplus AS MATERIALIZED (
      SELECT t.name, t.revision FROM tags t
      LEFT JOIN LATERAL (
        SELECT e.id FROM tag_events e
        WHERE e.repo_id = t.repo_id AND e.image = t.image AND e.name = t.name ORDER BY e.id DESC LIMIT 1
      ) last ON true
      WHERE t.repo_id = $1::int AND t.image = $2::text AND t.name <> ALL ($5::text[])
      ORDER BY last.id DESC NULLS LAST, t.name OFFSET $3::int
    ), old AS MATERIALIZED (
      SELECT t.name FROM repository
      JOIN tags t ON t.repo_id = repository.id AND t.image = $2::text
      JOIN surplus ON surplus.name = t.name AND surplus.revision = t.revision
      ORDER BY t.name FOR UPDATE OF t
    ), gone AS (
      DELETE FROM tags USING old
      WHERE tags.repo_id = $1::int AND tags.image = $2::text AND tags.name = old.name
      RETURNING tags.name, tags.digest
    ), recorded AS (
      INSERT INTO tag_events (repo_id, image, name, old_digest, actor)
      SELECT $1::int, $2::text, name, digest, $4::text FROM gone
    )
    SELECT name, digest FROM gone ORDER BY name`,
}

export const lockManifest: Statement = {
  name: 'manifest-lock',
  text: `
    WITH repository AS MATERIALIZED (
      SELECT id FROM repositories WHERE id = $1::int FOR KEY SHARE
    )
    SELECT m.digest FROM repository JOIN manifests m ON m.repo_id = repository.id
    WHERE m.image = $2::text AND m.digest = $3::text FOR UPDATE OF m`,
}

/** After lockManifest, as a later statement: only that sees tags that were set while it waited for the lock. */
export const tagsAt: Statement = {
  name: 'tags-at-digest',
  text: 'SELECT name FROM tags WHERE repo_id = $1 AND image = $2 AND digest = $3 ORDER BY name',
}

/** $4 actor. After lockManifest, as a later statement: only that sees tags that were set while it waited for the lock. */
export const deleteManifest: Statement = {
  name: 'manifest-delete',
  text: `
    WITH untagged AS (
      DELETE FROM tags WHERE repo_id = $1::int AND image = $2::text AND digest = $3::text RETURNING name
    ), recorded AS (
      INSERT INTO tag_events (repo_id, image, name, old_digest, actor)
      SELECT $1::int, $2::text, name, $3::text, $4::text FROM untagged
    ), candidates AS (
      INSERT INTO gc_review (kind, key, review_after)
      SELECT 'link', $1::int || '/' || $2::text || '@' || blob_digest, now() + interval '1 day' FROM manifest_blobs
      WHERE repo_id = $1::int AND image = $2::text AND manifest_digest = $3::text ORDER BY blob_digest
      ON CONFLICT (kind, key) DO UPDATE SET review_after = excluded.review_after
    )
    DELETE FROM manifests WHERE repo_id = $1::int AND image = $2::text AND digest = $3::text`,
}

/** $3 digests: those that are there, locked. */
export const lockManifests: Statement = {
  name: 'manifests-lock',
  text: `
    WITH repository AS MATERIALIZED (
      SELECT id FROM repositories WHERE id = $1::int FOR KEY SHARE
    )
    SELECT m.digest FROM repository JOIN manifests m ON m.repo_id = repository.id
    WHERE m.image = $2::text AND m.digest = ANY ($3::text[]) ORDER BY m.digest FOR UPDATE OF m`,
}

export const lockImage: Statement = {
  name: 'image-lock',
  text: `
    WITH repository AS MATERIALIZED (
      SELECT id FROM repositories WHERE id = $1::int FOR KEY SHARE
    )
    SELECT m.digest FROM repository JOIN manifests m ON m.repo_id = repository.id
    WHERE m.image = $2::text ORDER BY m.digest FOR UPDATE OF m`,
}

/** $3 digests. After lockImage, as a later statement: only that sees tags that were set while it waited for the lock. */
export const tagsOfManifests: Statement = {
  name: 'tags-of-manifests',
  text: 'SELECT name FROM tags WHERE repo_id = $1 AND image = $2 AND digest = ANY ($3::text[]) ORDER BY name',
}

/** $3 digests, $4 actor. After lockImage, as a later statement. */
export const deleteManifests: Statement = {
  name: 'manifests-delete',
  text: `
    WITH untagged AS (
      DELETE FROM tags WHERE repo_id = $1::int AND image = $2::text AND digest = ANY ($3::text[])
      RETURNING name, digest
    ), recorded AS (
      INSERT INTO tag_events (repo_id, image, name, old_digest, actor)
      SELECT $1::int, $2::text, name, digest, $4::text FROM untagged
    ), candidates AS (
      INSERT INTO gc_review (kind, key, review_after)
      SELECT DISTINCT 'link', $1::int || '/' || $2::text || '@' || blob_digest, now() + interval '1 day'
      FROM manifest_blobs
      WHERE repo_id = $1::int AND image = $2::text AND manifest_digest = ANY ($3::text[]) ORDER BY 2
      ON CONFLICT (kind, key) DO UPDATE SET review_after = excluded.review_after
    )
    DELETE FROM manifests WHERE repo_id = $1::int AND image = $2::text AND digest = ANY ($3::text[])`,
}

export const hasImage: Statement = {
  name: 'image-exists',
  text: 'SELECT 1 FROM manifests WHERE repo_id = $1 AND image = $2 LIMIT 1',
}

/** $3 after, $4 limit. */
export const tags: Statement = {
  name: 'tags-page',
  text: 'SELECT name FROM tags WHERE repo_id = $1 AND image = $2 AND name > $3 ORDER BY name LIMIT $4',
}

/** $2 images without repetition, $3 how many tags of each. */
export const firstTags: Statement = {
  name: 'tags-first',
  text: `
    SELECT i.image, t.name FROM unnest($2::text[]) AS i (image)
    CROSS JOIN LATERAL (
      SELECT name FROM tags t WHERE t.repo_id = $1::int AND t.image = i.image ORDER BY name LIMIT $3::int
    ) t`,
}

/** $2 after, $3 limit. Jumps from image to image by the index instead of reading every manifest. */
export const images: Statement = {
  name: 'images-page',
  text: `
    WITH RECURSIVE page AS (
      (SELECT image FROM manifests WHERE repo_id = $1 AND image > $2 ORDER BY image LIMIT 1)
      UNION ALL
      SELECT (
        SELECT m.image FROM manifests m WHERE m.repo_id = $1 AND m.image > page.image ORDER BY m.image LIMIT 1
      ) FROM page WHERE page.image IS NOT NULL
    )
    SELECT image FROM page WHERE image IS NOT NULL LIMIT $3`,
}

/** $3 subject, $4 artifact types (none for all), $5 after, $6 limit. */
export const referrers: Statement = {
  name: 'referrers-page',
  text: `
    SELECT digest, media_type, size, artifact_type, annotations FROM manifests
    WHERE repo_id = $1 AND image = $2 AND subject_digest = $3 AND digest > $5
      AND (cardinality($4::text[]) = 0 OR artifact_type = ANY ($4::text[]))
    ORDER BY digest LIMIT $6`,
}
