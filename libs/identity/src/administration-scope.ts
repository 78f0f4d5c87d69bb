import type { Principal } from '@entrepot/kernel'
import type { TokenScope } from './token-service.js'

/**
 * What a bearer token must carry to be good for the admin API: a token that was asked for to pull one image administers
 * nothing, even when its bearer is an administrator.
 */
export const administrationScope: TokenScope = { type: 'registry', name: 'admin', actions: ['*'] }

/** Whether one of a token's scopes is the administration scope. */
export function mayAdminister(scopes: readonly TokenScope[]): boolean {
  return scopes.some(
    ({ type, name, actions }) =>
      type === administrationScope.type && name === administrationScope.name && actions.includes('*'),
  )
}

/** Whether these credentials are an administrator's: a token with limits administers nothing, whoever it belongs to. */
export function isAdministrator(principal: Principal): boolean {
  return principal.kind === 'user' && principal.admin && principal.limits === undefined
}
