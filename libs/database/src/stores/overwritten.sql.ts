import type { Statement } from '../database.js'

/**
 * $1 repository, $2 image, $3 tags, $4 how many each of them keeps: the manifests that a tag was moved off longer ago than
 * that, and that nothing else holds. A hundred at a time; the next push takes the next. LATERAL with LIMIT as in
 * manifest-lookup, and OFFSET 0 where an EXISTS would be made a join over all there is.
 */
export const overwritten: Statement = {
  name: 'manifests-overwritten',
  text: `
    SELECT DISTINCT m.digest FROM unnest($3::text[]) AS moved (name)
    CROSS JOIN LATERAL (
      SELECT t.digest FROM tags t
      WHERE t.repo_id = $1::int AND t.image = $2::text AND t.name = moved.name LIMIT 1
    ) current
    CROSS JOIN LATERAL (
      SELECT e.old_digest AS digest, max(e.id) AS id, max(e.at) AS at FROM tag_events e
      WHERE e.repo_id = $1::int AND e.image = $2::text AND e.name = moved.name
        AND e.old_digest IS NOT NULL AND e.old_digest <> current.digest
      GROUP BY e.old_digest ORDER BY max(e.id) DESC OFFSET $4::int
    ) past
    CROSS JOIN LATERAL (
      SELECT m.digest, m.subject_digest FROM manifests m
      WHERE m.repo_id = $1::int AND m.image = $2::text AND m.digest = past.digest AND m.pushed_at <= past.at LIMIT 1
    ) m
    WHERE NOT EXISTS (
      SELECT 1 FROM tags t WHERE t.repo_id = $1::int AND t.image = $2::text AND t.digest = m.digest OFFSET 0
    ) AND NOT EXISTS (
      SELECT 1 FROM manifest_children c
      WHERE c.repo_id = $1::int AND c.image = $2::text AND c.child = m.digest OFFSET 0
    ) AND NOT EXISTS (
      SELECT 1 FROM manifests r
      WHERE r.repo_id = $1::int AND r.image = $2::text AND r.subject_digest = m.digest OFFSET 0
    ) AND NOT EXISTS (
      SELECT 1 FROM manifests s
      WHERE s.repo_id = $1::int AND s.image = $2::text AND s.digest = m.subject_digest OFFSET 0
    ) AND NOT EXISTS (
      SELECT 1 FROM tag_events e
      CROSS JOIN LATERAL (
        SELECT t.digest FROM tags t
        WHERE t.repo_id = $1::int AND t.image = $2::text AND t.name = e.name LIMIT 1
      ) other
      WHERE e.repo_id = $1::int AND e.image = $2::text AND e.old_digest = m.digest AND (
        SELECT count(DISTINCT f.old_digest) FROM tag_events f
        WHERE f.repo_id = $1::int AND f.image = $2::text AND f.name = e.name AND f.id > e.id
          AND f.old_digest <> m.digest AND f.old_digest <> other.digest
      ) < $4::int OFFSET 0
    )
    ORDER BY m.digest LIMIT 100`,
}
