import type { AccessPolicy } from '@entrepot/access'
import type { Action, Principal } from '@entrepot/kernel'
import type { ImageName } from '@entrepot/oci-model'
import type { OciRepository } from '@entrepot/oci-repository'

/** What a token's scope can name. Docker token specification, "Resource Actions". */
export type ScopeAction = 'pull' | 'push' | 'delete'

export const scopeActions: readonly ScopeAction[] = ['pull', 'push', 'delete']

const policyActions: Record<ScopeAction, Action> = { pull: 'read', push: 'deploy', delete: 'delete' }

/**
 * What the policy, which knows local and remote repositories only, means for a repository of any kind: a virtual gives
 * nobody more than the member that answers or takes the content.
 */
export class Rights {
  constructor(private readonly policy: AccessPolicy) {}

  /** For some tag of the image at least; the exact look is where the item is known. */
  allows(principal: Principal, action: ScopeAction, repository: OciRepository, image: ImageName): boolean {
    const policyAction = policyActions[action]
    for (const repositoryKey of deciders(repository, action)) {
      if (this.policy.allowsPartOf(principal, policyAction, { repositoryKey, image })) return true
    }
    return false
  }

  /** Whether there is anything that the principal may do with the image: else there is no such repository to them. */
  sees(principal: Principal, repository: OciRepository, image: ImageName): boolean {
    return scopeActions.some((action) => this.allows(principal, action, repository, image))
  }

  /** Whether the principal may read anything at all in the repository. */
  readsSomewhere(principal: Principal, repository: OciRepository): boolean {
    return deciders(repository, 'pull').some((key) => this.policy.allowsSomewhere(principal, 'read', key))
  }

  may(principal: Principal, action: Action, repositoryKey: string, image: ImageName, tag?: string): boolean {
    return this.policy.allows(principal, action, { repositoryKey, image, tag })
  }

  mayPartly(principal: Principal, action: Action, repositoryKey: string, image: ImageName): boolean {
    return this.policy.allowsPartOf(principal, action, { repositoryKey, image })
  }
}

/**
 * The repositories whose rights decide. For a write that nobody takes these are the readers', so that who may deploy
 * there learns that it is unsupported and who may not learns nothing.
 */
function deciders(repository: OciRepository, action: ScopeAction): readonly string[] {
  if (action !== 'pull' && repository.writer !== undefined) return [repository.writer.target]
  return repository.leaves.length === 0 ? [repository.key] : repository.leaves
}
