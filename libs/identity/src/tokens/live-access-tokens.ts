import type { Clock, UserId, UserPrincipal } from '@entrepot/kernel'
import type { AccessTokenVerifier } from '../access-token-verifier.js'
import type { PrincipalSource } from '../principal-source.js'
import { type AccessTokenScope, parseAccessTokenScope } from './access-token-scope.js'
import { hashOfSecret, isSecret } from './access-token-secret.js'
import type { AccessToken, AccessTokenStore } from './access-token-store.js'
import type { AccessTokenUses } from './access-token-uses.js'
import { isMeantForHere } from './audience.js'
import { RecentLookups } from './recent-lookups.js'

/** How long a token that was revoked on another replica may go on here. */
const freshMilliseconds = 1000

/** The realm of a token's subject that has no account here. */
export const tokenRealm = 'token'

interface Known {
  readonly token: AccessToken
  readonly scope: AccessTokenScope
}

/** What access tokens are worth at this moment. */
export class LiveAccessTokens implements AccessTokenVerifier {
  readonly #bySecret: RecentLookups<Known | undefined>
  readonly #byId: RecentLookups<Known | undefined>

  constructor(
    store: Pick<AccessTokenStore, 'find' | 'findBySecret'>,
    private readonly principals: Pick<PrincipalSource, 'find'>,
    private readonly uses: Pick<AccessTokenUses, 'note'>,
    private readonly clock: Clock,
  ) {
    const bySecret = async (hash: string) => knownOf(await store.findBySecret(hash))
    this.#bySecret = new RecentLookups(bySecret, clock, freshMilliseconds)
    this.#byId = new RecentLookups(async (id) => knownOf(await store.find(id)), clock, freshMilliseconds)
  }

  isAccessToken(secret: string): boolean {
    return isSecret('access', secret)
  }

  async verify(secret: string): Promise<UserPrincipal | undefined> {
    if (!this.isAccessToken(secret)) return undefined
    return this.principal(await this.#bySecret.get(hashOfSecret(secret)))
  }

  /** For what was got with an access token: it lives as long as the token, and its use is the token's. */
  async principalOf(id: string): Promise<UserPrincipal | undefined> {
    return this.principal(await this.#byId.get(id))
  }

  /** After a change made on this replica, so that it is seen here at once. */
  forget(): void {
    this.#bySecret.clear()
    this.#byId.clear()
  }

  private async principal(known: Known | undefined): Promise<UserPrincipal | undefined> {
    if (known === undefined || !isLive(known.token, this.clock.now())) return undefined
    if (!isMeantForHere(known.token.audience)) return undefined
    const principal = await this.bearerOf(known)
    if (principal !== undefined) this.uses.note(known.token.id)
    return principal
  }

  private async bearerOf({ token, scope }: Known): Promise<UserPrincipal | undefined> {
    if (token.userId === undefined) return subjectWithoutAccount(token, scope)
    const user = await this.principals.find(token.subject, token.userId)
    return user === undefined ? undefined : narrowed(user, token, scope)
  }
}

export function isLive(token: AccessToken, now: number): boolean {
  return token.revokedAt === undefined && (token.expiresAt === undefined || now < token.expiresAt.getTime())
}

function knownOf(token: AccessToken | undefined): Known | undefined {
  return token && { token, scope: parseAccessTokenScope(token.scope) }
}

/** A scope only takes away. */
function narrowed(user: UserPrincipal, token: AccessToken, scope: AccessTokenScope): UserPrincipal {
  const principal = { ...user, ...metricsOf(scope), limits: scope.limits, accessTokenId: token.id }
  if (typeof scope.rights === 'string') return principal
  const named = new Set(scope.rights.groups)
  return {
    ...principal,
    admin: false,
    groups: user.groups.filter((group) => named.has(group)),
    groupsOnly: true,
  }
}

/** Such a token was made by an administrator for groups; its name has no rights, whoever may get it as a user. */
function subjectWithoutAccount(token: AccessToken, scope: AccessTokenScope): UserPrincipal {
  return {
    kind: 'user',
    id: token.id as UserId,
    name: token.subject,
    admin: false,
    realm: tokenRealm,
    groups: typeof scope.rights === 'string' ? [] : scope.rights.groups,
    groupsOnly: true,
    limits: scope.limits,
    accessTokenId: token.id,
    ...metricsOf(scope),
  }
}

function metricsOf({ metrics }: AccessTokenScope): Pick<UserPrincipal, 'readsMetrics'> {
  return metrics ? { readsMetrics: true } : {}
}
