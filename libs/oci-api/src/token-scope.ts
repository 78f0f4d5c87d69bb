import type { TokenScope } from '@entrepot/identity'
import type { ScopeAction } from './rights.js'

/** The scope that the catalog needs. */
export const catalogScope: TokenScope = { type: 'registry', name: 'catalog', actions: ['*'] }

export function repositoryScope(name: string, ...actions: readonly ScopeAction[]): TokenScope {
  return { type: 'repository', name, actions }
}

/** One scope for each side of a mount, or the client could not ask for a token that allows it (39). */
export function mountScopes(name: string, from: string): readonly TokenScope[] {
  return [repositoryScope(name, 'pull', 'push'), repositoryScope(from, 'pull')]
}

/** Whether a name can stand in a challenge without breaking its quotes. */
export function isScopeName(name: string): boolean {
  return /^[a-z0-9._/-]{1,255}$/i.test(name)
}

/** `repository:a/b:pull,push`. Docker token specification, "Resource Scope Grammar". */
export function scopeText(scope: TokenScope): string {
  return `${scope.type}:${scope.name}:${scope.actions.join(',')}`
}

/**
 * Split at the first and the last colon, because a name may have a `host:port`; the class of `repository(plugin)` is
 * dropped (protocol check list 51, 52).
 * @returns undefined when it is not `type:name:actions`
 */
export function parseScope(text: string): TokenScope | undefined {
  const first = text.indexOf(':')
  const last = text.lastIndexOf(':')
  if (first <= 0 || last <= first) return undefined
  const type = text.slice(0, first).replace(/\([a-z0-9]*\)$/, '')
  const actions = text
    .slice(last + 1)
    .split(',')
    .filter((action) => action !== '')
  return { type, name: text.slice(first + 1, last), actions }
}

/** The scopes of a token request: several parameters, each with several scopes (48). */
export function parseScopes(parameters: readonly string[]): readonly TokenScope[] {
  return parameters
    .flatMap((parameter) => parameter.split(/\s+/))
    .map(parseScope)
    .filter((scope) => scope !== undefined)
}

/** @param scopes undefined where no token narrows what the caller may do */
export function scopesInclude(
  scopes: readonly TokenScope[] | undefined,
  type: string,
  name: string,
  action: string,
): boolean {
  if (scopes === undefined) return true
  return scopes.some(
    (scope) =>
      scope.type === type &&
      scope.name === name &&
      (scope.actions.includes(action) || scope.actions.includes('*')),
  )
}
