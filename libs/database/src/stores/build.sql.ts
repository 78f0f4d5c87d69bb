import type { Statement } from '../database.js'

/** $1 the publisher whose runs are seen, null for everybody's. */
const seen = '($1::text IS NULL OR b.publisher_id = $1::text)'

const lastFirst = 'b.started_at DESC, b.id DESC'

/** $1 publisher's id, $2 name, $3 number, $4 start. A row when there was one. */
export const deleteSame: Statement = {
  name: 'build-delete-same',
  text: `
    DELETE FROM builds WHERE publisher_id = $1 AND name = $2 AND number = $3 AND started_at = $4 RETURNING id`,
}

/** $5 publisher's name, $6 URL, $7 document. */
export const insertBuild: Statement = {
  name: 'build-insert',
  text: `
    INSERT INTO builds (publisher_id, name, number, started_at, publisher, url, document)
    VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id`,
}

/** $1 build, $2 roles, $3 names, $4 sha256, $5 sha1. */
export const insertContents: Statement = {
  name: 'build-insert-contents',
  text: `
    INSERT INTO build_contents (build_id, role, name, sha256, sha1)
    SELECT $1::bigint, * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[])`,
}

export const clearContents: Statement = {
  name: 'build-clear-contents',
  text: 'DELETE FROM build_contents WHERE build_id = $1',
}

/** $1 seen. */
export const names: Statement = {
  name: 'build-names',
  text: `
    SELECT b.name, max(b.started_at) AS last_started FROM builds b WHERE ${seen} GROUP BY b.name ORDER BY b.name`,
}

/** $1 seen, $2 name, $3 limit. */
export const runs: Statement = {
  name: 'build-runs',
  text: `
    SELECT b.number, b.started_at AS started FROM builds b
    WHERE ${seen} AND b.name = $2 ORDER BY ${lastFirst} LIMIT $3`,
}

/** $1 seen, $2 limit. */
export const entries: Statement = {
  name: 'build-entries',
  text: `
    SELECT b.name, b.number, b.url, b.started_at AS started, b.published_at AS published, b.publisher AS "publishedBy"
    FROM builds b WHERE ${seen} ORDER BY b.id DESC LIMIT $2`,
}

/** $1 seen, $2 name, $3 number, $4 start or null. */
export const find: Statement = {
  name: 'build-find',
  text: `
    SELECT b.id, b.number, b.started_at AS started, b.name, b.published_at AS published,
      b.publisher AS "publishedBy", b.document,
      (SELECT coalesce(json_agg(s ORDER BY s.id), '[]') FROM build_statuses s WHERE s.build_id = b.id) AS statuses
    FROM builds b
    WHERE ${seen} AND b.name = $2 AND b.number = $3 AND ($4::timestamptz IS NULL OR b.started_at = $4)
    ORDER BY ${lastFirst} LIMIT 1`,
}

/** $1 seen, $2 name, $3 number. */
export const lockRun: Statement = {
  name: 'build-lock',
  text: `
    SELECT b.id, b.number, b.started_at AS started, b.document FROM builds b
    WHERE ${seen} AND b.name = $2 AND b.number = $3 ORDER BY ${lastFirst} LIMIT 1 FOR UPDATE`,
}

export const replaceDocument: Statement = {
  name: 'build-replace-document',
  text: 'UPDATE builds SET document = $2 WHERE id = $1',
}

/** $1 seen, $2 name, $3 status or null. */
export const latest: Statement = {
  name: 'build-latest',
  text: `
    SELECT b.number, b.started_at AS started FROM builds b
    WHERE ${seen} AND b.name = $2 AND ($3::text IS NULL OR $3::text = (
      SELECT s.status FROM build_statuses s WHERE s.build_id = b.id ORDER BY s.id DESC LIMIT 1
    ))
    ORDER BY ${lastFirst} LIMIT 1`,
}

/** $1 seen, $2 name, $3 numbers or null, $4 only those started before or null, $5 how many of the last stay, $6 numbers that stay. */
export const deleteRuns: Statement = {
  name: 'build-delete-runs',
  text: `
    WITH ordered AS (
      SELECT b.id, row_number() OVER (ORDER BY ${lastFirst}) AS position FROM builds b WHERE ${seen} AND b.name = $2
    )
    DELETE FROM builds b USING ordered
    WHERE b.id = ordered.id AND ordered.position > $5::int
      AND ($3::text[] IS NULL OR b.number = ANY ($3::text[]))
      AND ($4::timestamptz IS NULL OR b.started_at < $4)
      AND b.number <> ALL ($6::text[])
    RETURNING b.number, b.started_at AS started`,
}

/** $1 seen, $2 name. Without the documents, which are long: `documentOf` gets each. */
export const lockRuns: Statement = {
  name: 'build-lock-runs',
  text: `SELECT b.id FROM builds b WHERE ${seen} AND b.name = $2 ORDER BY b.id FOR UPDATE`,
}

export const documentOf: Statement = {
  name: 'build-document',
  text: 'SELECT document FROM builds WHERE id = $1',
}

/** $2 name, $3 document. */
export const renameRun: Statement = {
  name: 'build-rename',
  text: 'UPDATE builds SET name = $2, document = $3 WHERE id = $1',
}

/** $1 build, $2 status, $3 when, $4 comment, $5 repository, $6 user of the CI, $7 user. Nothing for a run that is gone. */
export const addStatus: Statement = {
  name: 'build-add-status',
  text: `
    INSERT INTO build_statuses (build_id, status, at, comment, repository, ci_user, user_name)
    SELECT id, $2, $3, $4, $5, $6, $7 FROM builds WHERE id = $1::bigint`,
}
