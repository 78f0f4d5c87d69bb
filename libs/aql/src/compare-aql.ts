import { SegmentPattern } from '@entrepot/kernel'
import { type AqlValue, type Comparison, textOf } from './aql-query.js'

/** What is denied is true of what has no value. */
export const deniedBy: ReadonlyMap<Comparison, Comparison> = new Map([
  ['$ne', '$eq'],
  ['$nmatch', '$match'],
])

/** Whether a comparison is true of a value; null is "has none", of which only denials are true, and equality to null. */
export function compareAql(actual: AqlValue, comparison: Comparison, value: AqlValue): boolean {
  return comparing(comparison, value)(actual)
}

/** As `compareAql`, for many values: what is made of the comparison is made once. */
export function comparing(comparison: Comparison, value: AqlValue): (actual: AqlValue) => boolean {
  const denied = deniedBy.get(comparison)
  if (denied !== undefined) {
    const isDenied = comparing(denied, value)
    return (actual) => !isDenied(actual)
  }
  if (value === null) return (actual) => actual === null
  const isTrue = comparingSome(comparison, value)
  return (actual) => actual !== null && isTrue(actual)
}

type Some = NonNullable<AqlValue>

function comparingSome(comparison: Comparison, value: Some): (actual: Some) => boolean {
  const other = comparable(value)
  switch (comparison) {
    case '$match': {
      const pattern = new SegmentPattern(textOf(value))
      return (actual) => pattern.matches(textOf(actual))
    }
    case '$gt':
      return (actual) => comparable(actual) > other
    case '$gte':
      return (actual) => comparable(actual) >= other
    case '$lt':
      return (actual) => comparable(actual) < other
    case '$lte':
      return (actual) => comparable(actual) <= other
    default:
      return (actual) => comparable(actual) === other
  }
}

function comparable(value: Some): string | number {
  return value instanceof Date ? value.getTime() : value
}
