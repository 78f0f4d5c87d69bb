import type { Statement } from '../database.js'

/** $1 repository, $2 kinds of places, $3 images, $4 tags or digests. By place, key and position of the value. */
export const findProperties: Statement = {
  name: 'properties-find',
  text: `
    SELECT k.position::int AS place, p.key, p.value
    FROM unnest($2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS k (kind, image, name, position)
    CROSS JOIN LATERAL (
      SELECT p.key, p.position, p.value FROM tags t
      JOIN tag_properties p ON p.repo_id = t.repo_id AND p.image = t.image AND p.tag = t.name
        AND p.revision = t.revision
      WHERE k.kind = 'tag' AND t.repo_id = $1::int AND t.image = k.image AND t.name = k.name
      UNION ALL
      SELECT p.key, p.position, p.value FROM manifest_properties p
      WHERE k.kind = 'manifest' AND p.repo_id = $1::int AND p.image = k.image AND p.digest = k.name
        AND p.kind = 'property'
      UNION ALL
      SELECT p.key, p.position, p.value FROM image_properties p
      WHERE k.kind IN ('image', 'repository') AND p.repo_id = $1::int AND p.image = k.image
    ) p
    ORDER BY place, p.key, p.position`,
}

/** $1 repository, $2 images, $3 digests: what the manifests say of themselves. */
export const findLabels: Statement = {
  name: 'properties-labels',
  text: `
    SELECT k.position::int AS place, p.kind, p.key, p.value
    FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS k (image, digest, position)
    CROSS JOIN LATERAL (
      SELECT kind, key, value FROM manifest_properties p
      WHERE p.repo_id = $1::int AND p.image = k.image AND p.digest = k.digest AND p.kind IN ('annotation', 'label')
    ) p
    ORDER BY place, p.key`,
}

/** $1 repository: who changes its own properties waits for who does so already. */
export const lockRepository: Statement = {
  name: 'properties-lock-repository',
  text: `SELECT '' AS image, '' AS name, 0 AS revision FROM repositories WHERE id = $1 FOR NO KEY UPDATE`,
}

/** $1 repository, $2 images: one manifest of each stands for it, and stays. Images without any are left out. */
export const lockImages: Statement = {
  name: 'properties-lock-images',
  text: `
    SELECT m.image, '' AS name, 0 AS revision
    FROM (SELECT DISTINCT image FROM unnest($2::text[]) AS image) k
    JOIN manifests m ON m.repo_id = $1::int AND m.image = k.image AND m.digest = (
      SELECT f.digest FROM manifests f WHERE f.repo_id = $1::int AND f.image = k.image ORDER BY f.digest LIMIT 1
    )
    ORDER BY m.image FOR NO KEY UPDATE OF m`,
}

/** $1 repository, $2 images, $3 digests. */
export const lockManifests: Statement = {
  name: 'properties-lock-manifests',
  text: `
    SELECT m.image, m.digest AS name, 0 AS revision
    FROM (SELECT DISTINCT image, digest FROM unnest($2::text[], $3::text[]) AS k (image, digest)) k
    JOIN manifests m ON m.repo_id = $1::int AND m.image = k.image AND m.digest = k.digest
    ORDER BY m.image, m.digest FOR NO KEY UPDATE OF m`,
}

/** $1 repository, $2 images, $3 tags. */
export const lockTags: Statement = {
  name: 'properties-lock-tags',
  text: `
    SELECT t.image, t.name, t.revision
    FROM (SELECT DISTINCT image, name FROM unnest($2::text[], $3::text[]) AS k (image, name)) k
    JOIN tags t ON t.repo_id = $1::int AND t.image = k.image AND t.name = k.name
    ORDER BY t.image, t.name FOR NO KEY UPDATE OF t`,
}

/** $1 repository, $2 images, $3 tags or digests, $4 revisions, $5 keys: their values go. */
export interface ChangeStatements {
  readonly lock: Statement
  readonly clear: Statement
  /** As clear, with $5 keys, $6 positions and $7 values of one item. */
  readonly insert: Statement
  /** As clear, with $5 how many keys an item may have, and $6 how many bytes of them. A row for one that has more. */
  readonly tooMany: Statement
}

const places = 'unnest($2::text[], $3::text[], $4::int[]) AS k (image, name, revision)'
const values = 'unnest($5::text[], $6::int[], $7::text[]) AS v (key, position, value)'

/** @param which of the table's rows for an image are the item's; all when left out */
function tooManyIn(name: string, table: string, which = 'true'): Statement {
  return {
    name,
    text: `
      SELECT k.image, k.name, c.count, c.bytes FROM ${places}
      CROSS JOIN LATERAL (
        SELECT count(DISTINCT key)::int AS count, sum(octet_length(key) + octet_length(value))::int AS bytes
        FROM ${table} p
        WHERE p.repo_id = $1::int AND p.image = k.image AND ${which}
      ) c
      WHERE c.count > $5::int OR c.bytes > $6::int LIMIT 1`,
  }
}

