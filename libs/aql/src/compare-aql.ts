import { SegmentPattern } from '@entrepot/kernel'
import { type AqlValue, type Comparison, textOf } from './aql-query.js'

/** What is denied is true of what has no value. */
export const deniedBy: ReadonlyMap<Comparison, Comparison> = new Map([
  ['$ne', '$eq'],
  ['$nmatch', '$match'],
])

/** Whether a comparison is true of a value; null is "has none", of which only denials are true, and equality to null. */
export function compareAql(actual: AqlValue, comparison: Comparison, value: AqlValue): boolean {
  const denied = deniedBy.get(comparison)
  if (denied !== undefined) return !compareAql(actual, denied, value)
  if (value === null) return actual === null
  if (actual === null) return false
  const [one, other] = [comparable(actual), comparable(value)]
  switch (comparison) {
    case '$match':
      return new SegmentPattern(textOf(value)).matches(textOf(actual))
    case '$gt':
      return one > other
    case '$gte':
      return one >= other
    case '$lt':
      return one < other
    case '$lte':
      return one <= other
    default:
      return one === other
  }
}

function comparable(value: string | number | Date): string | number {
  return value instanceof Date ? value.getTime() : value
}
