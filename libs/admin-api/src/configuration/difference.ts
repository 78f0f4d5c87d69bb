import { changedFields, type ChangedField, type PlannedChange } from './planned-change.js'

/** What an apply would do, or has done. */
export interface ConfigurationDifference {
  readonly changes: readonly PlannedChange[]
  readonly notices: readonly string[]
}

const signs = { create: '+', update: '~', delete: '-' } as const

export function differenceJson({ changes, notices }: ConfigurationDifference): object {
  return {
    changes: changes.map((change) => ({
      change: change.change,
      path: change.path,
      fields: changedFields(change),
    })),
    notices,
  }
}

/**
 * `+ users.ann`, `~ repositories.docker-hub`, `- groups.old`, each with its fields below, and a last line with the numbers.
 * @param done whether it has happened
 */
export function differenceText({ changes, notices }: ConfigurationDifference, done: boolean): string {
  const lines = changes.flatMap((change) => [
    `${signs[change.change]} ${change.path}`,
    ...changedFields(change).map((field) => `    ${fieldText(field)}`),
  ])
  const notes = notices.map((notice) => `! ${notice}`)
  return [...lines, ...notes, summary(changes, done), ''].join('\n')
}

function fieldText({ field, from, to }: ChangedField): string {
  const shown = (value: unknown) => (value === undefined ? '(none)' : JSON.stringify(value))
  if (typeof to === 'string' && to.startsWith('(secret')) return `${field}: ${to}`
  return from === undefined ? `${field}: ${shown(to)}` : `${field}: ${shown(from)} -> ${shown(to)}`
}

function summary(changes: readonly PlannedChange[], done: boolean): string {
  if (changes.length === 0) return 'nothing to change'
  const count = (kind: PlannedChange['change']) => changes.filter(({ change }) => change === kind).length
  const [created, updated, deleted] = [count('create'), count('update'), count('delete')]
  return done
    ? `${created} created, ${updated} updated, ${deleted} deleted`
    : `${created} to create, ${updated} to update, ${deleted} to delete`
}
