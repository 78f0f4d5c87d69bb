import { anonymous, type Principal } from '@entrepot/kernel'
import { comparableUserName } from './comparable-user-name.js'

/** The name that rights may have been given to. `anonymous` is nobody's own, whatever an account is called. */
export function ownNameOf(principal: Principal): string | undefined {
  if (principal.kind === 'anonymous' || principal.groupsOnly === true) return undefined
  const name = comparableUserName(principal.name)
  return name === anonymous.name ? undefined : name
}
