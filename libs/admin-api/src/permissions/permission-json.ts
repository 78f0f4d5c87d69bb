import type { PermissionTarget } from '@entrepot/access'
import { RegistryError } from '@entrepot/kernel'
import type { Grants } from './permission-input.js'
import { type PermissionWords, wordsOf } from './permission-words.js'

/** No pattern means all, which Artifactory writes as one. */
export function shownIncludes({ includes }: PermissionTarget): readonly string[] {
  return includes.length === 0 ? ['**'] : includes
}

export function shownGrants({ users, groups }: PermissionTarget, words: PermissionWords) {
  const shown = (grants: Grants) =>
    Object.fromEntries(Object.entries(grants).map(([name, actions]) => [name, wordsOf(actions, words)]))
  return { users: shown(users), groups: shown(groups) }
}

/** @throws RegistryError REQUEST_INVALID when the body's name is not the URL's */
export function checkName(inUrl: string, inBody: string | undefined): void {
  if (inBody === undefined || inBody === inUrl) return
  const [given, expected] = [inBody, inUrl].map((text) => JSON.stringify(text.slice(0, 100)))
  throw new RegistryError('REQUEST_INVALID', `name is ${given}, expected ${expected} as in the URL`)
}
