import {
  type AqlComparison,
  type AqlCriterion,
  type AqlSubject,
  type ItemField,
  type ItemQuery,
  parseAql,
} from '@entrepot/aql'
import { printAql } from '@entrepot/aql/testing'
import { parseBuildInfo } from '@entrepot/builds'
import { type Digest, Places } from '@entrepot/kernel'
import { parseImageName, parseTag } from '@entrepot/oci-model'
import type { ItemScope } from '@entrepot/oci-repository'
import {
  ann,
  fillSearchable,
  itemPath,
  itemSearchContract,
  type SearchableContent,
  searchableInMemory,
  searchedDigests,
  scopeOf,
} from '@entrepot/oci-repository/testing'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Database, Queryable } from '../../database.js'
import { createRepository } from '../../testing/content.js'
import { TestDatabase } from '../../testing/test-database.js'
import { PostgresBuildStore } from '../build.store.js'
import { PostgresBlobIndex } from '../blob-index.store.js'
import { PostgresManifestStore } from '../manifest.store.js'
import { PostgresPropertyStore } from '../property.store.js'
import { PostgresTagSearch } from '../tag-search.store.js'
import { PostgresContentChecksums } from './content-checksums.store.js'
import { PostgresItemSearch } from './item-search.store.js'

let db: TestDatabase
beforeAll(async () => {
  db = await TestDatabase.create()
})
afterAll(() => db.close())

const open = async (): Promise<SearchableContent> => ({
  search: new PostgresItemSearch(db.database),
  manifests: new PostgresManifestStore(db.database),
  blobs: new PostgresBlobIndex(db.database),
  properties: new PostgresPropertyStore(db.database),
  local: await createRepository(db),
  remote: await createRepository(db),
  listInBuild: async (artifact: Digest, dependency: Digest, sha1: string) => {
    const modules = [
      { id: 'm', artifacts: [{ name: 'a', sha256: artifact.slice(7) }], dependencies: [{ id: 'd', sha1 }] },
    ]
    const started = '2026-01-01T00:00:00Z'
    await new PostgresBuildStore(db.database).publish(
      parseBuildInfo({ name: 'team/app', number: '7', started, modules }),
      { id: ann, name: 'ann' },
    )
    await new PostgresContentChecksums(db.database).add(new Map([[dependency, sha1]]))
  },
})
itemSearchContract('PostgresItemSearch', open)

describe('PostgresItemSearch', () => {
  it('finds in the same order what looking at everything finds, whatever the criteria', async () => {
    const content = await open()
    const model = searchableInMemory(content.local, content.remote)
    await fillSearchable(content)
    await fillSearchable(model)
    const tag = (name: string) => [
      { repository: content.local, image: parseImageName('team/app'), tag: parseTag(name) },
    ]
    const closed = { whole: [], images: [], tags: [] }
    const partly = [{ repository: content.local, image: parseImageName('team/app') }]
    const scopes: readonly Partial<ItemScope>[] = [
      {},
      { ...closed, tags: tag('multi'), closed: partly },
      { ...closed, whole: [content.remote], tags: tag('v1') },
      {
        ...closed,
        images: [{ repository: content.local, image: parseImageName('base') }],
        tags: tag('latest'),
      },
    ]
    let found = 0
    await fc.assert(
      fc.asyncProperty(query, fc.constantFrom(...scopes), async (given, changes) => {
        const expected = await model.search.search(given, scopeOf(model, changes))
        const actual = await content.search.search(given, scopeOf(content, changes))
        expect(actual.items.map(itemPath), printAql(given)).toEqual(expected.items.map(itemPath))
        if (actual.items.length > 0) found += 1
      }),
      { numRuns: 400 },
    )
    expect(found).toBeGreaterThan(50)
  }, 120_000)

  it('stops where there is too much to answer, and says so unless it was told to stop there', async () => {
    const content = await open()
    await fillSearchable(content)
    const search = new PostgresItemSearch(db.database, { seconds: 10, items: 3 })
    const find = (text: string) => search.search(parseAql(text, new Date()) as ItemQuery, scopeOf(content))
    const all = await find('items.find()')
    expect([all.items.length, all.isCut]).toEqual([3, true])
    expect((await find('items.find().limit(100)')).isCut).toBe(true)
    expect((await find('items.find().limit(3)')).isCut).toBe(false)
    expect(await find('items.find({"path": "base/v1"})')).toMatchObject({ isCut: false })
  })

  it('takes few of the connections, and refuses who would wait too long', async () => {
    const content = await open()
    const freed = Promise.withResolvers<readonly unknown[]>()
    const busy = {
      transaction: () => freed.promise,
      query: () => freed.promise,
    } as unknown as Database
    const places = new Places({ concurrency: 1, waiting: 1 }, 'searches')
    const byItems = new PostgresItemSearch(busy, undefined, places)
    const byTags = new PostgresTagSearch(busy, places)
    const items = () => byItems.search(parseAql('items.find()', new Date()) as ItemQuery, scopeOf(content))
    const tags = () => byTags.find({ repositories: [content.local] }, { limit: 1, after: undefined })
    const [running, waiting] = [items(), tags()]
    const refused = { code: 'TOO_MANY_REQUESTS', message: 'too many searches at once: try again in a moment' }
    await expect(items()).rejects.toMatchObject(refused)
    await expect(tags()).rejects.toMatchObject(refused)
    freed.resolve([])
    expect([await running, await waiting]).toEqual([{ items: [], isCut: false }, []])
    expect(await tags()).toEqual([])
  })

  it('leaves connections to everything else', async () => {
    const content = await open()
    let [running, most] = [0, 0]
    const counted = {
      transaction: async () => {
        running += 1
        most = Math.max(most, running)
        await new Promise((resolve) => setImmediate(resolve))
        running -= 1
        return []
      },
    } as unknown as Database
    const search = new PostgresItemSearch(counted)
    const query = parseAql('items.find()', new Date()) as ItemQuery
    await Promise.all(Array.from({ length: 10 }, () => search.search(query, scopeOf(content))))
    expect(most).toBe(2)
  })

  it('is stopped when it takes too long, and says what to do', async () => {
    const content = await open()
    await db.database.query(
      {
        text: 'CREATE FUNCTION slow(text) RETURNS boolean LANGUAGE sql AS $$ SELECT true FROM pg_sleep(2) $$',
      },
      [],
    )
    const slow: Database = {
      transaction: (work: (transaction: Queryable) => Promise<unknown>) =>
        db.database.transaction((transaction) =>
          work({
            query: (statement, values) =>
              transaction.query(values.length === 0 ? statement : { text: `SELECT slow('x')` }, []),
          }),
        ),
    } as unknown as Database
    const search = new PostgresItemSearch(slow, { seconds: 0.2, items: 10 }).search(
      parseAql('items.find()', new Date()) as ItemQuery,
      scopeOf(content),
    )
    await expect(search).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
      message: expect.stringContaining('name a repository and a path') as string,
    })
    // The connection is as it was.
    expect(await db.database.query({ text: 'SELECT 1 AS one FROM pg_sleep(0.4)' }, [])).toEqual([{ one: 1 }])
  })
})

