import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * Names and digests are compared byte by byte (`COLLATE "C"`): the order of lists that the OCI specification asks for,
 * the same on every server, and the fastest.
 */
export class InitialSchema1763596800000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(repositories)
    await runner.query(manifests)
    await runner.query(blobs)
    await runner.query(manifestContent)
    await runner.query(tags)
    await runner.query(uploads)
    await runner.query(remoteRefs)
    await runner.query(identity)
    await runner.query(collection)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE storage_deletions, gc_review, refresh_tokens, signing_keys, users, remote_refs, uploads, tag_events, tags,
        manifest_children, manifest_blobs, repo_blobs, blobs, manifests, repository_members, repositories
    `)
  }
}

/** An id is never used again, so content of a deleted repository can't show up in its namesake. */
const repositories = `
  CREATE TABLE repositories (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key text COLLATE "C" NOT NULL UNIQUE,
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('local', 'remote', 'virtual')),
    package_type text COLLATE "C" NOT NULL,
    config jsonb NOT NULL,
    revision integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE TABLE repository_members (
    virtual_id integer NOT NULL REFERENCES repositories ON DELETE CASCADE,
    member_id integer NOT NULL REFERENCES repositories ON DELETE RESTRICT,
    position integer NOT NULL,
    PRIMARY KEY (virtual_id, member_id)
  );
  CREATE INDEX repository_members_member ON repository_members (member_id);
`

/**
 * Payloads stay in the row up to 8 kB and are never compressed: a pull by tag is then two index reads and two rows, with
 * nothing to unpack. Annotations are json, not jsonb, because only json can hold an escaped NUL.
 */
const manifests = `
  CREATE TABLE manifests (
    repo_id integer NOT NULL REFERENCES repositories ON DELETE CASCADE,
    image text COLLATE "C" NOT NULL,
    digest text COLLATE "C" NOT NULL,
    media_type text COLLATE "C" NOT NULL,
    artifact_type text COLLATE "C",
    subject_digest text COLLATE "C",
    size integer NOT NULL,
    annotations json NOT NULL,
    pushed_at timestamptz NOT NULL DEFAULT now(),
    payload bytea NOT NULL,
    PRIMARY KEY (repo_id, image, digest)
  ) WITH (toast_tuple_target = 8160);
  ALTER TABLE manifests ALTER COLUMN payload SET STORAGE EXTERNAL;
  CREATE INDEX manifests_referrers ON manifests (repo_id, image, subject_digest, digest)
    WHERE subject_digest IS NOT NULL;
