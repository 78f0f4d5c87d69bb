import type { Statement } from '../database.js'

export const listRepositories: Statement = {
  name: 'repositories-list',
  text: 'SELECT id, config, revision FROM repositories ORDER BY key',
}

export const createRepository: Statement = {
  text: `
    INSERT INTO repositories (key, kind, package_type, config) VALUES ($1, $2, $3, $4::jsonb)
    RETURNING id, config, revision`,
}

/** $1 key, $2 config, $3 the revision that was changed. */
export const updateRepository: Statement = {
  text: `
    UPDATE repositories SET config = $2::jsonb, revision = revision + 1 WHERE key = $1 AND revision = $3
    RETURNING id, config, revision`,
}

export const revisionOf: Statement = { text: 'SELECT revision FROM repositories WHERE key = $1' }

export const lockMembers: Statement = { text: 'LOCK TABLE repository_members IN SHARE ROW EXCLUSIVE MODE' }

/** What deleting from the table takes anyway, early: deletions don't wait for each other. */
export const lockMembersForDeletion: Statement = {
  text: 'LOCK TABLE repository_members IN ROW EXCLUSIVE MODE',
}

export const removeMembers: Statement = { text: 'DELETE FROM repository_members WHERE virtual_id = $1' }

/** $1 virtual, $2 keys without repetition. A row for each that exists. */
export const addMembers: Statement = {
  text: `
    WITH member AS MATERIALIZED (
      SELECT r.id, r.key, listed.position
      FROM unnest($2::text[]) WITH ORDINALITY AS listed (key, position)
      JOIN repositories r ON r.key = listed.key
      ORDER BY r.id FOR KEY SHARE OF r
    ), added AS (
      INSERT INTO repository_members (virtual_id, member_id, position) SELECT $1::int, id, position FROM member
    )
    SELECT key FROM member`,
}

/** A row when the virtual $1 can be reached from itself. */
export const findCycle: Statement = {
  text: `
    WITH RECURSIVE reached AS (
      SELECT member_id FROM repository_members WHERE virtual_id = $1
      UNION
      SELECT m.member_id FROM reached JOIN repository_members m ON m.virtual_id = reached.member_id
    )
    SELECT 1 FROM reached WHERE member_id = $1`,
}

export const allowTime: Statement = { text: `SELECT set_config('statement_timeout', $1, true)` }

export const lockRepository: Statement = { text: 'SELECT id FROM repositories WHERE key = $1 FOR UPDATE' }

export const lockRepositoryById: Statement = { text: 'SELECT id FROM repositories WHERE id = $1 FOR UPDATE' }

/** Whether the repository $1 has content, or a cache of some. */
export const holdsContent: Statement = {
  text: `
    SELECT EXISTS (SELECT 1 FROM repo_blobs WHERE repo_id = $1)
      OR EXISTS (SELECT 1 FROM manifests WHERE repo_id = $1) AS holds`,
}

export const virtualsListing: Statement = {
  text: `
    SELECT v.key FROM repository_members m JOIN repositories v ON v.id = m.virtual_id
    WHERE m.member_id = $1 ORDER BY v.key`,
}

/** Links first, candidates second, by digest: as unlinking one blob does. manifest_blobs is checked at commit. */
export const unlinkBlobs: Statement = {
  text: `
    WITH gone AS (
      DELETE FROM repo_blobs WHERE repo_id = $1 RETURNING digest
    )
    INSERT INTO gc_review (kind, key, review_after)
    SELECT DISTINCT 'blob', digest, now() + interval '1 day' FROM gone ORDER BY digest
    ON CONFLICT (kind, key) DO UPDATE SET review_after = excluded.review_after`,
}

/** Their bytes are cleared away with those of other abandoned uploads. */
export const expireUploads: Statement = {
  text: 'UPDATE uploads SET expires_at = least(expires_at, now()) WHERE repo_id = $1',
}

export const deleteRepository: Statement = { text: 'DELETE FROM repositories WHERE id = $1' }
