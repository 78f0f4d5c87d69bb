import type { Principal } from '@entrepot/kernel'

/** Whose an upload is: a user's id, which is never used again, so that who is made anew under a name inherits nothing. */
export function ownerOf(principal: Principal): string {
  return principal.kind === 'user' ? principal.id : principal.name
}
