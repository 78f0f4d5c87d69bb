import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Users with an identity of their own, groups, directories, permission targets, tokens, locks and the audit trail. */
export class IdentityAndAccess1763683200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(users)
    await runner.query(groups)
    await runner.query(tokens)
    await runner.query(logins)
    await runner.query(settings)
    await runner.query(permissions)
    await runner.query(audit)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE refresh_tokens DROP COLUMN user_id, DROP COLUMN access_token_id, DROP COLUMN credentials_revision;
      DROP TABLE audit_events, permission_targets, oidc_logins, oidc_mappings, oidc_providers, ldap_group_settings,
        ldap_settings, security_settings, login_failures, access_tokens, group_members, groups;
      ALTER TABLE users DROP COLUMN id, DROP COLUMN kind, DROP COLUMN realm, DROP COLUMN email,
        DROP COLUMN profile_updatable, DROP COLUMN ui_access_disabled, DROP COLUMN internal_password_disabled,
        DROP COLUMN transient, DROP COLUMN directory_dn,
        DROP COLUMN directory_uid, DROP COLUMN directory_password_at, DROP COLUMN confirmed_at,
        DROP COLUMN withdrawn_at, DROP COLUMN last_login_at, DROP COLUMN credentials_revision;
    `)
  }
}

/**
 * The id is never used again: tokens and memberships of a deleted user are not those of the next one of the name. The
 * revision of the credentials grows with each change after which refresh tokens are worth nothing.
 */
const users = `
  ALTER TABLE users
    ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
    ADD COLUMN kind text COLLATE "C" NOT NULL DEFAULT 'person' CHECK (kind IN ('person', 'robot')),
    ADD COLUMN realm text COLLATE "C" NOT NULL DEFAULT 'internal',
    ADD COLUMN email text,
    ADD COLUMN profile_updatable boolean NOT NULL DEFAULT true,
    ADD COLUMN ui_access_disabled boolean NOT NULL DEFAULT false,
    ADD COLUMN internal_password_disabled boolean NOT NULL DEFAULT false,
    ADD COLUMN transient boolean NOT NULL DEFAULT false,
    ADD COLUMN directory_dn text,
    ADD COLUMN directory_uid text,
    ADD COLUMN directory_password_at timestamptz,
    ADD COLUMN confirmed_at timestamptz,
    ADD COLUMN withdrawn_at timestamptz,
    ADD COLUMN last_login_at timestamptz,
    ADD COLUMN credentials_revision integer NOT NULL DEFAULT 1;
`

/** A membership belongs to where it came from: what a directory takes back is not what was given here. */
const groups = `
  CREATE TABLE groups (
    name text COLLATE "C" PRIMARY KEY,
    description text NOT NULL DEFAULT '',
    auto_join boolean NOT NULL DEFAULT false,
    admin_privileges boolean NOT NULL DEFAULT false,
    realm text COLLATE "C" NOT NULL DEFAULT 'internal',
    realm_attributes text,
    external_id text,
    created_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE TABLE group_members (
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    group_name text COLLATE "C" NOT NULL REFERENCES groups ON UPDATE CASCADE ON DELETE CASCADE,
    source text COLLATE "C" NOT NULL,
    PRIMARY KEY (user_id, group_name, source)
  );
  CREATE INDEX group_members_group ON group_members (group_name);
`

/**
 * Access tokens are stored hashed and shown once. subject is a name where there is no user, as with tokens for groups; a
 * family is a token with all that were got by refreshing it.
 */
const tokens = `
  CREATE TABLE access_tokens (
    id uuid PRIMARY KEY,
    hash text COLLATE "C" NOT NULL UNIQUE,
    refresh_hash text COLLATE "C" UNIQUE,
    family_id uuid NOT NULL,
    subject text COLLATE "C" NOT NULL,
    user_id uuid REFERENCES users (id) ON DELETE CASCADE,
    scope text NOT NULL,
    audience text NOT NULL DEFAULT '*@*',
    description text NOT NULL DEFAULT '',
    created_by text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz
  );
  CREATE INDEX access_tokens_user ON access_tokens (user_id);
  CREATE INDEX access_tokens_family ON access_tokens (family_id);
  CREATE INDEX access_tokens_subject ON access_tokens (subject, id);
  CREATE INDEX access_tokens_end ON access_tokens (least(expires_at, revoked_at));
  ALTER TABLE refresh_tokens
    ADD COLUMN user_id uuid REFERENCES users (id) ON DELETE CASCADE,
    ADD COLUMN access_token_id uuid REFERENCES access_tokens ON DELETE CASCADE,
    ADD COLUMN credentials_revision integer NOT NULL DEFAULT 1;
  UPDATE refresh_tokens r SET user_id = u.id FROM users u WHERE u.name = r.username;
`

/** Failures in a row, by user name (known here or not) and by address, counted for all replicas together. */
const logins = `
  CREATE TABLE login_failures (
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('user', 'address')),
    key text COLLATE "C" NOT NULL,
    failures integer NOT NULL,
    last_at timestamptz NOT NULL,
    blocked_until timestamptz NOT NULL,
    locked boolean NOT NULL DEFAULT false,
    PRIMARY KEY (kind, key)
  );
  CREATE INDEX login_failures_age ON login_failures (last_at);
