import { expect, test } from 'vitest'
import type { AqlValue, Comparison } from './aql-query.js'
import { compareAql, comparing } from './compare-aql.js'

const moment = (day: number) => new Date(Date.UTC(2026, 0, day))

test.each<readonly [AqlValue, Comparison, AqlValue, boolean]>([
  ['a', '$eq', 'a', true],
  ['a', '$ne', 'a', false],
  [null, '$eq', 'a', false],
  [null, '$ne', 'a', true],
  [null, '$eq', null, true],
  ['a', '$eq', null, false],
  ['a', '$ne', null, true],
  [null, '$gt', 'a', false],
  ['team/app', '$match', 'team*', true],
  ['team/app', '$match', 'team/?p', false],
  ['team/app', '$nmatch', 'base*', true],
  [null, '$nmatch', '*', true],
  [5, '$gte', 5, true],
  [5, '$lt', 5, false],
  [5, '$lte', 5, true],
  [moment(2), '$gt', moment(1), true],
  [moment(2), '$eq', moment(2), true],
])('%o %s %o is %s', (actual, comparison, value, expected) => {
  expect(compareAql(actual, comparison, value)).toBe(expected)
})

test('a comparison that was made once is true of one value and not of another', () => {
  const isTeam = comparing('$match', 'team/*')
  expect(['team/app', 'base/app', 'team/x', null].map(isTeam)).toEqual([true, false, true, false])
  const isOther = comparing('$nmatch', 'team/*')
  expect(['team/app', 'base/app', null].map(isOther)).toEqual([false, true, true])
})
