import type { Principal } from '@entrepot/kernel'
import type { AccessPolicy } from './access-policy.js'

/** The policy while there are no permission targets: an administrator may do everything, nobody else anything. */
export class AdministratorsOnly implements AccessPolicy {
  allows(principal: Principal): boolean {
    return principal.kind === 'user' && principal.admin
  }

  allowsPartOf(principal: Principal): boolean {
    return this.allows(principal)
  }

  allowsSomewhere(principal: Principal): boolean {
    return this.allows(principal)
  }
}