`

/** A storage key belongs to one generation of the bytes and is never made from the digest. The link is the right to read. */
const blobs = `
  CREATE TABLE blobs (
    digest text COLLATE "C" PRIMARY KEY,
    size bigint NOT NULL,
    storage_key text COLLATE "C" NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE TABLE repo_blobs (
    repo_id integer NOT NULL REFERENCES repositories ON DELETE CASCADE,
    digest text COLLATE "C" NOT NULL REFERENCES blobs ON DELETE RESTRICT,
    linked_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (repo_id, digest)
  );
  CREATE INDEX repo_blobs_digest ON repo_blobs (digest);
`

/**
 * manifest_blobs_blob is checked at commit, so that deleting a repository is one statement whose cascades may run in any
 * order. A child of an index may be absent (an index can be pushed, or proxied, before its children).
 */
const manifestContent = `
  CREATE TABLE manifest_blobs (
    repo_id integer NOT NULL,
    image text COLLATE "C" NOT NULL,
    manifest_digest text COLLATE "C" NOT NULL,
    blob_digest text COLLATE "C" NOT NULL,
    PRIMARY KEY (repo_id, image, manifest_digest, blob_digest),
    CONSTRAINT manifest_blobs_manifest FOREIGN KEY (repo_id, image, manifest_digest)
      REFERENCES manifests ON DELETE CASCADE,
    CONSTRAINT manifest_blobs_blob FOREIGN KEY (repo_id, blob_digest)
      REFERENCES repo_blobs DEFERRABLE INITIALLY DEFERRED
  );
  CREATE INDEX manifest_blobs_by_blob ON manifest_blobs (repo_id, blob_digest);
  CREATE TABLE manifest_children (
    repo_id integer NOT NULL,
    image text COLLATE "C" NOT NULL,
    parent text COLLATE "C" NOT NULL,
    child text COLLATE "C" NOT NULL,
    PRIMARY KEY (repo_id, image, parent, child),
    CONSTRAINT manifest_children_parent FOREIGN KEY (repo_id, image, parent)
      REFERENCES manifests ON DELETE CASCADE
  );
  CREATE INDEX manifest_children_by_child ON manifest_children (repo_id, image, child);
`

/** previous_digest lets the upsert that moves a tag say what it moved from, also when it waited for another push. */
const tags = `
  CREATE TABLE tags (
    repo_id integer NOT NULL,
    image text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    digest text COLLATE "C" NOT NULL,
    previous_digest text COLLATE "C",
    revision integer NOT NULL DEFAULT 1,
    PRIMARY KEY (repo_id, image, name),
    CONSTRAINT tags_manifest FOREIGN KEY (repo_id, image, digest)
      REFERENCES manifests ON DELETE CASCADE
  );
  CREATE INDEX tags_digest ON tags (repo_id, image, digest);
  CREATE TABLE tag_events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    repo_id integer NOT NULL REFERENCES repositories ON DELETE CASCADE,
    image text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    old_digest text COLLATE "C",
    new_digest text COLLATE "C",
    actor text NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
  );
  CREATE INDEX tag_events_tag ON tag_events (repo_id, image, name, id);
`

/** No foreign key: the record has to outlive its repository until the bytes received so far are cleared away. */
const uploads = `
  CREATE TABLE uploads (
    id text COLLATE "C" PRIMARY KEY,
    repo_id integer NOT NULL,
    image text COLLATE "C" NOT NULL,
    owner text NOT NULL,
    expires_at timestamptz NOT NULL
  );
  CREATE INDEX uploads_expiry ON uploads (expires_at);
`

const remoteRefs = `
  CREATE TABLE remote_refs (
    repo_id integer NOT NULL REFERENCES repositories ON DELETE CASCADE,
    image text COLLATE "C" NOT NULL,
    ref text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL CHECK (status IN ('found', 'missing')),
    digest text COLLATE "C",
    etag text,
    checked_at timestamptz NOT NULL,
    fresh_until timestamptz NOT NULL,
    PRIMARY KEY (repo_id, image, ref)
  ) WITH (fillfactor = 85);
`

/** Tokens name their user instead of referring to a row: users of a directory have none. */
const identity = `
  CREATE TABLE users (
    name text COLLATE "C" PRIMARY KEY,
    password_hash text,
    admin boolean NOT NULL,
    disabled boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE TABLE signing_keys (
    id text COLLATE "C" PRIMARY KEY,
    algorithm text COLLATE "C" NOT NULL,
    private_key_pem text NOT NULL,
    created_at timestamptz NOT NULL
  );
  CREATE TABLE refresh_tokens (
    hash text COLLATE "C" PRIMARY KEY,
    username text COLLATE "C" NOT NULL,
    service text NOT NULL,
    expires_at timestamptz NOT NULL
  );
  CREATE INDEX refresh_tokens_user ON refresh_tokens (username);
  CREATE INDEX refresh_tokens_expiry ON refresh_tokens (expires_at);
`

/**
 * What the collector has to look at, and bytes that nothing refers to any more. Kinds of gc_review: "blob", a digest
 * that lost a link; "link", "<repository id>/<digest>", a blob that lost a manifest.
 */
const collection = `
  CREATE TABLE gc_review (
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('blob', 'link')),
    key text COLLATE "C" NOT NULL,
    review_after timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, key)
  );
  CREATE INDEX gc_review_due ON gc_review (review_after);
  CREATE TABLE storage_deletions (
    storage_key text COLLATE "C" PRIMARY KEY,
    not_before timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0
  );
  CREATE INDEX storage_deletions_due ON storage_deletions (not_before);
`
