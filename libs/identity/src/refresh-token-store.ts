import type { UserId } from '@entrepot/kernel'

export interface StoredRefreshToken {
  /** SHA-256 of the token, hex: the token itself is never stored. */
  readonly hash: string
  readonly username: string
  /** Undefined for a bearer who has no account here, but an access token. */
  readonly userId: UserId | undefined
  /** The access token that was shown for it: it dies with that. */
  readonly accessTokenId: string | undefined
  /** Those of the user that were shown for it. */
  readonly credentialsRevision: number
  readonly service: string
  readonly expiresAt: Date
}

export interface RefreshTokenStore {
  /** @throws RegistryError UNAUTHORIZED when the user or the access token is gone */
  add(token: StoredRefreshToken): Promise<void>
  /** @returns undefined for an unknown, expired or revoked token */
  find(hash: string): Promise<StoredRefreshToken | undefined>
  revokeAllOf(username: string): Promise<void>
}
