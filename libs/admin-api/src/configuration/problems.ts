import { isRegistryError, nearestName, RegistryError } from '@entrepot/kernel'
import { type DtoClass, fieldNamesOf, parseDto } from '../http/parse-dto.js'
import type { JsonObject } from '../json-body.js'

const shownProblems = 100

/** All that is wrong with a document, each with its path there. */
export class Problems {
  readonly #messages: string[]

  /** @param known what was found before */
  constructor(known?: Problems) {
    this.#messages = known === undefined ? [] : [...known.#messages]
  }

  get isEmpty(): boolean {
    return this.#messages.length === 0
  }

  add(path: string, message: string): void {
    this.#messages.push(`${path}: ${message}`)
  }

  /** @returns undefined when `work` threw what is the document's fault, which is noted */
  attempt<T>(path: string, work: () => T): T | undefined {
    try {
      return work()
    } catch (error) {
      this.note(path, error)
      return undefined
    }
  }

  /** @throws what is not the document's fault */
  note(path: string, error: unknown): void {
    if (!isRegistryError(error, 'REQUEST_INVALID', 'NAME_UNKNOWN')) throw error
    for (const { message } of [error, ...error.siblings]) this.add(path, message)
  }

  /** The names in `body` that mean nothing. */
  refuseUnknown(path: string, body: JsonObject, known: readonly string[]): void {
    for (const name of Object.keys(body)) {
      if (known.includes(name)) continue
      const nearest = nearestName(name, known)
      const meant = nearest === undefined ? `expected ${known.join(', ')}` : `did you mean ${nearest}?`
      this.add(joined(path, name), `there is no such field: ${meant}`)
    }
  }

  /**
   * @param also fields that are read by others
   * @returns undefined when a field has a wrong value; unknown fields are noted
   */
  dto<D extends object>(dtoClass: DtoClass<D>, path: string, body: JsonObject): D | undefined {
    try {
      return parseDto(dtoClass, body)
    } catch (error) {
      if (!isRegistryError(error, 'REQUEST_INVALID')) throw error
      for (const { message } of [error, ...error.siblings]) {
        // The rules' messages begin with the field.
        const field = fieldNamesOf(dtoClass).find((name) => message.startsWith(`${name} `))
        if (field === undefined) this.add(path, message)
        else this.add(joined(path, field), message.slice(field.length + 1))
      }
      return undefined
    }
  }

  /** @throws RegistryError REQUEST_INVALID with all of them */
  throwIfAny(): void {
    const [first, ...others] = this.shown()
    if (first === undefined) return
    throw new RegistryError('REQUEST_INVALID', first, {
      siblings: others.map((message) => new RegistryError('REQUEST_INVALID', message)),
    })
  }

  private shown(): readonly string[] {
    const more = this.#messages.length - shownProblems
    const shown = this.#messages.slice(0, shownProblems)
    return more > 0 ? [...shown, `and ${more} more`] : shown
  }
}

/** `repositories.docker-hub`; a name with signs that would mislead is quoted. */
export function joined(path: string, name: string): string {
  const part = /^[\p{L}\p{N}_@+-]+$/u.test(name) ? name : JSON.stringify(name.slice(0, 100))
  return path === '' ? part : `${path}.${part}`
}
