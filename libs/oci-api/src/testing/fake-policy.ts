import type { AccessPolicy, AccessTarget } from '@entrepot/access'
import type { Action, Principal } from '@entrepot/kernel'

export interface FakeGrant {
  readonly principal: string
  readonly repository: string
  readonly actions: readonly Action[]
  /** All images where there is none. */
  readonly image?: string
}

/** Administrators may do everything, others what was granted. */
export class FakePolicy implements AccessPolicy {
  readonly grants: FakeGrant[] = []

  allows(principal: Principal, action: Action, target: AccessTarget): boolean {
    return (
      isAdmin(principal) ||
      this.grants.some(
        (grant) =>
          grant.principal === principal.name &&
          grant.repository === target.repositoryKey &&
          grant.actions.includes(action) &&
          (grant.image === undefined || grant.image === target.image),
      )
    )
  }

  allowsPartOf(principal: Principal, action: Action, target: AccessTarget): boolean {
    return this.allows(principal, action, target)
  }

  allowsSomewhere(principal: Principal, action: Action, repositoryKey: string): boolean {
    return (
      isAdmin(principal) ||
      this.grants.some(
        (grant) =>
          grant.principal === principal.name &&
          grant.repository === repositoryKey &&
          grant.actions.includes(action),
      )
    )
  }
}

function isAdmin(principal: Principal): boolean {
  return principal.kind === 'user' && principal.admin
}
