import type { Action } from '@entrepot/kernel'

/** How a version of the API calls the actions. */
export interface PermissionWords {
  readonly actions: ReadonlyMap<string, readonly Action[]>
  /** Words of Artifactory's for what does not exist here: without effect. */
  readonly ignored: ReadonlySet<string>
}

/** Artifactory knows one word for both, which stands first. */
const pushing: readonly Action[] = ['deploy', 'overwrite']

export const v1Words: PermissionWords = {
  actions: new Map([
    ['r', ['read']],
    ['w', pushing],
    ['n', ['annotate']],
    ['d', ['delete']],
    ['m', ['manage']],
    ['deploy', ['deploy']],
    ['overwrite', ['overwrite']],
  ]),
  ignored: new Set(['mxm', 'x', 's']),
}

export const v2Words: PermissionWords = {
  actions: new Map([
    ['read', ['read']],
    ['write', pushing],
    ['annotate', ['annotate']],
    ['delete', ['delete']],
    ['manage', ['manage']],
    ['deploy', ['deploy']],
    ['overwrite', ['overwrite']],
  ]),
  ignored: new Set(['managedXrayMeta', 'distribute']),
}

export const accessWords: PermissionWords = {
  actions: new Map([
    ['READ', ['read']],
    ['WRITE', pushing],
    ['ANNOTATE', ['annotate']],
    ['DELETE', ['delete']],
    ['MANAGE', ['manage']],
    ['DEPLOY', ['deploy']],
    ['OVERWRITE', ['overwrite']],
  ]),
  ignored: new Set(['SCAN', 'EXECUTE']),
}

/** The fewest words for the actions: what was put as "write" is shown as "write". */
export function wordsOf(actions: readonly Action[], { actions: words }: PermissionWords): readonly string[] {
  const open = new Set(actions)
  const shown: string[] = []
  for (const [word, meant] of words) {
    if (!meant.every((action) => open.has(action))) continue
    for (const action of meant) open.delete(action)
    shown.push(word)
  }
  return shown
}
