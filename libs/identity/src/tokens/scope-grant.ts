import { type AccessLimit, PathPattern, RegistryError, type UserPrincipal } from '@entrepot/kernel'
import { isAdministrator } from '../administration-scope.js'
import type { AccessTokenScope } from './access-token-scope.js'

/**
 * Refuses a token that could do more than the credentials its maker shows.
 * @throws RegistryError DENIED that says what is too much
 */
export function refuseWiderScope(scope: AccessTokenScope, maker: UserPrincipal): void {
  if (isAdministrator(maker)) return
  if (scope.rights === 'admin') throw tooWide('only administrators make tokens for administrators')
  if (scope.metrics) throw tooWide('only administrators make tokens that read the system metrics')
  refuseOtherGroups(scope, maker)
  refuseWiderLimits(scope.limits, maker.limits)
}

function refuseOtherGroups({ rights }: AccessTokenScope, maker: UserPrincipal): void {
  if (typeof rights === 'string') {
    if (maker.groupsOnly !== true) return
    throw tooWide('you show a token for groups, so the new one has to name some of these groups')
  }
  const foreign = rights.groups.find((group) => !maker.groups.includes(group))
  if (foreign !== undefined) throw tooWide(`you are not in the group ${JSON.stringify(foreign)}`)
}

function refuseWiderLimits(
  asked: readonly AccessLimit[] | undefined,
  own: readonly AccessLimit[] | undefined,
): void {
  if (own === undefined) return
  if (asked === undefined) {
    throw tooWide('you show a token with limits, so the new one has to have artifact parts within them')
  }
  for (const limit of asked) {
    const action = limit.actions.find(
      (one) => !own.some((mine) => mine.actions.includes(one) && spans(mine, limit)),
    )
    if (action === undefined) continue
    throw tooWide(
      `the token that you show does not allow to ${action} ${JSON.stringify(`${limit.repositoryKey}/${limit.path}`)}`,
    )
  }
}

/** Sure to hold whatever the narrower one holds: of two patterns that is known of few, so the others are refused. */
function spans(wide: AccessLimit, narrow: AccessLimit): boolean {
  if (wide.repositoryKey !== '*' && wide.repositoryKey !== narrow.repositoryKey) return false
  if (wide.path === '**' || wide.path === narrow.path) return true
  if (!hasWildcard(narrow.path)) return new PathPattern(wide.path).matches(narrow.path)
  const below = /^([^*?]+\/)(?:\*\*)?$/.exec(wide.path)?.[1]
  return below !== undefined && narrow.path.startsWith(below)
}

/** A slash at the end stands for everything below. */
function hasWildcard(path: string): boolean {
  return /[*?]/.test(path) || path.endsWith('/')
}

function tooWide(reason: string): RegistryError {
  return new RegistryError('DENIED', `a token can not do more than what you show for it: ${reason}`)
}
