import type { Json } from '../../support/admin-client.js'

/*
 * How a client in Go sees the fields of a JSON answer: into a plain field an absent one is read as the zero of its type, into
 * a pointer as nothing. Terraform compares what was read with what the configuration says.
 */

/** `string` */
export function text(shown: Json, field: string): string {
  const value = shown[field] ?? ''
  if (typeof value !== 'string') throw unreadable(field, value)
  return value
}

/** `*string` */
export function textOrNull(shown: Json, field: string): string | null {
  return shown[field] === undefined || shown[field] === null ? null : text(shown, field)
}

/** `*bool`: a boolean that is left out is not false, but a difference to the plan. */
export function flag(shown: Json, field: string): boolean | null {
  const value = shown[field] ?? null
  if (value !== null && typeof value !== 'boolean') throw unreadable(field, value)
  return value
}

/** `int64` */
export function count(shown: Json, field: string): number {
  const value = shown[field] ?? 0
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw unreadable(field, value)
  return value
}

/** `[]string` whose order counts. */
export function list(shown: Json, field: string): readonly string[] {
  const value = shown[field] ?? []
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'string')) throw unreadable(field, value)
  return value
}

/** `[]string` that is kept as a set. */
export function set(shown: Json, field: string): readonly string[] {
  return list(shown, field).toSorted()
}

/** As `set`, where an empty one is kept as null. */
export function setOrNull(shown: Json, field: string): readonly string[] | null {
  const values = set(shown, field)
  return values.length === 0 ? null : values
}

/** A nested object; nothing for one that is left out. */
export function nested(shown: Json, field: string): Json | undefined {
  const value = shown[field]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'object' || Array.isArray(value)) throw unreadable(field, value)
  return value as Json
}

/** `map[string][]string`, the values as sets. */
export function setsByName(shown: Json, field: string): Readonly<Record<string, readonly string[]>> {
  const names = nested(shown, field) ?? {}
  return Object.fromEntries(Object.keys(names).map((name) => [name, set(names, name)]))
}

function unreadable(field: string, value: unknown): Error {
  return new Error(`${field} can't be read: ${JSON.stringify(value)}`)
}
