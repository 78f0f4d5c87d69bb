import { administrationScope, isAdministrator, type TokenScope } from '@entrepot/identity'
import { isRegistryError, type Principal } from '@entrepot/kernel'
import { parseImageName } from '@entrepot/oci-model'
import type { OciRepositoryDirectory } from '@entrepot/oci-repository'
import { type Address, type AddressingRules, resolveName, resolveSeen } from './addressing.js'
import type { ClientLocation } from './client-location.js'
import { type Rights, type ScopeAction, scopeActions } from './rights.js'
import { catalogScope } from './token-scope.js'

/** What of the asked scopes a principal gets: the intersection with the policy, never an error (protocol check list 53). */
export class ScopeGrants {
  constructor(
    private readonly directory: OciRepositoryDirectory,
    private readonly rights: Rights,
    private readonly rules: AddressingRules,
  ) {}

  /** Unknown types and actions, names that are none, and scopes of which nothing is left are dropped (49, 54). */
  granted(
    principal: Principal,
    asked: readonly TokenScope[],
    location: ClientLocation,
  ): readonly TokenScope[] {
    const byName = new Map<string, Set<string>>()
    for (const scope of asked) {
      const actions = this.actionsOf(principal, scope, location)
      if (actions.length === 0) continue
      const key = `${scope.type}:${scope.name}`
      byName.set(key, new Set([...(byName.get(key) ?? []), ...actions]))
    }
    return [...byName].map(([key, actions]) => {
      const colon = key.indexOf(':')
      return { type: key.slice(0, colon), name: key.slice(colon + 1), actions: [...actions] }
    })
  }

  /** Whether the principal may read anything: who may not, and has no name, gets no token at all (55). */
  readsAnything(principal: Principal): boolean {
    return this.directory.all().some((repository) => this.rights.readsSomewhere(principal, repository))
  }

  private actionsOf(principal: Principal, scope: TokenScope, location: ClientLocation): readonly string[] {
    if (scope.type === catalogScope.type && scope.name === catalogScope.name) {
      const isAsked = scope.actions.includes('*')
      return isAsked && (principal.kind === 'user' || this.readsAnything(principal)) ? ['*'] : []
    }
    if (scope.type === administrationScope.type && scope.name === administrationScope.name) {
      return isAdministrator(principal) && scope.actions.includes('*') ? ['*'] : []
    }
    if (scope.type !== 'repository') return []
    const address = this.resolve(principal, scope.name, location)
    if (address === undefined) return []
    return scopeActions
      .filter((action) => scope.actions.includes(action) || scope.actions.includes('*'))
      .filter((action) => this.mayUse(principal, action, address, scope.name))
  }

  /**
   * A token request has no `?ns=`, so a name that neither prefix, path nor host settles may yet be read from any remote
   * that `?ns=` can name, where all of it is the image; which one, and whether the caller may, is checked at use. What is
   * closed to the caller settles nothing.
   */
  private mayUse(principal: Principal, action: ScopeAction, address: Address, name: string): boolean {
    const { repository, image, means } = address
    if (this.rights.allows(principal, action, repository, image)) return true
    if (action !== 'pull' || means === 'prefix') return false
    const isSettled = means !== 'default' && this.rights.sees(principal, repository, image)
    if (isSettled) return false
    const whole = parseImageName(name)
    return this.directory
      .all()
      .some((remote) => remote.kind === 'remote' && this.rights.allows(principal, 'pull', remote, whole))
  }

  private resolve(principal: Principal, name: string, location: ClientLocation): Address | undefined {
    try {
      const written = resolveName(name, location, this.rules, this.directory)
      const place = { coordinates: location, rules: this.rules }
      return resolveSeen(written, name, place, this.directory, (repository, image) =>
        this.rights.sees(principal, repository, image),
      )
    } catch (error) {
      if (isRegistryError(error, 'NAME_INVALID')) return undefined
      throw error
    }
  }
}
