import { userNameOf } from '@entrepot/identity'
import type { KeptSection } from '@entrepot/access'
import { RegistryError } from '@entrepot/kernel'
import { objectOf } from '../http/object-of.js'
import { isKept, type KnownAction, type PermissionWords } from './permission-words.js'

export type Grants = Readonly<Record<string, readonly KnownAction[]>>

/** What a request says of a permission target; undefined: nothing. */
export interface PermissionInput {
  readonly repositories: readonly string[] | undefined
  readonly includes: readonly string[] | undefined
  readonly excludes: readonly string[] | undefined
  readonly users: Grants | undefined
  readonly groups: Grants | undefined
  /** What is not about the content of repositories, by type; undefined for one that goes. Those that are not here stay. */
  readonly sections: Readonly<Record<string, KeptSection | undefined>>
  /** What of the request has no effect. */
  readonly ignored: readonly string[]
}

interface ParsedGrants {
  readonly users: Grants | undefined
  readonly groups: Grants | undefined
  readonly ignored: readonly string[]
}

const maximumNames = 10_000

/**
 * `{users: {name: [word]}, groups: {name: [word]}}`.
 * @param path where it is in the body, for messages
 * @throws RegistryError REQUEST_INVALID
 */
export function parseGrants(section: unknown, path: string, words: PermissionWords): ParsedGrants {
  const fields = objectOf(section ?? {}, path)
  const ignored = Object.keys(fields)
    .filter((name) => name !== 'users' && name !== 'groups')
    .map((name) => `${path}.${name}`)
  const users = parseNames(fields['users'], `${path}.users`, words, userNameOf)
  const groups = parseNames(fields['groups'], `${path}.groups`, words, (name) => name)
  return {
    users: users?.grants,
    groups: groups?.grants,
    ignored: [...new Set([...ignored, ...(users?.ignored ?? []), ...(groups?.ignored ?? [])])],
  }
}

function parseNames(
  value: unknown,
  path: string,
  known: PermissionWords,
  nameOf: (text: string) => string,
): { grants: Grants; ignored: readonly string[] } | undefined {
  if (value === undefined || value === null) return undefined
  const entries = Object.entries(objectOf(value, path))
  if (entries.length > maximumNames) {
    throw invalid(`${path} has ${entries.length} names, expected at most ${maximumNames}`)
  }
  const grants = new Map<string, readonly KnownAction[]>()
  const ignored: string[] = []
  for (const [text, given] of entries) {
    const granted = new Set<KnownAction>(grants.get(nameOf(text)))
    for (const word of wordsIn(given, `${path}.${text.slice(0, 100)}`)) {
      const meant = known.get(word)
      if (meant === undefined) {
        const words = [...known.keys()].join(', ')
        throw invalid(
          `${path} has the action ${JSON.stringify(word.slice(0, 100))}, expected some of ${words}`,
        )
      }
      if (meant.some(isKept)) ignored.push(`${path}:${word}`)
      for (const action of meant) granted.add(action)
    }
    grants.set(nameOf(text), [...granted])
  }
  return { grants: Object.fromEntries(grants), ignored }
}

function wordsIn(value: unknown, path: string): readonly string[] {
  if (!Array.isArray(value) || !value.every((word) => typeof word === 'string')) {
    throw invalid(`${path} is not a list of actions`)
  }
  return value
}

/** Without the empty patterns that Artifactory's clients send for "none". */
export function patternsIn(patterns: readonly string[] | undefined): readonly string[] | undefined {
  return patterns?.map((pattern) => pattern.trim()).filter((pattern) => pattern !== '')
}

function invalid(message: string): RegistryError {
  return new RegistryError('REQUEST_INVALID', message)
}
