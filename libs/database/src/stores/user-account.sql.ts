import type { Statement } from '../database.js'

/** One row for each account, with its memberships and whether one of its groups administers. */
const accounts = `
  SELECT u.id, u.name, u.kind, u.realm, u.email, u.password_hash, u.admin AS own_admin, u.disabled,
    u.admin OR coalesce(m.admin, false) AS admin, u.profile_updatable, u.ui_access_disabled,
    u.internal_password_disabled, u.transient, u.directory_dn, u.directory_password_at, u.confirmed_at,
    u.withdrawn_at, u.last_login_at, u.credentials_revision,
    coalesce(m.memberships, '[]') AS memberships
  FROM users u
  LEFT JOIN LATERAL (
    SELECT bool_or(g.admin_privileges) AS admin,
      jsonb_agg(jsonb_build_object('group', gm.group_name, 'source', gm.source)
        ORDER BY gm.group_name, gm.source) AS memberships
    FROM group_members gm JOIN groups g ON g.name = gm.group_name
    WHERE gm.user_id = u.id
  ) m ON true`

export const findAccount: Statement = { name: 'user-find', text: `${accounts} WHERE u.name = $1` }

/** $1 after, or the empty text; $2 limit. */
export const listAccounts: Statement = {
  name: 'users-list',
  text: `${accounts} WHERE NOT u.transient AND u.name > $1 ORDER BY u.name LIMIT $2`,
}

export const createAccount: Statement = {
  text: `
    INSERT INTO users (name, kind, email, password_hash, admin, disabled, profile_updatable, ui_access_disabled,
      internal_password_disabled)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    RETURNING id`,
}

export const lockAccount: Statement = {
  text: 'SELECT id, realm, kind, directory_dn, directory_uid, confirmed_at FROM users WHERE name = $1 FOR UPDATE',
}

/** $1 id, $2 the columns that change with their new values. */
export const updateAccount: Statement = {
  text: `
    UPDATE users u SET email = c.email, password_hash = c.password_hash, admin = c.admin, disabled = c.disabled,
      profile_updatable = c.profile_updatable, ui_access_disabled = c.ui_access_disabled,
      internal_password_disabled = c.internal_password_disabled,
      credentials_revision = old.credentials_revision + CASE
        WHEN c.password_hash IS DISTINCT FROM old.password_hash OR c.disabled AND NOT old.disabled THEN 1 ELSE 0
      END
    FROM users old, jsonb_populate_record(old, $2::jsonb) c
    WHERE u.id = $1 AND old.id = u.id`,
}

/** Tokens that were issued before users had an id know the name only. */
export const deleteAccount: Statement = {
  text: `
    WITH tokens AS (
      DELETE FROM refresh_tokens WHERE username = $1
    )
    DELETE FROM users WHERE name = $1 RETURNING id`,
}

export const administratorExists: Statement = {
  text: `
    SELECT EXISTS (
      SELECT 1 FROM users u WHERE NOT u.disabled AND u.withdrawn_at IS NULL AND (u.admin OR EXISTS (
        SELECT 1 FROM group_members gm JOIN groups g ON g.name = gm.group_name
        WHERE gm.user_id = u.id AND g.admin_privileges
      ))
    ) AS exists`,
}

/** Reads every user, once a second at the most and only while logins are refused. */
export const foreignHashExists: Statement = {
  text: `SELECT EXISTS (SELECT 1 FROM users WHERE password_hash NOT LIKE '$argon2id$%') AS exists`,
}

/** Stays when every administrator is gone: the first start is not to be made again. */
export const noteAdministrator: Statement = {
  text: `INSERT INTO security_settings (name, value) VALUES ('administered', 'true') ON CONFLICT DO NOTHING`,
}

export const wasAdministered: Statement = {
  text: `SELECT EXISTS (SELECT 1 FROM security_settings WHERE name = 'administered') AS exists`,
}

