import { createHash } from 'node:crypto'
import type { Clock, UserId, UserPrincipal } from '@entrepot/kernel'
import { type RandomSource, systemRandom } from './random-source.js'
import type { RefreshTokenStore, StoredRefreshToken } from './refresh-token-store.js'
import { tokenRealm } from './tokens/live-access-tokens.js'
import type { TokenBearers } from './tokens/token-bearers.js'

/** `docker login` keeps one in place of the password; the user logs in again after this. */
const lifetimeMilliseconds = 90 * 24 * 60 * 60 * 1000

/** Long-lived opaque tokens that are exchanged for bearer tokens, bound to a user and a service. RFC 6749 section 6. */
export class RefreshTokens {
  constructor(
    private readonly store: RefreshTokenStore,
    private readonly bearers: TokenBearers,
    private readonly clock: Clock,
    private readonly random: RandomSource = systemRandom,
  ) {}

  /** @returns the token, which is shown this once and stored hashed */
  async issue(principal: UserPrincipal, service: string): Promise<string> {
    const token = this.random(32).toString('base64url')
    await this.store.add({
      hash: hashOf(token),
      username: principal.name,
      userId: principal.realm === tokenRealm ? undefined : principal.id,
      accessTokenId: principal.accessTokenId,
      credentialsRevision: principal.credentialsRevision ?? 0,
      service,
      expiresAt: new Date(this.clock.now() + lifetimeMilliseconds),
    })
    return token
  }

  /**
   * @returns undefined for a token that is unknown, expired, revoked, of another service, or of a user who may not log in;
   *   else who its bearer is now, with the limits of the access token that was shown for it
   */
  async redeem(token: string, service: string): Promise<UserPrincipal | undefined> {
    const stored = await this.store.find(hashOf(token))
    if (stored === undefined || stored.service !== service) return undefined
    if (stored.expiresAt.getTime() <= this.clock.now()) return undefined
    const { username: name, userId, accessTokenId } = stored
    const id = userId ?? (accessTokenId as UserId | undefined)
    const principal = id && (await this.bearers.find({ name, id, accessTokenId }))
    return principal !== undefined && isOfCurrentCredentials(stored, principal) ? principal : undefined
  }

  /** For a changed password, and for a user disabled or deleted. */
  revokeAllOf(username: string): Promise<void> {
    return this.store.revokeAllOf(username)
  }
}

/**
 * A password can be changed after it was verified and before the token for it is stored, where `revokeAllOf` doesn't find
 * it. What was got with an access token lives as long as that.
 */
function isOfCurrentCredentials(
  stored: StoredRefreshToken,
  { credentialsRevision = 0 }: UserPrincipal,
): boolean {
  // Not another than, but less than: the principal can be a second old.
  return stored.accessTokenId !== undefined || stored.credentialsRevision >= credentialsRevision
}

/** 256 random bits can't be guessed, so they need no slow hash. */
function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
