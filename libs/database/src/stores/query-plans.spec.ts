import { performance } from 'node:perf_hooks'
import { digestOf } from '@entrepot/kernel'
import type { ImageName } from '@entrepot/oci-model'
import type { RepositoryId } from '@entrepot/repositories'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRepository } from '../testing/content.js'
import { planOf } from '../testing/plan-of.js'
import { TestDatabase } from '../testing/test-database.js'
import { PostgresManifestStore } from './manifest.store.js'
import * as sql from './manifest.sql.js'
import { overwritten } from './overwritten.sql.js'

const tagCount = 100_000
const image = 'library/large' as ImageName
const subject = digestOf(Buffer.from('subject'))

/** A page that is read by sorting or scanning is fast in a test and slow with 500,000 tags. */
describe('the plans of lists, with 100,000 tags and manifests', () => {
  let db: TestDatabase
  let store: PostgresManifestStore
  let repository: RepositoryId

  beforeAll(async () => {
    db = await TestDatabase.create()
    store = new PostgresManifestStore(db.database)
    repository = await createRepository(db)
    const fill = (text: string) => db.database.query({ text }, [repository, tagCount])
    await fill(`
      INSERT INTO manifests (repo_id, image, digest, media_type, subject_digest, size, annotations, payload)
      SELECT $1::int, CASE WHEN n % 100 = 0 THEN 'library/image-' || n % 7000 ELSE '${image}' END,
        'sha256:' || encode(sha256(n::text::bytea), 'hex'), 'application/x', CASE WHEN n % 10 = 1 THEN '${subject}' END,
        0, '{}', ''
      FROM generate_series(1, $2::int) AS n`)
    await fill(`
      INSERT INTO tags (repo_id, image, name, digest)
      SELECT repo_id, image, 'tag-' || row_number() OVER () , digest FROM manifests
      WHERE repo_id = $1 LIMIT $2::int`)
    await fill(`
      INSERT INTO tag_events (repo_id, image, name, old_digest, new_digest, actor)
      SELECT repo_id, image, name, CASE WHEN n = 1 THEN 'sha256:old' || name END, digest, 'ann'
      FROM tags, generate_series(0, 1) AS n WHERE repo_id = $1 LIMIT 2 * $2::int`)
    await fill(`
      INSERT INTO manifest_children (repo_id, image, parent, child)
      SELECT repo_id, image, digest, 'sha256:child' || digest FROM manifests WHERE repo_id = $1 LIMIT $2::int`)
    await db.database.query({ text: 'ANALYZE' }, [])
  })
  afterAll(() => db.close())

  it.each([
    ['tags', sql.tags, () => [repository, image, 'tag-5', 100]],
    ['images', sql.images, () => [repository, 'library/image-3', 100]],
    ['referrers', sql.referrers, () => [repository, image, subject, [], '', 100]],
  ] as const)('%s are read from an index, in order', async (_, statement, values) => {
    const plan = await planOf(db.database, statement, values())
    expect(plan).toMatch(/Index (Only )?Scan/)
    expect(plan).not.toMatch(/Seq Scan|Sort|Bitmap/)
  })

  it.each([
    [
      'the tags that are too many',
      sql.deleteOldTags,
      () => [repository, 'library/image-700', 5, 'limit', []],
    ],
    ['the manifests that tags were moved off', overwritten, () => [repository, image, ['tag-5', 'tag-6'], 2]],
  ] as const)('%s are found by indexes', async (_, statement, values) => {
    const plan = await planOf(db.database, statement, values())
    expect(plan).toMatch(/Index (Only )?Scan/)
    expect(plan).not.toMatch(/Seq Scan on (tags|tag_events|manifests|manifest_children)/)
  })

  it('the oldest of 99,000 tags goes in less than five seconds', async () => {
    const before = await store.firstTags(repository, [image], tagCount)
    const count = before.get(image)?.length ?? 0
    const start = performance.now()
    expect(await store.deleteOldTags(repository, image, count - 1, 'limit')).toHaveLength(1)
    expect(performance.now() - start).toBeLessThan(5000)
  })

  it.each([
    ['tags', () => store.tags(repository, image, { limit: 1000, after: 'tag-5' })],
    ['images', () => store.images(repository, { limit: 1000, after: undefined })],
    ['referrers', () => store.referrers(repository, image, subject, [], { limit: 1000, after: undefined })],
  ])('a page of %s takes less than 100 ms', async (_, read) => {
    const times: number[] = []
    for (let n = 0; n < 5; n += 1) {
      const start = performance.now()
      expect((await read()).length).toBeGreaterThan(60)
      times.push(performance.now() - start)
    }
    expect(Math.min(...times)).toBeLessThan(100)
  })
})
