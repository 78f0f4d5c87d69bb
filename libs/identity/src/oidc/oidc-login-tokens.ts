import { type Logger, RegistryError } from '@entrepot/kernel'
import { groupScopeText } from '../tokens/access-token-scope.js'
import type { AccessTokens, CreatedAccessToken } from '../tokens/access-tokens.js'
import type { UserAccountStore } from '../user-account-store.js'
import { isPossibleUserName, userNameOf } from '../user-name.js'
import type { OidcClaims } from './matching-mapping.js'
import type { OidcProvider } from './oidc-provider.js'

const maximumGroups = 1000

/** What somebody gets who has logged in at a provider. */
export class OidcLoginTokens {
  constructor(
    private readonly accessTokens: AccessTokens,
    private readonly accounts: Pick<UserAccountStore, 'find'>,
    private readonly logger: Logger,
  ) {}

  /**
   * The user of the name where the provider is trusted to name users; else `<provider>/<name>` with the rights of the
   * groups in its claim.
   * @throws RegistryError UNAUTHORIZED without a name, DENIED for somebody without any rights here
   */
  async issue(provider: OidcProvider, claims: OidcClaims): Promise<CreatedAccessToken> {
    const name = nameIn(provider, claims)
    const account = await this.accounts.find(name)
    const common = { expiresInSeconds: provider.loginSeconds, description: `login by ${provider.name}` }
    const createdBy = `oidc/${provider.name}`
    if (account !== undefined) {
      if (!provider.matchesAccounts || account.disabled || account.kind === 'robot') {
        const reason = provider.matchesAccounts
          ? 'disabled, or a robot'
          : 'of this registry, not of the provider'
        throw this.denied(provider, name, reason)
      }
      const wanted = { ...common, subject: account.name, scope: 'applied-permissions/user' }
      return this.accessTokens.createFor(account, wanted, createdBy)
    }
    const groups = groupsIn(provider, claims)
    if (groups.length === 0) throw this.denied(provider, name, 'neither a user nor in a group')
    const wanted = { ...common, subject: `${provider.name}/${name}`, scope: groupScopeText(groups) }
    return this.accessTokens.createFor(undefined, wanted, createdBy)
  }

  private denied(provider: OidcProvider, name: string, reason: string): RegistryError {
    this.logger.warn(
      { provider: provider.name, name, reason },
      'somebody who logged in at an OpenID provider is refused',
    )
    return new RegistryError(
      'DENIED',
      `${JSON.stringify(name)} has no access here: the administrator finds the reason in the server log`,
    )
  }
}

/** An address that the provider has not verified is whatever somebody typed. */
function nameIn({ nameClaim }: OidcProvider, claims: OidcClaims): string {
  const said = Object.hasOwn(claims, nameClaim) ? claims[nameClaim] : undefined
  if (typeof said !== 'string' || !isPossibleUserName(said)) {
    throw new RegistryError(
      'UNAUTHORIZED',
      `the OpenID provider gives no name in the claim ${JSON.stringify(nameClaim)}`,
    )
  }
  if (nameClaim === 'email' && claims['email_verified'] !== true) {
    throw new RegistryError('UNAUTHORIZED', 'the OpenID provider has not verified the email address')
  }
  return userNameOf(said)
}

/** Names with a quote can't stand in a scope, and are no group's here. */
function groupsIn({ groupsClaim }: OidcProvider, claims: OidcClaims): readonly string[] {
  const said = groupsClaim !== undefined && Object.hasOwn(claims, groupsClaim) ? claims[groupsClaim] : []
  const names = (Array.isArray(said) ? (said as readonly unknown[]) : [said]).filter(
    (name): name is string => typeof name === 'string' && /^[^"\p{C}]{1,255}$/u.test(name),
  )
  return [...new Set(names)].slice(0, maximumGroups)
}