`

/** Documents that are read as a whole, kept in memory on every replica and followed by their revision. */
const settings = `
  CREATE TABLE security_settings (
    name text COLLATE "C" PRIMARY KEY,
    value jsonb NOT NULL,
    revision integer NOT NULL DEFAULT 1
  );
  INSERT INTO security_settings (name, value) SELECT 'administered', 'true' WHERE EXISTS (SELECT 1 FROM users WHERE admin);
  CREATE TABLE ldap_settings (
    key text COLLATE "C" PRIMARY KEY,
    position integer NOT NULL,
    config jsonb NOT NULL,
    revision integer NOT NULL DEFAULT 1
  );
  CREATE TABLE ldap_group_settings (
    name text COLLATE "C" PRIMARY KEY,
    position integer NOT NULL,
    config jsonb NOT NULL,
    revision integer NOT NULL DEFAULT 1
  );
  CREATE TABLE oidc_providers (
    name text COLLATE "C" PRIMARY KEY,
    config jsonb NOT NULL,
    revision integer NOT NULL DEFAULT 1
  );
  CREATE TABLE oidc_mappings (
    provider text COLLATE "C" NOT NULL REFERENCES oidc_providers ON DELETE CASCADE,
    name text COLLATE "C" NOT NULL,
    priority integer NOT NULL,
    config jsonb NOT NULL,
    PRIMARY KEY (provider, name)
  );
  CREATE TABLE oidc_logins (
    state_hash text COLLATE "C" PRIMARY KEY,
    browser_hash text COLLATE "C" NOT NULL,
    provider text COLLATE "C" NOT NULL REFERENCES oidc_providers ON DELETE CASCADE,
    nonce text NOT NULL,
    code_verifier text NOT NULL,
    redirect_uri text NOT NULL,
    return_to text NOT NULL,
    expires_at timestamptz NOT NULL
  );
  CREATE INDEX oidc_logins_expiry ON oidc_logins (expires_at);
`

/** A revision is never used twice, so that one deleted and made anew is not taken for what it was. */
const permissions = `
  CREATE TABLE permission_targets (
    name text COLLATE "C" PRIMARY KEY,
    target jsonb NOT NULL,
    revision integer GENERATED ALWAYS AS IDENTITY
  );
`

/** Rows are added and, when they are old enough, deleted; nothing changes one. */
const audit = `
  CREATE TABLE audit_events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    action text COLLATE "C" NOT NULL,
    outcome text COLLATE "C" NOT NULL,
    actor text COLLATE "C" NOT NULL,
    realm text COLLATE "C",
    address text COLLATE "C" NOT NULL,
    request_id text COLLATE "C" NOT NULL,
    subject_kind text COLLATE "C",
    subject text COLLATE "C",
    before jsonb,
    after jsonb,
    reason text
  );
  CREATE INDEX audit_events_at ON audit_events (at);
  CREATE INDEX audit_events_actor ON audit_events (actor, id);
  CREATE INDEX audit_events_subject ON audit_events (subject_kind, subject, id);
`
