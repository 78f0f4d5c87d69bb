import { RegistryError } from '@entrepot/kernel'
import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { buildFields, type ItemField, itemFields } from './aql-fields.js'
import type { AqlComparison, AqlCriterion, AqlQuery, AqlSubject } from './aql-query.js'
import { maximumOffset, parseAql } from './parse-aql.js'
import { printAql } from './testing/print-aql.js'

const now = new Date('2026-01-31T12:00:00Z')
const parse = (text: string) => parseAql(text, now)
const whereOf = (criteria: string) => parse(`items.find(${criteria})`).where

function messageOf(text: string): string {
  try {
    parse(text)
  } catch (error) {
    if (error instanceof RegistryError && error.code === 'REQUEST_INVALID') return error.message
    throw error
  }
  throw new Error(`${text} was taken`)
}

const equal = (field: ItemField, value: string): AqlComparison<ItemField> => ({
  kind: 'comparison',
  subject: { kind: 'field', field },
  comparison: '$eq',
  value,
})

describe('a query in AQL', () => {
  it('shows the usual fields of everything when it says no more', () => {
    for (const text of ['items.find()', ' items.find ( { } ) ']) {
      const query = parse(text)
      expect(query).toMatchObject({ domain: 'items', where: { kind: 'and', of: [] }, offset: 0 })
      expect(query.include.fields).toEqual(expect.arrayContaining(['repo', 'path', 'name', 'type', 'size']))
      expect(query.include.fields).not.toContain('sha256')
      expect(query.limit).toBeUndefined()
    }
  })

  it('takes short and long comparisons, groups, comments, and modifiers in any order', () => {
    const query = parse(`// all of it
      items.find({"repo": "docker-local", /* then */ "$or": [{"name": {"$match": "*.json"}}, {"size": {"$gt": 5}}]})
        .limit(10).sort({"$desc": ["created", "name"]}).offset(3).include("name", "sha256", "property.*")`)
    expect(query).toEqual({
      domain: 'items',
      where: {
        kind: 'and',
        of: [
          equal('repo', 'docker-local'),
          {
            kind: 'or',
            of: [
              { ...equal('name', '*.json'), comparison: '$match' },
              { kind: 'comparison', subject: { kind: 'field', field: 'size' }, comparison: '$gt', value: 5 },
            ],
          },
        ],
      },
      include: { fields: ['name', 'sha256'], properties: ['*'] },
      sort: { direction: 'desc', fields: ['created', 'name'] },
      offset: 3,
      limit: 10,
    })
  })

  it('keeps every pair of a name that an object has twice', () => {
    expect(whereOf('{"$or": [{"name": "a"}], "$or": [{"name": "b"}], "path": "c", "path": "d"}').of).toEqual([
      { kind: 'or', of: [equal('name', 'a')] },
      { kind: 'or', of: [equal('name', 'b')] },
      equal('path', 'c'),
      equal('path', 'd'),
    ])
  })

  it('takes the pairs of an object for what it stands under: alternatives in an $or', () => {
    const pairs = [equal('path', 'a'), equal('name', 'b')]
    expect(whereOf('{"$or": [{"path": "a", "name": "b"}]}').of).toEqual([{ kind: 'or', of: pairs }])
    expect(whereOf('{"$or": [{"$and": [{"path": "a", "name": "b"}]}]}').of).toEqual([
      { kind: 'or', of: [{ kind: 'and', of: pairs }] },
    ])
  })

  it('joins several comparisons of one field', () => {
    expect(whereOf('{"size": {"$gte": "1", "$lt": 2}}').of).toMatchObject([
      {
        kind: 'and',
        of: [
          { comparison: '$gte', value: 1 },
          { comparison: '$lt', value: 2 },
        ],
      },
    ])
  })

  it('knows properties, those of one property together, and builds', () => {
    expect(
      whereOf(`{"@build.name": "a", "$msp": [{"@k": {"$ne": "1"}}, {"property.value": {"$match": "*"}}],
        "artifact.module.build.name": "b", "dependency.module.build.number": "7"}`).of,
    ).toMatchObject([
      { subject: { kind: 'property', key: 'build.name' }, value: 'a' },
      {
        kind: 'same-property',
        of: [{ comparison: '$ne' }, { subject: { kind: 'property-part', part: 'value' } }],
      },
      { subject: { kind: 'build', role: 'artifact', field: 'name' }, value: 'b' },
      { subject: { kind: 'build', role: 'dependency', field: 'number' }, value: '7' },
    ])
  })

  test.each([
    ['{"created": {"$last": "1d"}}', '$gte', '2026-01-30T12:00:00.000Z'],
    ['{"created": {"$before": "2w"}}', '$lt', '2026-01-17T12:00:00.000Z'],
    ['{"modified": {"$before": "5 minutes"}}', '$lt', '2026-01-31T11:55:00.000Z'],
    ['{"updated": {"$last": "999999999y"}}', '$gte', '1970-01-01T00:00:00.000Z'],
    ['{"created": {"$gt": "2026-01-02"}}', '$gt', '2026-01-02T00:00:00.000Z'],
    ['{"created": {"$gt": "2026-01-02T03:04:05"}}', '$gt', '2026-01-02T03:04:05.000Z'],
    ['{"created": {"$lte": "2026-01-02T03:04:05.678+0200"}}', '$lte', '2026-01-02T01:04:05.678Z'],
    ['{"created": 0}', '$eq', '1970-01-01T00:00:00.000Z'],
  ])('%s is %s %s', (criteria, comparison, moment) => {
    expect(whereOf(criteria).of).toMatchObject([{ comparison, value: new Date(moment) }])
  })

  it('reads builds with their own fields', () => {
    const query = parse(
      'builds.find({"name": {"$match": "team/*"}, "started": {"$last": "1w"}}).include("number")',
    )
    expect(query).toMatchObject({ domain: 'builds', include: { fields: ['number'] } })
    expect(messageOf('builds.find({"@key": "value"})')).toContain(
      `one of ${Object.keys(buildFields).join(', ')}`,
    )
    expect(messageOf('builds.find({"$msp": []})')).toContain('expected a field')
  })

  it('shows everything for *, and its own fields beside what other domains have', () => {
    expect(parse('items.find().include("*")').include.fields).toEqual(Object.keys(itemFields))
    expect(parse('items.find().include("stat.downloads", "@a", "@a")').include).toMatchObject({
      properties: ['a'],
    })
  })

  test.each([
    ['', 'line 1 column 1: the query ends, expected items.find( or builds.find('],
    ['archive.entries.find({})', 'line 1 column 1: found "archive.entries.find({})", expected items.find('],
    ['items.find({"repo": })', 'line 1 column 21: found "})", expected a value of JSON'],
    ['items.find({"repo" "a"})', 'found "\\"a\\"})", expected ":"'],
    ['items.find({"repo": "a"}', 'the query ends, expected ")"'],
    ['items.find({"repo": "a" "b"})', 'expected "," or "}"'],
    [
      'items.find(\n{"rpo": "a"})',
      'line 2 column 2: found "\\"rpo\\": \\"a\\"})", expected $and, $or or one of repo',
    ],
    ['items.find({"name": {"$regex": "a"}})', 'expected one of $eq, $ne, $match'],
    ['items.find({"name": {"$eq": ["a"]}})', 'expected text or a number after $eq'],
    ['items.find({"name": {}})', 'expected a value, or an object such as'],
    ['items.find({"name": ["a"]})', 'expected a value, or an object such as'],
    ['items.find({"name": {"$match": null}})', 'expected text or a number'],
    ['items.find({"$and": {"name": "a"}})', 'expected a list of objects after $and'],
    ['items.find({"$and": ["name"]})', 'expected an object of criteria'],
    ['items.find(["name"])', 'expected an object of criteria'],
    ['items.find({"$msp": [{"name": "a"}]})', 'expected only properties inside of $msp'],
    ['items.find({"$msp": [{"$or": []}]})', 'expected only properties inside of $msp'],
    ['items.find({"size": "much"})', 'expected a whole number'],
    ['items.find({"size": 1.5})', 'expected a whole number'],
    ['items.find({"size": {"$match": "1*"}})', 'expected a comparison that is not of text'],
    ['items.find({"type": "directory"})', 'expected "file", "folder" or "any"'],
    ['items.find({"type": {"$gt": "file"}})', 'expected $eq or $ne'],
    ['items.find({"created": "yesterday"})', 'expected a time such as'],
    ['items.find({"created": "2026-13-01"})', 'expected a time such as'],
    ['items.find({"created": true})', 'expected a time such as'],
    ['items.find({"created": {"$last": "soon"}})', 'expected a period such as'],
    ['items.find({"created": {"$last": 5}})', 'expected a period such as'],
    ['items.find({"name": {"$last": "1d"}})', 'expected a comparison that is not of times'],
    ['items.find({"name": "a\\u0000"})', 'expected text without NUL'],
    ['items.find({"name": "\\ud800"})', 'expected text without NUL and broken Unicode'],
    ['items.find({"name": "\\x"})', 'expected text with the escapes of JSON'],
    ['items.find({"name": "a\nb"})', 'expected text'],
    ["items.find({'name': 'a'})", 'expected a field, a property or an operator in quotes'],
    ['items.find().include("colour")', 'expected "*", "property" or one of repo'],
    ['items.find().include()', 'expected a field in quotes'],
    ['items.find().sort({"$up": ["name"]})', 'expected "$asc" or "$desc"'],
    ['items.find().sort({"$asc": ["@a"]})', 'expected one of repo'],
    ['items.find().limit(-1)', 'expected a whole number up to'],
    [`items.find().offset(${maximumOffset + 1})`, `expected a whole number up to ${maximumOffset}`],
    ['items.find().limit(1).limit(2)', 'expected .limit once'],
    ['items.find().delete()', 'expected ".include("'],
    ['items.find() or items.find()', 'expected ".include(", ".sort(", ".offset(", ".limit(" or the end'],
    ['items.find().distinct(maybe)', 'expected true or false'],
  ])('%s is refused with the position and what was expected', (text, message) => {
    expect(messageOf(text)).toContain(message)
  })

  it('is refused when it nests deeply or compares too much, without exhausting the stack', () => {
    const deep = `items.find(${'{"$and":['.repeat(100_000)}`
    expect(messageOf(deep)).toContain('expected at most 32 levels of nesting')
    const wide = `items.find({"$or":[${'{"name":"a"},'.repeat(5000)}{"name":"a"}]})`
    expect(messageOf(wide)).toContain('expected at most 5000 comparisons')
    const groups = `items.find({"$or":[${'{"$and":[{}]},'.repeat(5000)}{"$and":[]}]})`
    expect(messageOf(groups)).toContain('expected at most 5000 comparisons')
    const builds = (count: number) =>
      `builds.find({"$or":[${Array.from({ length: count }, () => '{"name":"a"}').join(',')}]})`
    expect(parse(builds(100)).where.of).toMatchObject([{ of: { length: 100 } }])
    expect(messageOf(builds(101))).toContain('expected at most 100 comparisons')
    expect(messageOf(`items.find({"name": "${'a'.repeat(1_000_000)}"}`)).toContain('the query ends')
  })

  it('is the same after it was printed and parsed again', () => {
    fc.assert(
      fc.property(query, (given) => {
        expect(parse(printAql(given))).toEqual(given)
      }),
      { numRuns: 500 },
    )
  })

  it('is parsed or refused as invalid, whatever the text', () => {
    const piece = fc.oneof(
      fc.constantFrom('{', '}', '[', ']', '(', ')', ':', ',', '.', '"'),
      fc.constantFrom(
        'items.find',
        'builds.find',
        '"$and"',
        '"$or"',
        '"$msp"',
        '"name"',
        '"@a"',
        '"size"',
        '{"$last":',
      ),
      fc.constantFrom(
        '.include',
        '.sort',
        '.limit',
        '//',
        '/*',
        '*/',
        '\n',
        '1e999',
        '-0',
        '00',
        'null',
        '\\u',
        '"\\',
      ),
      fc.string({ unit: 'binary', maxLength: 5 }),
    )
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(piece, { maxLength: 30 }).map((parts) => parts.join('')),
    )
    const prefixed = fc.tuple(
      fc.constantFrom('', 'items.find(', 'items.find({', 'items.find({"$or":[{'),
      text,
    )
    fc.assert(
      fc.property(prefixed, ([prefix, rest]) => {
        try {
          parse(prefix + rest)
        } catch (error) {
          expect(error).toBeInstanceOf(RegistryError)
          expect((error as RegistryError).code).toBe('REQUEST_INVALID')
          expect((error as RegistryError).message.length).toBeLessThan(1000)
        }
      }),
      { numRuns: 2000, examples: [[['items.find({', '"size": 1e999})']], [['', 'items.find()']]] },
    )
  })
})

