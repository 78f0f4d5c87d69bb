import { type KeptAction, keptActions } from '@entrepot/access'
import type { Action } from '@entrepot/kernel'

/** What a permission target can grant, with or without an effect here. */
export type KnownAction = Action | KeptAction

/** How a version of the API calls the actions. */
export type PermissionWords = ReadonlyMap<string, readonly KnownAction[]>

/** Artifactory knows one word for both, which stands first. */
const pushing: readonly Action[] = ['deploy', 'overwrite']

export const v1Words: PermissionWords = new Map<string, readonly KnownAction[]>([
  ['r', ['read']],
  ['w', pushing],
  ['n', ['annotate']],
  ['d', ['delete']],
  ['m', ['manage']],
  ['deploy', ['deploy']],
  ['overwrite', ['overwrite']],
  ['mxm', ['scan']],
  ['s', ['scan']],
  ['x', ['execute']],
])

export const v2Words: PermissionWords = new Map<string, readonly KnownAction[]>([
  ['read', ['read']],
  ['write', pushing],
  ['annotate', ['annotate']],
  ['delete', ['delete']],
  ['manage', ['manage']],
  ['deploy', ['deploy']],
  ['overwrite', ['overwrite']],
  ['managedXrayMeta', ['scan']],
  ['distribute', ['execute']],
])

export const accessWords: PermissionWords = new Map<string, readonly KnownAction[]>([
  ['READ', ['read']],
  ['WRITE', pushing],
  ['ANNOTATE', ['annotate']],
  ['DELETE', ['delete']],
  ['MANAGE', ['manage']],
  ['DEPLOY', ['deploy']],
  ['OVERWRITE', ['overwrite']],
  ['SCAN', ['scan']],
  ['EXECUTE', ['execute']],
])

/** Of Artifactory's, without effect here. */
export function isKept(action: KnownAction): action is KeptAction {
  return (keptActions as readonly string[]).includes(action)
}

/** The fewest words for the actions: what was put as "write" is shown as "write". */
export function wordsOf(actions: readonly KnownAction[], words: PermissionWords): readonly string[] {
  const open = new Set(actions)
  const shown: string[] = []
  for (const [word, meant] of words) {
    if (!meant.every((action) => open.has(action))) continue
    for (const action of meant) open.delete(action)
    shown.push(word)
  }
  return shown
}
