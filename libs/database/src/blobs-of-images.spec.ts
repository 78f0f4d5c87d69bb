import { migrations } from '@entrepot-migrations'
import { digestOf } from '@entrepot/kernel'
import { DataSource } from 'typeorm'
import { describe, expect, it } from 'vitest'
import { createDataSourceOptions } from './data-source-options.js'
import { TestDatabase } from './testing/test-database.js'

const layer = digestOf(Buffer.from('layer'))
const config = digestOf(Buffer.from('config'))
const unlisted = digestOf(Buffer.from('of a push that is going on'))
const cacheManifest = digestOf(Buffer.from('a cached image'))
const child = digestOf(Buffer.from('a blob that an index lists'))

const filling = `
  INSERT INTO repositories (key, kind, package_type, config) VALUES ('local', 'local', 'docker', '{}'),
    ('remote', 'remote', 'docker', '{}');
  INSERT INTO blobs (digest, size, storage_key) VALUES ('${layer}', 1, 'a'), ('${config}', 1, 'b'),
    ('${unlisted}', 1, 'c'), ('${child}', 1, 'd');
  INSERT INTO repo_blobs (repo_id, digest) VALUES (1, '${layer}'), (1, '${config}'), (1, '${unlisted}'), (1, '${child}'),
    (2, '${layer}'), (2, '${unlisted}');
  INSERT INTO manifests (repo_id, image, digest, media_type, size, annotations, payload)
    SELECT 1, image, 'sha256:' || image, 'x', 0, '{}', '' FROM unnest(ARRAY['a', 'team/b']) AS image;
  INSERT INTO manifest_blobs (repo_id, image, manifest_digest, blob_digest)
    VALUES (1, 'a', 'sha256:a', '${layer}'), (1, 'a', 'sha256:a', '${config}'), (1, 'team/b', 'sha256:team/b', '${layer}');
  INSERT INTO manifest_children (repo_id, image, parent, child) VALUES (1, 'a', 'sha256:a', '${child}');
  INSERT INTO manifests (repo_id, image, digest, media_type, size, annotations, payload)
    SELECT 2, 'image-' || n, '${cacheManifest}', 'x', 0, '{}', convert_to(
      '{"config":{"digest":"${config}"},"layers":[{"digest":"${layer}"},{"digest":"${layer}"}]}', 'UTF8')
    FROM generate_series(1, 120) AS n;
  INSERT INTO manifests (repo_id, image, digest, media_type, size, annotations, payload)
    VALUES (2, 'index', 'sha256:index', 'x', 0, '{}', '{"manifests":[]}'), (2, 'null', 'sha256:null', 'x', 0, '{}', '{"layers":null}');
  INSERT INTO gc_review (kind, key, review_after) VALUES ('link', '1/${layer}', '2026-01-01'), ('link', '1/${unlisted}', '2026-01-01'),
    ('blob', '${unlisted}', '2026-01-01');`

async function onOldDatabase(work: (source: DataSource) => Promise<void>): Promise<void> {
  const connection = await TestDatabase.createEmpty()
  const before = createDataSourceOptions({ connection, migrations: migrations.slice(0, 2) })
  const old = await new DataSource(before).initialize()
  await old.runMigrations()
  await old.query(filling)
  await old.destroy()
  const upToIt = createDataSourceOptions({ connection, migrations: migrations.slice(0, 3) })
  const source = await new DataSource(upToIt).initialize()
  try {
    await work(source)
  } finally {
    await source.destroy()
  }
}

const links = 'SELECT repo_id, image, digest FROM repo_blobs WHERE repo_id = 1 ORDER BY image, digest'

describe('the migration to blobs of images', () => {
  it('gives each image of a full database the blobs that its manifests list', async () => {
    await onOldDatabase(async (source) => {
      await source.runMigrations()
      expect(await source.query(links)).toEqual([
        ...[child, config, layer].sort().map((digest) => ({ repo_id: 1, image: 'a', digest })),
        { repo_id: 1, image: 'team/b', digest: layer },
      ])
      const ofCache = 'SELECT count(*)::int, min(digest), max(digest) FROM repo_blobs WHERE repo_id = 2'
      expect(await source.query(ofCache)).toEqual([{ count: 120, min: layer, max: layer }])
      const listed = 'SELECT count(*)::int FROM cached_manifest_blobs'
      expect(await source.query(listed)).toEqual([{ count: 240 }])
      expect(await source.query('SELECT kind, key FROM gc_review ORDER BY kind, key COLLATE "C"')).toEqual([
        ...[layer, config, unlisted, child].sort().map((key) => ({ kind: 'blob', key })),
        { kind: 'link', key: `1/a@${layer}` },
        { kind: 'link', key: `1/team/b@${layer}` },
      ])
      const early = `SELECT key FROM gc_review WHERE kind = 'blob' AND review_after < now()`
      expect(await source.query(early)).toEqual([])
    })
  })

  it('is undone, and done again', async () => {
    await onOldDatabase(async (source) => {
      await source.runMigrations()
      await source.undoLastMigration()
      expect(await source.query('SELECT repo_id, digest FROM repo_blobs ORDER BY repo_id, digest')).toEqual([
        ...[child, config, layer].sort().map((digest) => ({ repo_id: 1, digest })),
        { repo_id: 2, digest: layer },
      ])
      expect(await source.query(`SELECT key FROM gc_review WHERE kind = 'link'`)).toEqual([
        { key: `1/${layer}` },
      ])
      await source.runMigrations()
      expect(await source.query(links)).toHaveLength(4)
    })
  })
})