const text = fc
  .string({ unit: 'grapheme', maxLength: 12 })
  .filter((each) => each.isWellFormed() && !each.includes('\0'))
const fieldsOf = (type: string) =>
  (Object.keys(itemFields) as ItemField[]).filter((field) => itemFields[field] === type)
const subjectOf = (type: string): fc.Arbitrary<AqlSubject<ItemField>> =>
  fc.constantFrom(...fieldsOf(type)).map((field) => ({ kind: 'field', field }))
const property: fc.Arbitrary<AqlSubject<ItemField>> = fc.oneof(
  text.filter((key) => key !== '').map((key) => ({ kind: 'property' as const, key })),
  fc.constantFrom('key' as const, 'value' as const).map((part) => ({ kind: 'property-part' as const, part })),
)
const build: fc.Arbitrary<AqlSubject<ItemField>> = fc.record({
  kind: fc.constant('build' as const),
  role: fc.constantFrom('artifact' as const, 'dependency' as const),
  field: fc.constantFrom('name' as const, 'number' as const),
})
const order = ['$gt', '$gte', '$lt', '$lte'] as const
const ofText = (subject: fc.Arbitrary<AqlSubject<ItemField>>): fc.Arbitrary<AqlComparison<ItemField>> =>
  fc.oneof(
    fc.record({
      kind: fc.constant('comparison' as const),
      subject,
      comparison: fc.constantFrom('$match' as const, '$nmatch' as const, ...order),
      value: text,
    }),
    fc.record({
      kind: fc.constant('comparison' as const),
      subject,
      comparison: fc.constantFrom('$eq' as const, '$ne' as const),
      value: fc.option(text),
    }),
  )
