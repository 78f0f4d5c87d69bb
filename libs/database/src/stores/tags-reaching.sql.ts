import type { Statement } from '../database.js'

/**
 * $1 repository, $2 image, $3 digest of a manifest or blob, $4 how many digests are looked at. Goes up from the digest: to
 * the indexes that list it, the manifests that need it, the subject that it refers to, by its manifest or by the tag that it
 * is kept under. Each digest once, so that no circle of subjects goes on for ever; LATERAL with LIMIT as in manifest-lookup; coalesce
 * keeps it off the index of referrers, which is by subject.
 */
export const tagsReaching: Statement = {
  name: 'tags-reaching',
  text: `
    WITH RECURSIVE reached (digest) AS (
      SELECT $3::text COLLATE "C"
      UNION
      SELECT up.digest FROM reached CROSS JOIN LATERAL (
        SELECT c.parent FROM manifest_children c
        WHERE c.repo_id = $1::int AND c.image = $2::text AND c.child = reached.digest
        UNION ALL
        SELECT b.manifest_digest FROM manifest_blobs b
        WHERE b.repo_id = $1::int AND b.image = $2::text AND b.blob_digest = reached.digest
        UNION ALL
        SELECT l.manifest_digest FROM cached_manifest_blobs l
        WHERE l.repo_id = $1::int AND l.image = $2::text AND l.blob_digest = reached.digest
        UNION ALL
        SELECT m.subject_digest FROM manifests m
        WHERE m.repo_id = $1::int AND m.image = $2::text AND m.digest = reached.digest
          AND coalesce(m.subject_digest, '') <> ''
        UNION ALL
        SELECT 'sha256:' || substr(t.name, 8, 64) FROM tags t
        WHERE t.repo_id = $1::int AND t.image = $2::text AND t.digest = reached.digest
          AND t.name ~ '^sha256-[0-9a-f]{64}([.]|$)'
        LIMIT $4::int
      ) up (digest)
    )
    SELECT DISTINCT t.name FROM (SELECT digest FROM reached LIMIT $4::int) r
    CROSS JOIN LATERAL (
      SELECT name FROM tags t
      WHERE t.repo_id = $1::int AND t.image = $2::text AND t.digest = r.digest LIMIT $4::int
    ) t`,
}