/** $1 user, $2 groups, $3 source. Groups that are deleted meanwhile are waited for and left out. */
export const addMemberships: Statement = {
  text: `
    WITH existing AS MATERIALIZED (
      SELECT name FROM groups WHERE name = ANY ($2::text[]) ORDER BY name FOR KEY SHARE
    ), added AS (
      INSERT INTO group_members (user_id, group_name, source) SELECT $1::uuid, name, $3::text FROM existing
      ON CONFLICT DO NOTHING
    )
    SELECT name FROM existing`,
}

export const joinGroups: Statement = {
  text: `
    INSERT INTO group_members (user_id, group_name, source)
    SELECT $1::uuid, name, 'internal' FROM groups WHERE auto_join ORDER BY name FOR KEY SHARE
    ON CONFLICT DO NOTHING`,
}

/** $1 user, $2 the groups that stay. */
export const removeGivenMemberships: Statement = {
  text: `
    DELETE FROM group_members
    WHERE user_id = $1 AND source = 'internal' AND group_name <> ALL ($2::text[])`,
}

/** $1 user, $2 the groups that stay when they come from directory $3. */
export const removeDirectoryMemberships: Statement = {
  text: `
    DELETE FROM group_members
    WHERE user_id = $1 AND source <> 'internal' AND (source <> $3 OR group_name <> ALL ($2::text[]))`,
}

export const directoryGroups: Statement = {
  name: 'groups-of-directories',
  text: 'SELECT name, realm, external_id FROM groups WHERE realm = $1',
}

/** A row already there stays as it is: it is locked and looked at next. */
export const insertConfirmed: Statement = {
  text: `
    INSERT INTO users (name, realm, admin, disabled, transient, confirmed_at)
    VALUES ($1, $2, false, false, $3, $4)
    ON CONFLICT (name) DO NOTHING
    RETURNING id`,
}

export const confirmAccount: Statement = {
  text: `
    UPDATE users SET realm = $2, email = coalesce($3, email), directory_dn = $4, confirmed_at = $5,
      directory_uid = coalesce($6, directory_uid), directory_password_at = greatest(directory_password_at, $7),
      credentials_revision = credentials_revision
        + CASE WHEN $7 > coalesce(directory_password_at, '-infinity') THEN 1 ELSE 0 END,
      withdrawn_at = NULL
    WHERE id = $1`,
}

/** Nothing refers to the old id afterwards; `disabled` stays, because it was decided about the name here. */
export const makeAnew: Statement = {
  text: `
    UPDATE users SET id = gen_random_uuid(), email = NULL, password_hash = NULL, admin = false,
      profile_updatable = true, ui_access_disabled = false, internal_password_disabled = false, transient = $2,
      directory_dn = NULL, directory_uid = NULL, directory_password_at = NULL,
      confirmed_at = NULL, withdrawn_at = NULL, last_login_at = NULL
    WHERE id = $1
    RETURNING id`,
}

export const withdraw: Statement = {
  text: `
    WITH withdrawn AS (
      UPDATE users SET withdrawn_at = $2
      WHERE id = $1 AND confirmed_at IS NOT NULL AND withdrawn_at IS NULL
      RETURNING id
    )
    DELETE FROM group_members WHERE source <> 'internal' AND user_id IN (SELECT id FROM withdrawn)`,
}

export const deleteMemberships: Statement = { text: 'DELETE FROM group_members WHERE user_id = $1' }

export const deleteAccessTokens: Statement = { text: 'DELETE FROM access_tokens WHERE user_id = $1' }

export const deleteRefreshTokens: Statement = {
  text: 'DELETE FROM refresh_tokens WHERE user_id = $1 OR username = $2',
}

export const replaceHash: Statement = {
  text: 'UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2 RETURNING id',
}

export const recordLogin: Statement = {
  name: 'user-record-login',
  text: 'UPDATE users SET last_login_at = $2 WHERE id = $1',
}
