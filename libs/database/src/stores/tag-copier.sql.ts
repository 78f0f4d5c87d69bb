import type { Statement } from '../database.js'

/** $1 ids. Locked in their order, so that no two can wait for each other. */
export const lockRepositories: Statement = {
  name: 'copy-lock-repositories',
  text: 'SELECT id FROM repositories WHERE id = ANY ($1::int[]) ORDER BY id FOR KEY SHARE',
}

/** $1 repository, $2 image, $3 tag. */
export const digestOfTag: Statement = {
  name: 'copy-digest-of-tag',
  text: 'SELECT digest FROM tags WHERE repo_id = $1 AND image = $2 AND name = $3',
}

/** As digestOfTag. After the manifests are locked: tags come last. */
export const lockTag: Statement = {
  name: 'copy-lock-tag',
  text: 'SELECT digest FROM tags WHERE repo_id = $1 AND image = $2 AND name = $3 FOR UPDATE',
}

/** $1 repository, $2 image, $3 digest: what belongs to the manifest, itself included, each once. */
export const closure: Statement = {
  name: 'copy-closure',
  text: `
    WITH RECURSIVE closure (digest) AS (
      SELECT $3::text COLLATE "C"
      UNION
      SELECT next.digest FROM closure CROSS JOIN LATERAL (
        SELECT c.child FROM manifest_children c
        WHERE c.repo_id = $1::int AND c.image = $2::text AND c.parent = closure.digest
        UNION ALL
        SELECT m.digest FROM manifests m
        WHERE m.repo_id = $1::int AND m.image = $2::text AND m.subject_digest = closure.digest
      ) next (digest)
    )
    SELECT digest FROM closure`,
}

/** $1 repository, $2 image, $3 digests: those that are manifests, locked against their deletion. */
export const lockManifests: Statement = {
  name: 'copy-lock-manifests',
  text: `
    SELECT digest FROM manifests WHERE repo_id = $1 AND image = $2 AND digest = ANY ($3::text[])
    ORDER BY digest FOR KEY SHARE`,
}

/** As lockManifests, for a transaction that deletes one of them. */
export const lockManifestsToDelete: Statement = {
  name: 'copy-lock-manifests-to-delete',
  text: `
    SELECT digest FROM manifests WHERE repo_id = $1 AND image = $2 AND digest = ANY ($3::text[])
    ORDER BY digest FOR UPDATE`,
}

/** $1 repository, $2 image, $3 digest: what leads to the manifest, tags and indexes, but for what refers to it. */
export const holders: Statement = {
  name: 'copy-holders',
  text: `
    SELECT name AS holder FROM tags WHERE repo_id = $1 AND image = $2 AND digest = $3
    UNION ALL
    SELECT c.parent FROM manifest_children c JOIN manifests m
      ON m.repo_id = c.repo_id AND m.image = c.image AND m.digest = c.parent
    WHERE c.repo_id = $1 AND c.image = $2 AND c.child = $3
    ORDER BY holder LIMIT 3`,
}

/** $1 repository, $2 image, $3 manifests: the blobs that they list, but for those that lie elsewhere. */
export const listedBlobs: Statement = {
  name: 'copy-listed-blobs',
  text: `
    SELECT blob_digest AS digest FROM manifest_blobs
    WHERE repo_id = $1::int AND image = $2::text AND manifest_digest = ANY ($3::text[])
    UNION
    SELECT blob_digest FROM cached_manifest_blobs
    WHERE repo_id = $1::int AND image = $2::text AND manifest_digest = ANY ($3::text[]) AND NOT is_foreign`,
}

/** $1 and $2 from, $3 and $4 to, $5 blobs. */
export const linkBlobs: Statement = {
  name: 'copy-link-blobs',
  text: `
    INSERT INTO repo_blobs (repo_id, image, digest)
    SELECT $3::int, $4::text, digest FROM repo_blobs
    WHERE repo_id = $1::int AND image = $2::text AND digest = ANY ($5::text[]) ORDER BY digest
    ON CONFLICT DO NOTHING`,
}

/** $1 and $2 from, $3 and $4 to, $5 manifests. What is there already stays as it is. */
export const copyManifests: Statement = {
  name: 'copy-manifests',
  text: `
    INSERT INTO manifests
      (repo_id, image, digest, media_type, artifact_type, subject_digest, size, annotations, payload)
    SELECT $3::int, $4::text, digest, media_type, artifact_type, subject_digest, size, annotations, payload
    FROM manifests WHERE repo_id = $1::int AND image = $2::text AND digest = ANY ($5::text[]) ORDER BY digest
    ON CONFLICT DO NOTHING`,
}

/** $1 and $2 from, $3 and $4 to, $5 manifests. */
export const copyListings: Statement = {
  name: 'copy-listings',
  text: `
    WITH blobs AS (
      INSERT INTO manifest_blobs (repo_id, image, manifest_digest, blob_digest)
      SELECT $3::int, $4::text, manifest_digest, blob_digest FROM (
        SELECT manifest_digest, blob_digest FROM manifest_blobs
        WHERE repo_id = $1::int AND image = $2::text AND manifest_digest = ANY ($5::text[])
        UNION
        SELECT manifest_digest, blob_digest FROM cached_manifest_blobs
        WHERE repo_id = $1::int AND image = $2::text AND manifest_digest = ANY ($5::text[]) AND NOT is_foreign
      ) listed
      ON CONFLICT DO NOTHING
    )
    INSERT INTO manifest_children (repo_id, image, parent, child)
    SELECT $3::int, $4::text, parent, child FROM manifest_children
    WHERE repo_id = $1::int AND image = $2::text AND parent = ANY ($5::text[])
    ON CONFLICT DO NOTHING`,
}

/** $1 repository, $2 image, $3 tag, $4 digest, $5 actor, $6 whether it may be moved. */
export const setTag: Statement = {
  name: 'copy-set-tag',
  text: `
    WITH moved AS (
      INSERT INTO tags AS tag (repo_id, image, name, digest) VALUES ($1::int, $2::text, $3::text, $4::text)
      ON CONFLICT (repo_id, image, name) DO UPDATE
        SET digest = excluded.digest, previous_digest = tag.digest, revision = tag.revision + 1
        WHERE tag.digest <> excluded.digest AND $6::boolean
      RETURNING name, previous_digest
    ), recorded AS (
      INSERT INTO tag_events (repo_id, image, name, old_digest, new_digest, actor)
      SELECT $1::int, $2::text, name, previous_digest, $4::text, $5::text FROM moved
    )
    SELECT previous_digest FROM moved`,
}