const { layer, config, first, child } = searchedDigests
const texts = [
  'docker-local',
  'hub',
  'hub-cache',
  'docker',
  'team/app/v1',
  'team/app',
  'team/app/*',
  'base/v1',
  '.',
  `team/app/${child}`,
  'team/*/sha256__*',
  'manifest.json',
  '*.json',
  'list.*',
  `sha256__${layer.slice(7)}`,
  `sha256__${config.slice(7, 20)}*`,
  first.slice(7),
  'v?',
  'dev',
  'prod',
  '7',
  'c'.repeat(40),
  '*',
  '',
  "' OR true --",
  'a%b_\\c',
]
const text = fc.constantFrom(...texts)
type Criterion = AqlCriterion<ItemField>
const compared = (subject: fc.Arbitrary<AqlSubject<ItemField>>): fc.Arbitrary<AqlComparison<ItemField>> =>
  fc.record({
    kind: fc.constant('comparison' as const),
    subject,
    comparison: fc.constantFrom('$eq', '$eq', '$ne', '$match', '$nmatch', '$gt', '$lte'),
    value: text,
  })
const field = (...names: readonly ItemField[]) =>
  fc.constantFrom(...names).map((name) => ({ kind: 'field' as const, field: name }))
const property = fc.oneof(
  fc
    .constantFrom(
      'stage',
      'owner',
      'build.name',
      'build.*',
      '*',
      'docker.manifest',
      'docker.label.*',
      'oci.annotation.org.source',
      'sha256',
      'none',
    )
    .map((key) => ({ kind: 'property' as const, key })),
  fc.constantFrom('key' as const, 'value' as const).map((part) => ({ kind: 'property-part' as const, part })),
)
const build = fc.record({
  kind: fc.constant('build' as const),
  role: fc.constantFrom('artifact' as const, 'dependency' as const),
  field: fc.constantFrom('name' as const, 'number' as const),
})
const withNull = (arbitrary: fc.Arbitrary<AqlComparison<ItemField>>) =>
  arbitrary.chain((each) =>
    each.comparison === '$eq' || each.comparison === '$ne'
      ? fc.constantFrom(each, { ...each, value: null })
      : fc.constant(each),
  )
const leaf: fc.Arbitrary<Criterion> = fc.oneof(
  { weight: 6, arbitrary: compared(field('repo', 'path', 'path', 'name', 'name', 'sha256', 'actual_sha1')) },
  { weight: 1, arbitrary: withNull(compared(field('actual_sha1', 'actual_md5'))) },
  { weight: 3, arbitrary: withNull(compared(property)) },
  { weight: 2, arbitrary: compared(build) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('comparison' as const),
      subject: field('size', 'depth'),
      comparison: fc.constantFrom('$eq', '$ne', '$gt', '$lte'),
      value: fc.integer({ min: 0, max: 7 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('comparison' as const),
      subject: field('type'),
      comparison: fc.constantFrom('$eq', '$ne'),
      value: fc.constantFrom('file', 'folder', 'any'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('same-property' as const),
      of: fc.array(withNull(compared(property)), { maxLength: 2 }),
    }),
  },
)
const { criterion } = fc.letrec<{ criterion: Criterion }>((tie) => ({
  criterion: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    leaf,
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      of: fc.array(tie('criterion'), { maxLength: 3 }),
    }),
  ),
}))
const sortable = [
  'repo',
  'path',
  'name',
  'type',
  'size',
  'depth',
  'sha256',
  'actual_sha1',
  'actual_md5',
] as const
const query: fc.Arbitrary<ItemQuery> = fc.record({
  domain: fc.constant('items' as const),
  where: fc.record({ kind: fc.constant('and' as const), of: fc.array(criterion, { maxLength: 2 }) }),
  include: fc.constant({ fields: [], properties: ['*'] }),
  sort: fc.option(
    fc.record({
      direction: fc.constantFrom('asc' as const, 'desc' as const),
      fields: fc.shuffledSubarray([...sortable], { minLength: 1, maxLength: 2 }),
    }),
    { nil: undefined },
  ),
  offset: fc.constantFrom(0, 0, 1),
  limit: fc.constantFrom(undefined, undefined, 2),
})
