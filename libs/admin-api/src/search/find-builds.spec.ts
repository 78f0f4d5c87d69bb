import { type BuildQuery, parseAql } from '@entrepot/aql'
import type { BuildEntry } from '@entrepot/builds'
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest'
import { findBuilds } from './find-builds.js'

const queryOf = (text: string) => parseAql(text, new Date('2026-01-31')) as BuildQuery

const entries = Array.from({ length: 1000 }, (_, at): BuildEntry => {
  const moment = new Date(Date.UTC(2026, 0, 1, 0, at))
  return {
    name: at % 2 === 0 ? 'team/app' : 'base',
    number: `${at}`,
    url: undefined,
    started: moment,
    published: moment,
    publishedBy: 'ann',
  }
})

test.each([
  ['{"name": {"$match": "team/*"}}', '.offset(1).limit(2)', ['2', '4']],
  ['{"name": {"$nmatch": "team/*"}}', '.limit(2)', ['1', '3']],
  ['{"$or": [{"number": "7"}, {"$and": [{"name": "base"}, {"number": "9"}]}]}', '', ['7', '9']],
  ['{"$or": [{"number": "7"}, {"number": "8"}], "name": "base"}', '', ['7']],
  ['{"started": {"$gte": "2026-01-01T16:38:00Z"}}', '.sort({"$desc": ["started"]})', ['999', '998']],
  ['{"$or": []}', '', []],
  ['{"url": {"$ne": null}}', '', []],
])('the builds of %s%s', async (criteria, more, numbers) => {
  const found = await findBuilds(queryOf(`builds.find(${criteria})${more}`), entries)
  expect(found.map(({ number }) => number)).toEqual(numbers)
})

describe('a search of builds', () => {
  let turns = 0
  let next: NodeJS.Immediate
  const takeTurn = () => {
    turns += 1
    next = setImmediate(takeTurn)
  }
  beforeEach(() => {
    turns = 0
    next = setImmediate(takeTurn)
  })
  afterEach(() => clearImmediate(next))

  it('lets others have turns, the more of them the more it compares', async () => {
    await findBuilds(queryOf('builds.find({"name": "none"})'), entries)
    expect(turns).toBeGreaterThanOrEqual(45)
    turns = 0
    const many = Array.from({ length: 100 }, (_, at) => `{"name": {"$match": "*${at}*"}}`).join(',')
    await findBuilds(queryOf(`builds.find({"$or": [${many}]})`), entries)
    expect(turns).toBeGreaterThanOrEqual(900)
  })
})
