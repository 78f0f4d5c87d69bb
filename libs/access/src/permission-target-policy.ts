import type { AccessLimit, Action, Principal } from '@entrepot/kernel'
import { AccessLimits } from './access-limits.js'
import type { AccessPolicy, AccessTarget } from './access-policy.js'
import { comparableUserName } from './comparable-user-name.js'
import type { ContentRepository, RepositoryKind } from './content-repository.js'
import { Grants } from './grants.js'
import { ownNameOf } from './own-name.js'
import type { PermissionTarget } from './permission-target.js'
import type { PermissionTargets } from './permission-targets.js'

/**
 * Administrators may do everything, others what the permission targets give to them, to their groups and, while anonymous
 * access is switched on, to `anonymous`: as in Artifactory, who logs in loses nothing that they had without. All that
 * adds up; then the limits of the credentials shown narrow it, an administrator's too.
 *
 * A virtual repository's key means nothing in a target: rights are those in the repository that holds the content. Nor
 * does the key of a repository that is not there.
 */
export class PermissionTargetPolicy implements AccessPolicy {
  #grants: Grants
  /** Compiled with the principal that carries them: one lives for as long as a token's lookup is kept. */
  readonly #limits = new WeakMap<readonly AccessLimit[], AccessLimits>()

  constructor(
    private readonly targets: Pick<PermissionTargets, 'all' | 'onChange'>,
    private readonly anonymousMayEnter: () => boolean,
    private readonly kindOf: (repositoryKey: string) => RepositoryKind | undefined,
  ) {
    const compile = () => new Grants(targets.all().map(({ target }) => target))
    this.#grants = compile()
    targets.onChange(() => {
      this.#grants = compile()
    })
  }

  allows(principal: Principal, action: Action, target: AccessTarget): boolean {
    const { repositoryKey, image, tag } = target
    const limits = this.limitsOf(principal)?.inImage(action, repositoryKey, image)
    if (limits !== undefined && !(tag === undefined ? limits.isWhole : limits.admits(tag))) return false
    if (isAdministrator(principal)) return true
    const rights = this.rightsIn(principal, action, target)
    return (tag === undefined ? rights?.isWhole : rights?.admits(tag)) ?? false
  }

  allowsPartOf(principal: Principal, action: Action, target: Omit<AccessTarget, 'tag'>): boolean {
    const limits = this.limitsOf(principal)?.inImage(action, target.repositoryKey, target.image)
    if (limits?.isPartial === false) return false
    return isAdministrator(principal) || this.rightsIn(principal, action, target)?.isPartial === true
  }

  allowsSomewhere(principal: Principal, action: Action, repositoryKey: string): boolean {
    if (this.limitsOf(principal)?.allowSomewhere(action, repositoryKey) === false) return false
    if (isAdministrator(principal)) return true
    const repository = this.repositoryOf(repositoryKey)
    if (repository === undefined) return false
    return this.#grants.isSomewhere(principal, this.anonymousMayEnter(), action, repository)
  }

  /**
   * Whether somebody may change who has which rights by this target; its repositories and patterns are the
   * administrators' alone. Credentials that are limited may do so only if they may manage everything. Nobody manages as
   * `anonymous`.
   */
  mayManage(principal: Principal, target: PermissionTarget): boolean {
    if (principal.kind === 'anonymous') return false
    if (this.limitsOf(principal)?.allowEverywhere('manage') === false) return false
    if (principal.admin) return true
    const own = ownNameOf(principal)
    return (
      Object.entries(target.users).some(
        ([name, actions]) => comparableUserName(name) === own && actions.includes('manage'),
      ) ||
      Object.entries(target.groups).some(
        ([name, actions]) => principal.groups.includes(name) && actions.includes('manage'),
      )
    )
  }

  /**
   * The names of the permission targets that give the right to the tag, or without one to some tag at least. An
   * administrator needs none; what the credentials' limits leave of it, `allows` knows.
   */
  grantedBy(principal: Principal, action: Action, target: AccessTarget): readonly string[] {
    const repository = this.repositoryOf(target.repositoryKey)
    if (repository === undefined) return []
    const granting = this.targets.all().filter((stored) => {
      const alone = new Grants([stored.target])
      const rights = alone.inImage(principal, this.anonymousMayEnter(), action, repository, target.image)
      return target.tag === undefined ? rights.isPartial : rights.admits(target.tag)
    })
    return granting.map((stored) => stored.target.name)
  }

  private rightsIn(principal: Principal, action: Action, target: Omit<AccessTarget, 'tag'>) {
    const repository = this.repositoryOf(target.repositoryKey)
    if (repository === undefined) return undefined
    return this.#grants.inImage(principal, this.anonymousMayEnter(), action, repository, target.image)
  }

  private repositoryOf(key: string): ContentRepository | undefined {
    const kind = this.kindOf(key)
    return kind === undefined || kind === 'virtual' ? undefined : { key, kind }
  }

  private limitsOf(principal: Principal): AccessLimits | undefined {
    if (principal.kind === 'anonymous' || principal.limits === undefined) return undefined
    let limits = this.#limits.get(principal.limits)
    if (limits === undefined) {
      limits = new AccessLimits(principal.limits)
      this.#limits.set(principal.limits, limits)
    }
    return limits
  }
}

function isAdministrator(principal: Principal): boolean {
  return principal.kind === 'user' && principal.admin
}
