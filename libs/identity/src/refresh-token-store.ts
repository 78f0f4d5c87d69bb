export interface StoredRefreshToken {
  /** SHA-256 of the token, hex: the token itself is never stored. */
  readonly hash: string
  readonly username: string
  readonly service: string
  readonly expiresAt: Date
}

export interface RefreshTokenStore {
  add(token: StoredRefreshToken): Promise<void>
  /** @returns undefined for an unknown, expired or revoked token */
  find(hash: string): Promise<StoredRefreshToken | undefined>
  revokeAllOf(username: string): Promise<void>
}
