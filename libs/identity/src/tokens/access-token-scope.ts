import { type AccessLimit, type Action, RegistryError } from '@entrepot/kernel'

/** What an access token may do at most, in Artifactory's words and in ours. */
export interface AccessTokenScope {
  readonly text: string
  /** Whose rights the token has: all of its user's, those of an administrator, or those of groups. */
  readonly rights: 'user' | 'admin' | { readonly groups: readonly string[] }
  /** Undefined: no limits beside the rights. */
  readonly limits: readonly AccessLimit[] | undefined
  /** Whether it may read the system's metrics. */
  readonly metrics: boolean
}

export const maximumScopeLength = 500

const userRights = 'applied-permissions/user'
const adminRights = 'applied-permissions/admin'
const groupRights = 'applied-permissions/groups:'
const metricsScope = 'system:metrics:r'

/** `w` is any push, as with Artifactory's "write". */
const actionsOfLetter: Readonly<Record<string, readonly Action[]>> = {
  r: ['read'],
  w: ['deploy', 'overwrite'],
  d: ['delete'],
  a: ['annotate'],
  m: ['manage'],
  '*': ['read', 'annotate', 'deploy', 'overwrite', 'delete', 'manage'],
}

/** Parts stand between blanks; a name with blanks or commas stands in double quotes. */
const partPattern = /(?:[^\s"]|"[^"]*")+/g

/**
 * `applied-permissions/user|admin|groups:a,b`, `artifact:<repository>[/<path>]:<r,w,d,a,m or *>`, `system:metrics:r`.
 * Artifact parts add up to limits within the rights; without a part for rights these are the user's.
 * @throws RegistryError REQUEST_INVALID that names the part
 */
export function parseAccessTokenScope(text: string): AccessTokenScope {
  const parts = text.match(partPattern) ?? []
  if (parts.length === 0) throw invalid('the scope is empty: the least is ' + userRights)
  if ((text.split('"').length - 1) % 2 !== 0) throw invalid('the scope has a quote that does not end')
  const rights = parts.map(rightsOf).filter((right) => right !== undefined)
  const limits = parts.map(limitOf).filter((limit) => limit !== undefined)
  const known = parts.length === rights.length + limits.length + parts.filter(isMetrics).length
  if (!known) throw unknownPart(parts)
  if (rights.length > 1) throw invalid('a scope has one applied-permissions part at most')
  const [right] = rights
  if (limits.length > 0 && typeof right === 'string') {
    throw invalid(`applied-permissions/${right} beside artifact parts would undo them: leave one of them out`)
  }
  return {
    text: parts.join(' '),
    rights: right ?? 'user',
    limits: right === undefined || limits.length > 0 ? limits : undefined,
    metrics: parts.some(isMetrics),
  }
}

/** The scope for just these groups, as a text that is parsed back to them. */
export function groupScopeText(groups: readonly string[]): string {
  return groupRights + groups.map((name) => (/[\s,]/.test(name) ? `"${name}"` : name)).join(',')
}

function isMetrics(part: string): boolean {
  return part === metricsScope
}

function rightsOf(part: string): AccessTokenScope['rights'] | undefined {
  if (part === userRights) return 'user'
  if (part === adminRights) return 'admin'
  if (!part.startsWith(groupRights)) return undefined
  const names = part.slice(groupRights.length).match(/"[^"]*"|[^,"]+|,/g) ?? []
  const groups = names.filter((name) => name !== ',').map((name) => name.replaceAll('"', ''))
  if (groups.length === 0 || groups.includes('')) throw invalid(`${quoted(part)} names no group`)
  return { groups }
}

/** Split at the first and the last colon: a path may have one. */
function limitOf(part: string): AccessLimit | undefined {
  if (!part.startsWith('artifact:')) return undefined
  const last = part.lastIndexOf(':')
  const target = part.slice('artifact:'.length, Math.max(last, 'artifact:'.length))
  const slash = target.indexOf('/')
  const repositoryKey = slash < 0 ? target : target.slice(0, slash)
  if (!/^(?:\*|[A-Za-z0-9][A-Za-z0-9._-]*)$/.test(repositoryKey)) {
    throw invalid(`${quoted(part)} names no repository: expected artifact:<key>[/<path>]:<actions>`)
  }
  const path = slash < 0 ? '' : target.slice(slash + 1)
  // Patterns know no empty segment, but texts have them: `x/*/y` would hold the text `x//y`, and that the image `x/y`.
  if (/[\p{Cc}"]|^\/|\/\//u.test(path)) throw invalid(`${quoted(part)} has a path that no image can have`)
  const letters = part.slice(last + 1).split(',')
  const bad = letters.find((letter) => !Object.hasOwn(actionsOfLetter, letter))
  if (bad !== undefined) {
    throw invalid(`${quoted(part)} has the action ${quoted(bad)}: expected some of r,w,d,a,m or *`)
  }
  const actions = [...new Set(letters.flatMap((letter) => actionsOfLetter[letter] ?? []))]
  return { repositoryKey, path: path === '' ? '**' : path, actions }
}

function unknownPart(parts: readonly string[]): RegistryError {
  const part = parts.find(
    (one) => !isMetrics(one) && rightsOf(one) === undefined && limitOf(one) === undefined,
  )
  return invalid(
    `the scope has ${quoted(part ?? '')}: expected ${userRights}, ${adminRights}, ${groupRights}<names>, ` +
      `artifact:<key>[/<path>]:<actions> or ${metricsScope}`,
  )
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 160))
}

function invalid(message: string): RegistryError {
  return new RegistryError('REQUEST_INVALID', message)
}
