import type { KeptAction, KeptPermissions, KeptSection, PermissionTarget } from '@entrepot/access'
import type { Action } from '@entrepot/kernel'
import type { Grants } from './permission-input.js'
import { isKept } from './permission-words.js'

interface GrantsToAll {
  readonly users: Grants
  readonly groups: Grants
}

/** What of the grants has an effect; who has none of it is still named. */
export function effectOf({ users, groups }: GrantsToAll): Pick<PermissionTarget, 'users' | 'groups'> {
  const effective = (grants: Grants): Record<string, readonly Action[]> =>
    mapped(grants, (actions) => actions.filter((action): action is Action => !isKept(action)))
  return { users: effective(users), groups: effective(groups) }
}

/**
 * The target with what has no effect.
 * @param kept what it had of the kind
 * @param sections those that are replaced, or go where they are undefined
 * @param grants from which the actions without effect are taken, in place of those that were kept
 */
export function withKept(
  { kept: _before, ...target }: PermissionTarget,
  kept: KeptPermissions | undefined,
  sections: Readonly<Record<string, KeptSection | undefined>>,
  grants?: GrantsToAll,
): PermissionTarget {
  const now: KeptPermissions = {
    users: grants === undefined ? (kept?.users ?? {}) : withoutEffect(grants.users),
    groups: grants === undefined ? (kept?.groups ?? {}) : withoutEffect(grants.groups),
    sections: withoutUndefined({ ...kept?.sections, ...sections }),
  }
  const isNothing = Object.values(now).every((part) => Object.keys(part as object).length === 0)
  return isNothing ? target : { ...target, kept: now }
}

function withoutEffect(grants: Grants): Record<string, readonly KeptAction[]> {
  const kept = mapped(grants, (actions) => actions.filter(isKept))
  return Object.fromEntries(Object.entries(kept).filter(([, actions]) => actions.length > 0))
}

function withoutUndefined(
  sections: Readonly<Record<string, KeptSection | undefined>>,
): Record<string, KeptSection> {
  return Object.fromEntries(
    Object.entries(sections).flatMap(([type, section]) => (section === undefined ? [] : [[type, section]])),
  )
}

function mapped<T>(grants: Grants, of: (actions: Grants[string]) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(grants).map(([name, actions]) => [name, of(actions)]))
}
