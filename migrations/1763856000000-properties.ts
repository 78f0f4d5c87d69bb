import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * Properties of items, a row for each value, and what is searched for besides: the annotations of manifests and the labels
 * of their images. What was pushed before is found by these once it is pushed again.
 */
export class Properties1763856000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(tagProperties)
    await runner.query(manifestProperties)
    await runner.query(imageProperties)
    await runner.query('CREATE INDEX manifests_digest ON manifests (digest, repo_id, image)')
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'DROP INDEX manifests_digest; DROP TABLE image_properties, manifest_properties, tag_properties',
    )
  }
}

/**
 * They belong to what the tag points to: with its next move its revision is another, and they are none of its any more. The
 * index has the beginning of a value only, because an entry of an index can't be as long as a value; it ends with the order
 * in which what is found is told.
 */
const tagProperties = `
  CREATE TABLE tag_properties (
    repo_id integer NOT NULL,
    image text COLLATE "C" NOT NULL,
    tag text COLLATE "C" NOT NULL,
    revision integer NOT NULL,
    key text COLLATE "C" NOT NULL,
    position integer NOT NULL,
    value text COLLATE "C" NOT NULL,
    PRIMARY KEY (repo_id, image, tag, key, position),
    CONSTRAINT tag_properties_tag FOREIGN KEY (repo_id, image, tag) REFERENCES tags ON DELETE CASCADE
  );
  CREATE INDEX tag_properties_value ON tag_properties (key, left(value, 128), repo_id, image, tag);
`

/** Of a manifest whoever names it: its annotations, the labels of its image; and what was set on it by digest. */
const manifestProperties = `
  CREATE TABLE manifest_properties (
    repo_id integer NOT NULL,
    image text COLLATE "C" NOT NULL,
    digest text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('property', 'annotation', 'label')),
    key text COLLATE "C" NOT NULL,
    position integer NOT NULL,
    value text COLLATE "C" NOT NULL,
    PRIMARY KEY (repo_id, image, digest, kind, key, position),
    CONSTRAINT manifest_properties_manifest FOREIGN KEY (repo_id, image, digest)
      REFERENCES manifests ON DELETE CASCADE
  );
  CREATE INDEX manifest_properties_value
    ON manifest_properties (kind, key, left(value, 128), repo_id, image, digest);
`

/** Of all of an image, for as long as it has any manifest; with an empty image of the repository. */
const imageProperties = `
  CREATE TABLE image_properties (
    repo_id integer NOT NULL REFERENCES repositories ON DELETE CASCADE,
    image text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    position integer NOT NULL,
    value text COLLATE "C" NOT NULL,
    PRIMARY KEY (repo_id, image, key, position)
  );
`
