import { setImmediate as nextTurn } from 'node:timers/promises'
import { type AqlCriterion, type BuildField, type BuildQuery, compareAql, comparing } from '@entrepot/aql'
import type { BuildEntry } from '@entrepot/builds'
import { buildValueOf } from './aql-json.js'

/** With the dearest of patterns and names these take some ten milliseconds. */
const comparisonsInATurn = 20

/** The runs that a query means, in its order. Others have turns meanwhile. */
export async function findBuilds(
  { where, sort, offset, limit = Infinity }: BuildQuery,
  entries: readonly BuildEntry[],
): Promise<readonly BuildEntry[]> {
  const isMeant = predicateOf(where)
  const entriesInATurn = Math.ceil(comparisonsInATurn / Math.max(comparisonsIn(where), 1))
  const found: BuildEntry[] = []
  for (const [position, entry] of entries.entries()) {
    if (position % entriesInATurn === 0) await nextTurn()
    if (isMeant(entry)) found.push(entry)
  }
  if (sort !== undefined)
    found.sort((left, right) => order(sort.fields, left, right) * (sort.direction === 'asc' ? 1 : -1))
  return found.slice(offset, offset + limit)
}

function predicateOf(criterion: AqlCriterion<BuildField>): (entry: BuildEntry) => boolean {
  if (criterion.kind === 'comparison') {
    const { subject, comparison, value } = criterion
    if (subject.kind !== 'field') return () => false
    const isTrue = comparing(comparison, value)
    return (entry) => isTrue(buildValueOf(entry, subject.field))
  }
  const predicates = criterion.of.map(predicateOf)
  return criterion.kind === 'and'
    ? (entry) => predicates.every((isTrue) => isTrue(entry))
    : (entry) => predicates.some((isTrue) => isTrue(entry))
}

function comparisonsIn(criterion: AqlCriterion<BuildField>): number {
  if (criterion.kind === 'comparison') return 1
  return criterion.of.reduce((sum, each) => sum + comparisonsIn(each), 0)
}

function order(fields: readonly BuildField[], left: BuildEntry, right: BuildEntry): number {
  for (const field of fields) {
    const [one, other] = [buildValueOf(left, field), buildValueOf(right, field)]
    if (compareAql(one, '$lt', other)) return -1
    if (compareAql(one, '$gt', other)) return 1
  }
  return 0
}
