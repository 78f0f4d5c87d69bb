import type { KeptSection, PermissionTarget } from '@entrepot/access'
import { RegistryError } from '@entrepot/kernel'
import type { Grants } from './permission-input.js'
import { type PermissionWords, wordsOf } from './permission-words.js'

/** No pattern means all, which Artifactory writes as one. */
export function shownIncludes({ includes }: PermissionTarget): readonly string[] {
  return includes.length === 0 ? ['**'] : includes
}

export function shownGrants({ users, groups, kept }: PermissionTarget, words: PermissionWords) {
  return {
    users: shown(users, words, kept?.users),
    groups: shown(groups, words, kept?.groups),
  }
}

export function shownSectionGrants({ users, groups }: KeptSection, words: PermissionWords) {
  return { users: shown(users, words), groups: shown(groups, words) }
}

function shown(grants: Grants, words: PermissionWords, kept: Grants = {}): Record<string, readonly string[]> {
  return Object.fromEntries(
    Object.entries(grants).map(([name, actions]) => {
      const others = Object.hasOwn(kept, name) ? (kept[name] ?? []) : []
      return [name, wordsOf([...actions, ...others], words)]
    }),
  )
}

/** @throws RegistryError REQUEST_INVALID when the body's name is not the URL's */
export function checkName(inUrl: string, inBody: string | undefined): void {
  if (inBody === undefined || inBody === inUrl) return
  const [given, expected] = [inBody, inUrl].map((text) => JSON.stringify(text.slice(0, 100)))
  throw new RegistryError('REQUEST_INVALID', `name is ${given}, expected ${expected} as in the URL`)
}
