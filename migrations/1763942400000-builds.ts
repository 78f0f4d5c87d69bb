import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Build-infos, what they list, and further checksums of content that clients know it by. */
export class Builds1763942400000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(builds)
    await runner.query(contents)
    await runner.query(checksums)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE content_checksums, build_contents, build_statuses, builds')
  }
}

/**
 * The publisher is known by an id that is never used again. The document is text, because it is given back as a whole and
 * can hold what jsonb does not keep.
 */
const builds = `
  CREATE TABLE builds (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    publisher_id text COLLATE "C" NOT NULL,
    publisher text NOT NULL,
    name text COLLATE "C" NOT NULL,
    number text COLLATE "C" NOT NULL,
    started_at timestamptz NOT NULL,
    published_at timestamptz NOT NULL DEFAULT now(),
    url text,
    document text NOT NULL,
    CONSTRAINT builds_run UNIQUE (name, number, started_at, publisher_id)
  );
  CREATE INDEX builds_latest ON builds (name, started_at, id);
  CREATE INDEX builds_publisher ON builds (publisher_id, name);
  CREATE TABLE build_statuses (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    build_id bigint NOT NULL REFERENCES builds ON DELETE CASCADE,
    status text NOT NULL,
    at timestamptz NOT NULL,
    comment text,
    repository text,
    ci_user text,
    user_name text NOT NULL
  );
  CREATE INDEX build_statuses_build ON build_statuses (build_id, id);
`

/** A row for each artifact or dependency that has a checksum. */
const contents = `
  CREATE TABLE build_contents (
    build_id bigint NOT NULL REFERENCES builds ON DELETE CASCADE,
    role text COLLATE "C" NOT NULL CHECK (role IN ('artifact', 'dependency')),
    name text COLLATE "C" NOT NULL,
    sha256 text COLLATE "C",
    sha1 text COLLATE "C"
  );
  CREATE INDEX build_contents_build ON build_contents (build_id);
  CREATE INDEX build_contents_sha256 ON build_contents (sha256) WHERE sha256 IS NOT NULL;
  CREATE INDEX build_contents_sha1 ON build_contents (sha1) WHERE sha1 IS NOT NULL;
`

/** Of manifests and blobs, computed when somebody first asks for them. The digest says all, wherever the content is. */
const checksums = `
  CREATE TABLE content_checksums (
    digest text COLLATE "C" PRIMARY KEY,
    sha1 text COLLATE "C" NOT NULL
  );
  CREATE INDEX content_checksums_sha1 ON content_checksums (sha1);
`
