import { RegistryError } from '@entrepot/kernel'
import type { Annotations } from '@entrepot/oci-model'

/** Values by key; each value once, none without a value. */
export type Properties = ReadonlyMap<string, readonly string[]>

export interface PropertyChange {
  /** These take the place of all values that their keys had. */
  readonly set: Properties
  readonly remove: readonly string[]
}

/** Keys of one item. */
export const maximumProperties = 100

/** Of all keys and values of one item, each value with its key, in UTF-8. */
export const maximumPropertyBytes = 64 * 1024

/** Of one key. */
export const maximumValues = 100

/** Characters. */
export const maximumKeyLength = 255

/** Characters. */
export const maximumValueLength = 2400

/** As Artifactory's documentation of "Set Item Properties" has it. */
const forbiddenInKeys = /[)(}{\][*+^$\\/~`!@#%&<>;=,±§\s\p{Cc}]/u

/** @throws RegistryError REQUEST_INVALID for a key or value that can't be one, or for too many of them */
export function checkedProperties(
  given: Iterable<readonly [key: string, values: readonly string[]]>,
): Properties {
  const properties = new Map<string, readonly string[]>()
  for (const [key, values] of given) {
    checkKey(key)
    const unique = [...new Set([...(properties.get(key) ?? []), ...values])]
    if (unique.length === 0) throw invalid(`property ${shown(key)} has no value: give it one, or delete it`)
    if (unique.length > maximumValues) {
      throw invalid(`property ${shown(key)} has ${unique.length} values, expected at most ${maximumValues}`)
    }
    for (const value of unique) checkValue(key, value)
    properties.set(key, unique)
  }
  if (properties.size > maximumProperties) throw tooMany(properties.size)
  return properties
}

/** @throws RegistryError REQUEST_INVALID for a key that no property can have */
export function checkKey(key: string): void {
  if (key === '' || key.length > maximumKeyLength) {
    throw invalid(`the key of a property is ${key.length} characters long, expected 1 to ${maximumKeyLength}`)
  }
  if (!key.isWellFormed()) throw invalid(`the key ${shown(key)} has broken Unicode in it`)
  const [forbidden] = forbiddenInKeys.exec(key) ?? []
  if (forbidden !== undefined) {
    throw invalid(
      `the key ${shown(key)} has a ${shown(forbidden)} in it, which keys of properties can't have`,
    )
  }
}

/** What more than `maximumProperties` of one item is refused with. */
export function tooMany(count: number, item = ''): RegistryError {
  const where = item === '' ? 'there would be' : `${item} would have`
  return invalid(`${where} ${count} properties, expected at most ${maximumProperties}`)
}

/** What more than `maximumPropertyBytes` of one item is refused with. */
export function tooLong(bytes: number, item: string): RegistryError {
  const where = item === '' ? 'there would be' : `${item} would have`
  return invalid(`${where} properties of ${bytes} bytes, expected at most ${maximumPropertyBytes}`)
}

/** @throws RegistryError REQUEST_INVALID for more than one item may have */
export function requireFitting(properties: Properties, item: string): void {
  if (properties.size > maximumProperties) throw tooMany(properties.size, item)
  const pairs = [...properties].flatMap(([key, values]) => values.map((value) => key + value))
  const bytes = pairs.reduce((sum, pair) => sum + Buffer.byteLength(pair), 0)
  if (bytes > maximumPropertyBytes) throw tooLong(bytes, item)
}

/** Labels and annotations as far as they can be searched for: what properties can't hold is left out. */
export function searchable(entries: Annotations): Properties {
  const kept = Object.entries(entries).filter(
    ([key, value]) =>
      key !== '' &&
      key.length <= maximumKeyLength &&
      value.length <= maximumValueLength &&
      [key, value].every((text) => text.isWellFormed() && !text.includes('\0')),
  )
  return new Map(kept.slice(0, maximumProperties).map(([key, value]) => [key, [value]]))
}

function checkValue(key: string, value: string): void {
  if (value.length > maximumValueLength) {
    throw invalid(
      `property ${shown(key)} has a value of ${value.length} characters, expected at most ${maximumValueLength}`,
    )
  }
  // PostgreSQL keeps neither.
  if (value.includes('\0') || !value.isWellFormed()) {
    throw invalid(`property ${shown(key)} has a value with NUL or broken Unicode in it`)
  }
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 100))
}

function invalid(message: string): RegistryError {
  return new RegistryError('REQUEST_INVALID', message)
}
