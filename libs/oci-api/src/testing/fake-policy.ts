import type { AccessPolicy, AccessTarget } from '@entrepot/access'
import type { Action, Principal } from '@entrepot/kernel'

export interface FakeGrant {
  readonly principal: string
  readonly repository: string
  readonly actions: readonly Action[]
  /** All images where there is none. */
  readonly image?: string
  /** These tags only; whole images where there are none. */
  readonly tags?: readonly string[]
}

/** Administrators may do everything, others what was granted. */
export class FakePolicy implements AccessPolicy {
  readonly grants: FakeGrant[] = []

  allows(principal: Principal, action: Action, target: AccessTarget): boolean {
    const { tag } = target
    return (
      isAdmin(principal) ||
      this.granted(principal, action, target.repositoryKey, target.image).some(
        ({ tags }) => tags === undefined || (tag !== undefined && tags.includes(tag)),
      )
    )
  }

  allowsPartOf(principal: Principal, action: Action, target: Omit<AccessTarget, 'tag'>): boolean {
    return (
      isAdmin(principal) || this.granted(principal, action, target.repositoryKey, target.image).length > 0
    )
  }

  allowsSomewhere(principal: Principal, action: Action, repositoryKey: string): boolean {
    return isAdmin(principal) || this.granted(principal, action, repositoryKey).length > 0
  }

  private granted(
    principal: Principal,
    action: Action,
    repository: string,
    image?: string,
  ): readonly FakeGrant[] {
    return this.grants.filter(
      (grant) =>
        grant.principal === principal.name &&
        grant.repository === repository &&
        grant.actions.includes(action) &&
        (grant.image === undefined || image === undefined || grant.image === image),
    )
  }
}

function isAdmin(principal: Principal): boolean {
  return principal.kind === 'user' && principal.admin
}
