import { comparableUserName } from './comparable-user-name.js'
import type { PermissionTarget } from './permission-target.js'

/** Somebody or something that exists no longer. */
export type Gone = { readonly user: string } | { readonly group: string } | { readonly repository: string }

/** @returns `target` itself when there is nothing to take out */
export function withoutGone(target: PermissionTarget, gone: Gone): PermissionTarget {
  if ('repository' in gone) {
    const repositories = target.repositories.filter((key) => key !== gone.repository)
    return repositories.length === target.repositories.length ? target : { ...target, repositories }
  }
  const isGone =
    'user' in gone
      ? (name: string) => comparableUserName(name) === comparableUserName(gone.user)
      : (name: string) => name === gone.group
  const field = 'user' in gone ? 'users' : 'groups'
  const entries = Object.entries(target[field])
  const kept = entries.filter(([name]) => !isGone(name))
  return kept.length === entries.length ? target : { ...target, [field]: Object.fromEntries(kept) }
}
