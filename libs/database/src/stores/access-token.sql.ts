import type { Statement } from '../database.js'

const columns = `id, family_id, parent_family_id, subject, user_id, scope, audience, description, created_by, created_at, expires_at, last_used_at,
  revoked_at, refresh_hash IS NOT NULL AS refreshable`

const insert = `
  INSERT INTO access_tokens (id, hash, refresh_hash, subject, user_id, scope, audience, description, created_by,
    created_at, expires_at, family_id, parent_family_id)`

/** Each new token takes some that ended long ago away, so that the table stays as large as what is in use. */
const forgetOld = `
  forgotten AS (
    DELETE FROM access_tokens WHERE id IN (
      SELECT id FROM access_tokens
      WHERE least(expires_at, revoked_at) < $10::timestamptz - interval '90 days'
      ORDER BY least(expires_at, revoked_at) LIMIT 20 FOR UPDATE SKIP LOCKED
    )
  )`

/** Whoever revokes the token that this one is made with waits for it, and then finds it. */
export const addToken: Statement = {
  name: 'access-token-add',
  text: `
    WITH ${forgetOld}, parent AS (
      SELECT id FROM access_tokens WHERE family_id = $13 AND revoked_at IS NULL FOR SHARE
    ) ${insert}
    SELECT $1::uuid, $2, $3, $4, $5::uuid, $6, $7, $8, $9, $10::timestamptz, $11::timestamptz, $12::uuid, $13::uuid
    WHERE $13::uuid IS NULL OR EXISTS (SELECT 1 FROM parent)
    RETURNING id`,
}

/** Who comes second waits for the row and then finds it revoked. */
export const replaceToken: Statement = {
  text: `
    WITH replaced AS (
      UPDATE access_tokens SET revoked_at = $10 WHERE id = $14 AND revoked_at IS NULL RETURNING id
    ) ${insert}
    SELECT $1::uuid, $2, $3, $4, $5::uuid, $6, $7, $8, $9, $10::timestamptz, $11::timestamptz, $12::uuid, $13::uuid
    FROM replaced
    RETURNING id`,
}

export const findToken: Statement = {
  name: 'access-token-find',
  text: `SELECT ${columns} FROM access_tokens WHERE id = $1`,
}

export const findTokenBySecret: Statement = {
  name: 'access-token-find-by-secret',
  text: `SELECT ${columns} FROM access_tokens WHERE hash = $1`,
}

export const findTokenByRefreshToken: Statement = {
  text: `SELECT ${columns} FROM access_tokens WHERE refresh_hash = $1`,
}

const live = '(expires_at IS NULL OR expires_at > $1) AND revoked_at IS NULL'

export const listTokens: Statement = {
  text: `
    SELECT ${columns} FROM access_tokens
    WHERE ${live} AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3`,
}

export const listTokensOf: Statement = {
  text: `
    SELECT ${columns} FROM access_tokens
    WHERE ${live} AND ($2::uuid IS NULL OR id > $2) AND subject = $4 ORDER BY id LIMIT $3`,
}

export const revokeToken: Statement = {
  text: `UPDATE access_tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING ${columns}`,
}

/** Also through tokens that were revoked before: what was made with them may have stayed. */
export const revokeFamily: Statement = {
  text: `
    WITH RECURSIVE made (family_id) AS (
      SELECT $1::uuid
      UNION
      SELECT t.family_id FROM made JOIN access_tokens t ON t.parent_family_id = made.family_id
    )
    UPDATE access_tokens SET revoked_at = $2
    WHERE family_id IN (SELECT family_id FROM made) AND revoked_at IS NULL
    RETURNING ${columns}`,
}

export const recordUses: Statement = {
  text: `
    UPDATE access_tokens t SET last_used_at = u.at
    FROM (SELECT unnest($1::uuid[]) AS id, unnest($2::timestamptz[]) AS at ORDER BY 1) u
    WHERE t.id = u.id AND (t.last_used_at IS NULL OR t.last_used_at < u.at)`,
}
