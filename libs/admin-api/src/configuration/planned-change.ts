import { isDeepStrictEqual } from 'node:util'
import type { AuditAction, AuditSubject } from '@entrepot/kernel'
import type { JsonObject } from '../json-body.js'
import type { ConfigurationStores } from './configuration-stores.js'

/** One thing that an apply makes, changes or deletes. */
export interface PlannedChange {
  readonly change: 'create' | 'update' | 'delete'
  /** Where it is in the document, such as `repositories.docker-hub`. */
  readonly path: string
  /** As a document has it, without secrets; undefined for what is made. */
  readonly before: JsonObject | undefined
  /** Undefined for what is deleted. */
  readonly after: JsonObject | undefined
  /** Fields whose secrets change, such as `search.manager_password`. */
  readonly secrets: readonly string[]
  /** What the document says of something new; all its other fields are defaults. */
  readonly given?: readonly string[]
  readonly action: AuditAction
  readonly subject: AuditSubject
}

export interface ChangedField {
  readonly field: string
  readonly from?: unknown
  readonly to?: unknown
}

/** What is written into the stores, in this order: nothing is there before what it names, or goes before what names it. */
export const stages = [
  'withdraw permissions',
  'groups',
  'users',
  'repositories',
  'permissions',
  'directories',
  'providers',
  'settings',
  'delete repositories',
  'delete users',
  'delete groups',
] as const

export interface PlannedStep {
  readonly stage: (typeof stages)[number]
  readonly run: (stores: ConfigurationStores) => Promise<unknown>
}

export interface Plan {
  /** In the order of the document's sections, by name. */
  readonly changes: readonly PlannedChange[]
  readonly steps: readonly PlannedStep[]
  /** What the reader should know and what is no error. */
  readonly notices: readonly string[]
  /** Whose rights are to be looked at anew. */
  readonly touchedUsers: readonly string[]
  /** Whose refresh tokens are over. */
  readonly endedLogins: readonly string[]
  /** To be hashed before the transaction: others wait for its end. */
  readonly newPasswords: readonly { readonly user: string; readonly password: string }[]
}

export const secretChanged = '(secret changed)'

/** What differs, by the fields' paths; a secret is shown as `(secret changed)`. */
export function changedFields({
  before,
  after,
  secrets,
  given,
  change,
}: PlannedChange): readonly ChangedField[] {
  if (change === 'delete') return []
  const fields = differences('', before, after).filter(
    ({ field }) =>
      given === undefined || given.some((name) => field === name || field.startsWith(`${name}.`)),
  )
  return [...fields, ...secrets.map((field) => ({ field, to: secretChanged }))]
}

function differences(path: string, before: unknown, after: unknown): readonly ChangedField[] {
  if (isDeepStrictEqual(before, after)) return []
  if ((isMap(before) || before === undefined) && isMap(after)) {
    const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after)])]
    const fields = names.flatMap((name) =>
      differences(path === '' ? name : `${path}.${name}`, before?.[name], after[name]),
    )
    if (fields.length > 0) return fields
  }
  return [
    {
      field: path,
      ...(before === undefined ? {} : { from: before }),
      ...(after === undefined ? {} : { to: after }),
    },
  ]
}

function isMap(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
