import { byCodePoint } from '@entrepot/kernel'
import type { JsonObject } from '../json-body.js'

/** In one order for ever, so that documents can be compared by line: `first` as given, all others by name. */
export function inOrder(fields: JsonObject, first: readonly string[] = []): JsonObject {
  const given = Object.keys(fields).filter((name) => fields[name] !== undefined)
  const names = [
    ...first.filter((name) => given.includes(name)),
    ...given.filter((name) => !first.includes(name)).sort(byCodePoint),
  ]
  return Object.fromEntries(names.map((name) => [name, fields[name]]))
}

/** Without some fields. */
export function omit(fields: object, ...names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)))
}
