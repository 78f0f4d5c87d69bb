import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * The link that gives the right to read a blob belongs to an image, because rights can differ by image. What is linked to
 * a repository already is linked to the images whose manifests list it; a blob that no manifest lists yet, of a push that
 * is going on, has to be pushed again. The key of a "link" in gc_review becomes "<repository id>/<image>@<digest>".
 */
export class BlobsOfImages1763769600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(cachedManifests)
    await fillCachedManifests(runner)
    await runner.query(blobsOfImages)
    await runner.query(pushClaims)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(blobsOfRepositories)
    await runner.query('DROP TABLE push_claims, cached_manifest_blobs')
  }
}

/**
 * What a manifest in the cache of a remote lists. Unlike with manifest_blobs nothing has to be linked: the blobs come when
 * they are asked for.
 */
const cachedManifests = `
  CREATE TABLE cached_manifest_blobs (
    repo_id integer NOT NULL,
    image text COLLATE "C" NOT NULL,
    manifest_digest text COLLATE "C" NOT NULL,
    blob_digest text COLLATE "C" NOT NULL,
    PRIMARY KEY (repo_id, image, manifest_digest, blob_digest),
    CONSTRAINT cached_manifest_blobs_manifest FOREIGN KEY (repo_id, image, manifest_digest)
      REFERENCES manifests ON DELETE CASCADE
  );
  CREATE INDEX cached_manifest_blobs_by_blob ON cached_manifest_blobs (repo_id, image, blob_digest);
`

const blobsOfImages = `
  ALTER TABLE manifest_blobs DROP CONSTRAINT manifest_blobs_blob;
  DROP INDEX manifest_blobs_by_blob;
  ALTER TABLE repo_blobs DROP CONSTRAINT repo_blobs_pkey;
  ALTER TABLE repo_blobs ADD COLUMN image text COLLATE "C";
  INSERT INTO repo_blobs (repo_id, image, digest, linked_at)
    SELECT listed.repo_id, listed.image, b.digest, b.linked_at
    FROM (
      SELECT repo_id, image, blob_digest AS digest FROM manifest_blobs
      UNION SELECT repo_id, image, blob_digest FROM cached_manifest_blobs
      UNION SELECT repo_id, image, child FROM manifest_children
    ) listed
    JOIN repo_blobs b ON b.repo_id = listed.repo_id AND b.digest = listed.digest AND b.image IS NULL;
  INSERT INTO gc_review (kind, key, review_after)
    SELECT 'link', b.repo_id || '/' || b.image || '@' || b.digest, r.review_after
    FROM gc_review r JOIN repo_blobs b ON r.key = b.repo_id || '/' || b.digest
    WHERE r.kind = 'link' AND b.image IS NOT NULL;
  DELETE FROM gc_review WHERE kind = 'link' AND strpos(key, '@') = 0;
  INSERT INTO gc_review (kind, key, review_after)
    SELECT DISTINCT 'blob', digest, now() + interval '1 day' FROM repo_blobs WHERE image IS NULL
    ON CONFLICT (kind, key) DO UPDATE SET review_after = excluded.review_after;
  DELETE FROM repo_blobs WHERE image IS NULL;
  ALTER TABLE repo_blobs ALTER COLUMN image SET NOT NULL, ADD PRIMARY KEY (repo_id, image, digest);
  DROP INDEX repo_blobs_digest;
  CREATE INDEX repo_blobs_digest ON repo_blobs (digest, repo_id);
  CREATE INDEX manifest_blobs_by_blob ON manifest_blobs (repo_id, image, blob_digest);
  ALTER TABLE manifest_blobs ADD CONSTRAINT manifest_blobs_blob FOREIGN KEY (repo_id, image, blob_digest)
    REFERENCES repo_blobs (repo_id, image, digest) DEFERRABLE INITIALLY DEFERRED;
`

/** Who brought which bytes to an image lately: they may refer to them although no tag that they may read reaches them. */
const pushClaims = `
  CREATE TABLE push_claims (
    repo_id integer NOT NULL REFERENCES repositories ON DELETE CASCADE,
    image text COLLATE "C" NOT NULL,
    digest text COLLATE "C" NOT NULL,
    owner text COLLATE "C" NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (repo_id, image, digest, owner)
  );
  CREATE INDEX push_claims_expiry ON push_claims (expires_at);
`

const blobsOfRepositories = `
  ALTER TABLE manifest_blobs DROP CONSTRAINT manifest_blobs_blob;
  DROP INDEX manifest_blobs_by_blob;
  DROP INDEX repo_blobs_digest;
  INSERT INTO gc_review (kind, key, review_after)
    SELECT 'link', regexp_replace(key, '/.*@', '/'), max(review_after)
    FROM gc_review WHERE kind = 'link' GROUP BY 2;
  DELETE FROM gc_review WHERE kind = 'link' AND strpos(key, '@') > 0;
  ALTER TABLE repo_blobs DROP CONSTRAINT repo_blobs_pkey;
  DELETE FROM repo_blobs b USING (
    SELECT repo_id, digest, min(image) AS image FROM repo_blobs GROUP BY 1, 2
  ) kept
  WHERE b.repo_id = kept.repo_id AND b.digest = kept.digest AND b.image > kept.image;
  ALTER TABLE repo_blobs DROP COLUMN image, ADD PRIMARY KEY (repo_id, digest);
  CREATE INDEX repo_blobs_digest ON repo_blobs (digest);
  CREATE INDEX manifest_blobs_by_blob ON manifest_blobs (repo_id, blob_digest);
  ALTER TABLE manifest_blobs ADD CONSTRAINT manifest_blobs_blob FOREIGN KEY (repo_id, blob_digest)
    REFERENCES repo_blobs DEFERRABLE INITIALLY DEFERRED;
`

interface CachedManifest {
  readonly repo_id: number
  readonly image: string
  readonly digest: string
  readonly payload: Buffer
}

/** A manifest may have 4 MiB: so many are read at a time. */
const batch = 50

/** What a cached manifest lists was not written down so far: its payload says it. */
async function fillCachedManifests(runner: QueryRunner): Promise<void> {
  let last: CachedManifest | undefined
  do {
    const rows = (await runner.query(
      `SELECT m.repo_id, m.image, m.digest, m.payload FROM manifests m
       JOIN repositories r ON r.id = m.repo_id AND r.kind = 'remote'
       WHERE (m.repo_id, m.image, m.digest) > ($1::int, $2::text, $3::text)
       ORDER BY m.repo_id, m.image, m.digest LIMIT ${batch}`,
      [last?.repo_id ?? 0, last?.image ?? '', last?.digest ?? ''],
    )) as readonly CachedManifest[]
    for (const { repo_id, image, digest, payload } of rows) {
      await runner.query(
        `INSERT INTO cached_manifest_blobs (repo_id, image, manifest_digest, blob_digest)
         SELECT $1, $2, $3, blob FROM unnest($4::text[]) AS blob`,
        [repo_id, image, digest, blobsListedIn(payload)],
      )
    }
    last = rows.length < batch ? undefined : rows.at(-1)
  } while (last !== undefined)
}

interface Listed {
  readonly config?: { readonly digest?: unknown } | null
  readonly layers?: readonly ({ readonly digest?: unknown } | null)[] | null
}

/** The payload was parsed and checked when it was cached. */
function blobsListedIn(payload: Buffer): readonly string[] {
  const { config, layers } = JSON.parse(payload.toString('utf8')) as Listed
  const digests = [config, ...(layers ?? [])].map((descriptor) => descriptor?.digest)
  return [...new Set(digests.filter((digest) => typeof digest === 'string'))]
}
