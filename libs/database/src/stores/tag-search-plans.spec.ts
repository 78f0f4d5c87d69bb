import type { Digest } from '@entrepot/kernel'
import type { TagQuery } from '@entrepot/oci-repository'
import type { RepositoryId } from '@entrepot/repositories'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRepository } from '../testing/content.js'
import { TestDatabase } from '../testing/test-database.js'
import { tagSearch } from './tag-search.sql.js'

const tagCount = 20_000

/** 200 images of a hundred tags; every tag with a property that all have, and one that no other has. */
describe('the plans of searches, with 20,000 tags', () => {
  let db: TestDatabase
  let repository: RepositoryId

  beforeAll(async () => {
    db = await TestDatabase.create()
    repository = await createRepository(db)
    const run = (text: string) => db.database.query({ text }, [])
    const from = `FROM generate_series(1, ${tagCount}) AS n`
    const image = `'team/image-' || n / 100`
    await run(`
      INSERT INTO manifests (repo_id, image, digest, media_type, size, annotations, payload)
      SELECT ${repository}, ${image}, 'sha256:m' || n, 'x', 0, '{}', '' ${from}`)
    await run('ANALYZE manifests')
    await run(`
      INSERT INTO tags (repo_id, image, name, digest) SELECT ${repository}, ${image}, 'v' || n, 'sha256:m' || n ${from}`)
    await run('ANALYZE tags')
    await run(`INSERT INTO blobs (digest, size, storage_key) SELECT 'sha256:l' || n, 1, n ${from}`)
    await run(
      `INSERT INTO repo_blobs (repo_id, image, digest) SELECT ${repository}, ${image}, 'sha256:l' || n ${from}`,
    )
    await run(`
      INSERT INTO manifest_blobs (repo_id, image, manifest_digest, blob_digest)
      SELECT ${repository}, ${image}, 'sha256:m' || n, 'sha256:l' || n ${from}`)
    await run(`
      INSERT INTO manifest_children (repo_id, image, parent, child)
      SELECT ${repository}, ${image}, 'sha256:m' || n, 'sha256:c' || n ${from}`)
    await run(`
      INSERT INTO tag_properties (repo_id, image, tag, revision, key, position, value)
      SELECT ${repository}, ${image}, 'v' || n, 1, key, 0, CASE key WHEN 'own' THEN n::text ELSE 'same' END
      ${from}, unnest(ARRAY['own', 'common']) AS key`)
    await run(`
      INSERT INTO manifest_properties (repo_id, image, digest, kind, key, position, value)
      SELECT ${repository}, ${image}, 'sha256:m' || n, kind, 'own', 0, n::text
      ${from}, unnest(ARRAY['label', 'annotation']) AS kind`)
    await run('ANALYZE')
  })
  afterAll(() => db.close())

  const own = [{ key: 'own', values: [{ is: '77' }] }]
  const common = { key: 'common', values: [{ is: 'same' }] }
  const queries: readonly (readonly [string, Omit<TagQuery, 'repositories'>, number])[] = [
    ['an image', { image: { is: 'team/image-7' } }, 100],
    ['a rare property', { properties: own }, 1],
    ['a property that all have', { properties: [common] }, 101],
    ['the beginning of a value', { properties: [{ key: 'own', values: [{ like: '1999*' }] }] }, 11],
    ['a rare property among those that all have', { properties: [common, ...own] }, 1],
    ['a label', { labels: own }, 1],
    ['an annotation and a label', { annotations: own, labels: own }, 1],
    ['the digest of a manifest', { digest: 'sha256:m77' as Digest }, 1],
    ['the digest of a layer', { digest: 'sha256:l77' as Digest }, 1],
  ]

  it.each(queries)('%s is found by indexes', async (_, query, count) => {
    const { statement, values } = tagSearch(
      { ...query, repositories: [repository] },
      { limit: 100, after: undefined },
    )
    expect(await db.database.query(statement, values)).toHaveLength(count)
    const rows = await db.database.query<{ 'QUERY PLAN': string }>(
      { text: `EXPLAIN ${statement.text}` },
      values,
    )
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
    expect(plan).toMatch(/Index (Only )?Scan/)
    // Nothing has been cached.
    expect(plan).not.toMatch(/Seq Scan on (?!cached_manifest_blobs)/)
  })
})