const comparison: fc.Arbitrary<AqlComparison<ItemField>> = fc.oneof(
  ofText(fc.oneof(subjectOf('text'), property, build)),
  fc.record({
    kind: fc.constant('comparison' as const),
    subject: subjectOf('number'),
    comparison: fc.constantFrom('$eq' as const, '$ne' as const, ...order),
    value: fc.maxSafeInteger().map((value) => value + 0),
  }),
  fc.record({
    kind: fc.constant('comparison' as const),
    subject: subjectOf('time'),
    comparison: fc.constantFrom('$eq' as const, '$ne' as const, ...order),
    value: fc.date({ min: new Date(0), max: new Date('9999-01-01'), noInvalidDate: true }),
  }),
  fc.record({
    kind: fc.constant('comparison' as const),
    subject: subjectOf('type'),
    comparison: fc.constantFrom('$eq' as const, '$ne' as const),
    value: fc.constantFrom('file', 'folder', 'any'),
  }),
)
const { criterion } = fc.letrec<{ criterion: AqlCriterion<ItemField> }>((tie) => ({
  criterion: fc.oneof(
    { maxDepth: 3 },
    comparison,
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      of: fc.array(tie('criterion'), { maxLength: 4 }),
    }),
    fc.record({
      kind: fc.constant('same-property' as const),
      of: fc.array(ofText(property), { maxLength: 3 }),
    }),
  ),
}))
const query: fc.Arbitrary<AqlQuery> = fc
  .record({
    domain: fc.constant('items' as const),
    where: fc.record({ kind: fc.constant('and' as const), of: fc.array(criterion, { maxLength: 4 }) }),
    fields: fc.subarray(Object.keys(itemFields) as ItemField[], { minLength: 1 }),
    properties: fc.uniqueArray(
      fc.oneof(
        fc.constant('*'),
        text.filter((key) => key !== ''),
      ),
      { maxLength: 2 },
    ),
    sort: fc.option(
      fc.record({
        direction: fc.constantFrom('asc' as const, 'desc' as const),
        fields: fc.shuffledSubarray(Object.keys(itemFields) as ItemField[], { minLength: 1 }),
      }),
      { nil: undefined },
    ),
    offset: fc.integer({ min: 0, max: maximumOffset }),
    limit: fc.option(fc.nat(), { nil: undefined }),
  })
  .map(({ fields, properties, ...rest }) => ({ ...rest, include: { fields, properties } }))
