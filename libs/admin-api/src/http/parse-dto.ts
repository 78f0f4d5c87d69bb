import { RegistryError } from '@entrepot/kernel'
import { getMetadataStorage, validateSync, type ValidationError } from 'class-validator'
import type { JsonObject } from '../json-body.js'
import { withoutCredentials } from '../upstream-url.js'

export type DtoClass<D extends object> = new () => D

/** Fields whose values no message may quote. */
const secretField = /password|secret|token|^queryParams$/i

/**
 * The fields of the class that `body` has, checked. `null` is taken for "not given", as clients in Go send it. Nothing else
 * of the body gets through: what the class doesn't name, nobody can set.
 * @param path where in the request's body this one is, such as `repo.`, for messages
 * @throws RegistryError REQUEST_INVALID with one sibling for each further field that is wrong
 */
export function parseDto<D extends object>(dtoClass: DtoClass<D>, body: JsonObject, path = ''): D {
  const known = fieldsOf(dtoClass)
  const given = Object.entries(body).filter(([name, value]) => known.has(name) && value !== null)
  const dto = Object.assign(new dtoClass(), Object.fromEntries(given))
  const [first, ...others] = validateSync(dto, { stopAtFirstError: true }).map((error) =>
    messageOf(error, path),
  )
  if (first !== undefined) {
    throw new RegistryError('REQUEST_INVALID', first, {
      siblings: others.map((message) => new RegistryError('REQUEST_INVALID', message)),
    })
  }
  return dto
}

/** What of `body` has no effect. */
export function unknownFieldsIn(dtoClass: DtoClass<object>, body: JsonObject, path = ''): readonly string[] {
  const known = fieldsOf(dtoClass)
  return Object.keys(body)
    .filter((name) => !known.has(name))
    .map((name) => path + name)
}

/**
 * Refuses `startTls` where `start_tls` is meant: passed over, passwords would travel in clear.
 * @throws RegistryError REQUEST_INVALID with the right spelling
 */
export function refuseCamelCase(dtoClass: DtoClass<object>, body: JsonObject, path = ''): void {
  const known = fieldsOf(dtoClass)
  for (const name of Object.keys(body)) {
    const meant = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    if (!known.has(name) && known.has(meant)) {
      const message = `${path}${name} is not a field here, expected ${path}${meant}`
      throw new RegistryError('REQUEST_INVALID', message)
    }
  }
}

/** The fields that the class has a rule for. */
export function fieldNamesOf(dtoClass: DtoClass<object>): readonly string[] {
  return [...fieldsOf(dtoClass)]
}

/** Looked for once: the library goes through all rules of all classes. */
const knownFields = new Map<DtoClass<object>, ReadonlySet<string>>()

function fieldsOf(dtoClass: DtoClass<object>): ReadonlySet<string> {
  const known = knownFields.get(dtoClass)
  if (known !== undefined) return known
  const rules = getMetadataStorage().getTargetValidationMetadatas(dtoClass, '', false, false)
  const names = new Set(rules.map((rule) => rule.propertyName))
  knownFields.set(dtoClass, names)
  return names
}

function messageOf(error: ValidationError, path: string): string {
  return `${path}${error.property} is ${shown(error)}, ${Object.values(error.constraints ?? {}).join(', ')}`
}

function shown({ property, value }: ValidationError): string {
  if (value === undefined) return 'missing'
  if (secretField.test(property)) return 'not acceptable'
  const safe: unknown = property === 'url' && typeof value === 'string' ? withoutCredentials(value) : value
  const text = JSON.stringify(safe)
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}
