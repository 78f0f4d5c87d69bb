import { performance } from 'node:perf_hooks'
import { type Digest, digestOf } from '@entrepot/kernel'
import type { ImageName } from '@entrepot/oci-model'
import type { RepositoryId } from '@entrepot/repositories'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRepository } from '../testing/content.js'
import { planOf } from '../testing/plan-of.js'
import { TestDatabase } from '../testing/test-database.js'
import * as blobs from './blob-index.sql.js'
import { timesOfManifests, timesOfTags } from './item-times.store.js'
import { firstTags, listingForeign, tagMovedAt } from './manifest.sql.js'
import { PostgresManifestStore } from './manifest.store.js'
import { everPointedTo, tagEvents } from './tag-event.store.js'
import { tagsReaching } from './tags-reaching.sql.js'

const manifestCount = 50_000
const image = 'library/large' as ImageName
const base = digestOf(Buffer.from('base layer'))

/** An image with many tags on one base layer, and images beside it that share the layer. */
describe('the plans of looks at blobs, with 50,000 manifests on one layer', () => {
  let db: TestDatabase
  let store: PostgresManifestStore
  let repository: RepositoryId

  beforeAll(async () => {
    db = await TestDatabase.create()
    store = new PostgresManifestStore(db.database)
    repository = await createRepository(db)
    const run = (text: string) => db.database.query({ text }, [])
    await run(`INSERT INTO blobs (digest, size, storage_key) VALUES ('${base}', 1, 'base')`)
    await run(`
      INSERT INTO blobs (digest, size, storage_key)
      SELECT 'sha256:' || n, 1, 'key ' || n FROM generate_series(1, ${manifestCount}) AS n`)
    await run(`
      INSERT INTO repo_blobs (repo_id, image, digest)
      SELECT ${repository}, '${image}', digest FROM blobs
      UNION ALL SELECT ${repository}, 'library/beside-' || n, '${base}' FROM generate_series(1, 20000) AS n`)
    await run(`
      INSERT INTO manifests (repo_id, image, digest, media_type, subject_digest, size, annotations, payload)
      SELECT ${repository}, '${image}', 'sha256:m' || n, 'x', CASE WHEN n > 40000 THEN 'sha256:s' || n END, 0, '{}', '' FROM generate_series(1, ${manifestCount}) AS n`)
    await run(`
      INSERT INTO manifest_blobs (repo_id, image, manifest_digest, blob_digest)
      SELECT ${repository}, '${image}', 'sha256:m' || n, blob
      FROM generate_series(1, ${manifestCount}) AS n, unnest(ARRAY['${base}', 'sha256:' || n]) AS blob`)
    await run(`
      INSERT INTO tags (repo_id, image, name, digest)
      SELECT ${repository}, '${image}', 'v' || n, 'sha256:m' || n FROM generate_series(1, ${manifestCount}) AS n`)
    await run(`
      INSERT INTO tag_events (repo_id, image, name, new_digest, actor)
      SELECT repo_id, image, name, digest, 'ann' FROM tags`)
    await run(`
      INSERT INTO manifest_children (repo_id, image, parent, child)
      SELECT repo_id, image, digest, 'sha256:c' || digest FROM manifests`)
    await run(`
      INSERT INTO cached_manifest_blobs (repo_id, image, manifest_digest, blob_digest)
      SELECT repo_id, image, digest, 'sha256:l' || digest FROM manifests`)
    await run('ANALYZE')
  })
  afterAll(() => db.close())

  it.each([
    ['a batch of blobs', blobs.linkedBlobBatch, () => [[], [], []]],
    ['the blobs of a manifest', blobs.linkedBlobs, () => [repository, image, []]],
    ['a link', blobs.link, () => [repository, image, base, 1, 'key']],
    ['an adoption', blobs.adopt, () => [repository, image, base]],
    ['an adoption of what is listed', blobs.adoptListed, () => [repository, image, base]],
    ['an unlink', blobs.unlink, () => [repository, image, base]],
    ['the times of tags', timesOfTags, () => [repository, [], []]],
    ['the times of manifests', timesOfManifests, () => [repository, [], []]],
    ['the manifests that list a foreign layer', listingForeign, () => [repository, image, base]],
    ['the time of a tag', tagMovedAt, () => [repository, image, 'v1']],
    ['the events of a tag', tagEvents, () => [repository, image, 'v1', null, 10]],
    ['whether a tag ever was there', everPointedTo, () => [repository, image, 'v1', base]],
    ['the first tags of images', firstTags, () => [repository, [image], 100]],
    ['the tags that reach a blob', tagsReaching, () => [repository, image, base, 1000]],
  ] as const)('%s are read from indexes', async (_, statement, values) => {
    const plan = await planOf(db.database, statement, values())
    expect(plan).toMatch(/Index (Only )?Scan/)
    expect(plan).not.toMatch(/Seq Scan|Hash Join|Merge Join|manifests_referrers/)
  })

  const fastest = async (work: () => Promise<void>) => {
    const times: number[] = []
    for (let n = 0; n < 5; n += 1) {
      const start = performance.now()
      await work()
      times.push(performance.now() - start)
    }
    return Math.min(...times)
  }

  it('the tag of one manifest’s own layer is found in less than 10 ms', async () => {
    const look = async () =>
      expect(await store.tagsReaching(repository, image, 'sha256:77' as Digest)).toEqual(['v77'])
    expect(await fastest(look)).toBeLessThan(10)
  })

  it('all 50,000 tags on a base layer are found in less than five seconds', async () => {
    const look = async () =>
      expect(await store.tagsReaching(repository, image, base)).toHaveLength(manifestCount)
    expect(await fastest(look)).toBeLessThan(5000)
  })
})