/** What is left of the tag's time before its last move goes too. */
export const changeTags: ChangeStatements = {
  lock: lockTags,
  clear: {
    name: 'properties-clear-tags',
    text: `
      DELETE FROM tag_properties p USING ${places}
      WHERE p.repo_id = $1::int AND p.image = k.image AND p.tag = k.name
        AND (p.revision <> k.revision OR p.key = ANY ($5::text[]))`,
  },
  insert: {
    name: 'properties-insert-tags',
    text: `
      INSERT INTO tag_properties (repo_id, image, tag, revision, key, position, value)
      SELECT $1::int, k.image, k.name, k.revision, v.key, v.position, v.value FROM ${places}, ${values}`,
  },
  tooMany: tooManyIn('properties-count-tags', 'tag_properties', 'p.tag = k.name'),
}

export const changeManifests: ChangeStatements = {
  lock: lockManifests,
  clear: {
    name: 'properties-clear-manifests',
    text: `
      DELETE FROM manifest_properties p USING ${places}
      WHERE p.repo_id = $1::int AND p.image = k.image AND p.digest = k.name AND p.kind = 'property'
        AND p.key = ANY ($5::text[])`,
  },
  insert: {
    name: 'properties-insert-manifests',
    text: `
      INSERT INTO manifest_properties (repo_id, image, digest, kind, key, position, value)
      SELECT $1::int, k.image, k.name, 'property', v.key, v.position, v.value FROM ${places}, ${values}`,
  },
  tooMany: tooManyIn(
    'properties-count-manifests',
    'manifest_properties',
    "p.digest = k.name AND p.kind = 'property'",
  ),
}

/** Another change may have begun at another manifest of the image: the later one wins. */
export const changeImages: ChangeStatements = {
  lock: lockImages,
  clear: {
    name: 'properties-clear-images',
    text: `
      DELETE FROM image_properties p USING ${places}
      WHERE p.repo_id = $1::int AND p.image = k.image AND p.key = ANY ($5::text[])`,
  },
  insert: {
    name: 'properties-insert-images',
    text: `
      INSERT INTO image_properties (repo_id, image, key, position, value)
      SELECT $1::int, k.image, v.key, v.position, v.value FROM ${places}, ${values}
      ON CONFLICT (repo_id, image, key, position) DO UPDATE SET value = excluded.value`,
  },
  tooMany: tooManyIn('properties-count-images', 'image_properties'),
}

export const changeRepository: ChangeStatements = { ...changeImages, lock: lockRepository }

/** $1 repository, $2 image. After its manifests went: who deletes another one of it waits here, and looks then. */
export const lockImageProperties: Statement = {
  name: 'properties-lock-of-image',
  text: 'SELECT key FROM image_properties WHERE repo_id = $1 AND image = $2 ORDER BY key, position FOR UPDATE',
}

/** $1 repository, $2 image. As a later statement than lockImageProperties. */
export const clearGoneImageProperties: Statement = {
  name: 'properties-clear-gone-image',
  text: `
    DELETE FROM image_properties WHERE repo_id = $1::int AND image = $2::text AND NOT EXISTS (
      SELECT 1 FROM manifests m WHERE m.repo_id = $1::int AND m.image = $2::text
    )`,
}

/** $1 repository, $2 image, $3 tag. */
export const clearTagProperties: Statement = {
  name: 'properties-clear-copied-tag',
  text: 'DELETE FROM tag_properties WHERE repo_id = $1::int AND image = $2::text AND tag = $3::text',
}

/** $1 to $3 from, $4 to $6 to: repository, image and tag. Those of the tag as it is now; at `to` none may be left. */
export const copyTagProperties: Statement = {
  name: 'properties-copy-tag',
  text: `
    INSERT INTO tag_properties (repo_id, image, tag, revision, key, position, value)
    SELECT target.repo_id, target.image, target.name, target.revision, p.key, p.position, p.value
    FROM tags source
    JOIN tag_properties p ON p.repo_id = source.repo_id AND p.image = source.image AND p.tag = source.name
      AND p.revision = source.revision
    JOIN tags target ON target.repo_id = $4::int AND target.image = $5::text AND target.name = $6::text
    WHERE source.repo_id = $1::int AND source.image = $2::text AND source.name = $3::text`,
}

/** $1 and $2 from, $3 and $4 to: repository and image, $5 manifests. What one has there already stays as it is. */
export const copyManifestProperties: Statement = {
  name: 'properties-copy-manifests',
  text: `
    INSERT INTO manifest_properties (repo_id, image, digest, kind, key, position, value)
    SELECT $3::int, $4::text, digest, kind, key, position, value FROM manifest_properties source
    WHERE repo_id = $1::int AND image = $2::text AND digest = ANY ($5::text[]) AND NOT EXISTS (
      SELECT 1 FROM manifest_properties target
      WHERE target.repo_id = $3::int AND target.image = $4::text AND target.digest = source.digest
        AND target.kind = source.kind
    )
    ORDER BY digest, kind, key, position
    ON CONFLICT DO NOTHING`,
}
