import type { Listing, Page, UserId } from '@entrepot/kernel'

/** All that is known of an access token but its secret. */
export interface AccessToken {
  /** A UUID. */
  readonly id: string
  /** That of the first token, from which this one was got by refreshing, once or many times. */
  readonly familyId: string
  /** The family of the token that was shown to make this one; undefined: it was made with a password. */
  readonly parentFamilyId: string | undefined
  /** A user's name, or any other name where no account is meant. */
  readonly subject: string
  /** Undefined for a subject without an account here. */
  readonly userId: UserId | undefined
  /** As `parseAccessTokenScope` reads it. */
  readonly scope: string
  readonly audience: string
  readonly description: string
  /** Who made it: a user's name. */
  readonly createdBy: string
  readonly createdAt: Date
  /** Undefined: never. */
  readonly expiresAt: Date | undefined
  /** To the minute. */
  readonly lastUsedAt: Date | undefined
  readonly revokedAt: Date | undefined
  readonly refreshable: boolean
}

/** SHA-256, hex: the secrets themselves are never stored. */
export interface AccessTokenHashes {
  readonly secret: string
  readonly refresh: string | undefined
}

/** Each of them goes with its user. What has been expired or revoked for 90 days is forgotten. */
export interface AccessTokenStore {
  /**
   * @returns false, and stores nothing, when no token of the parent's family works any more
   * @throws RegistryError NAME_UNKNOWN when the user is gone
   */
  add(token: AccessToken, hashes: AccessTokenHashes): Promise<boolean>
  /** Expired and revoked ones too. @returns undefined for what is no UUID as well */
  find(id: string): Promise<AccessToken | undefined>
  findBySecret(hash: string): Promise<AccessToken | undefined>
  findByRefreshToken(hash: string): Promise<AccessToken | undefined>
  /** Those that work at the time, by id. @param subject undefined: of everybody */
  list(at: Date, subject: string | undefined, page: Page): Promise<Listing<AccessToken>>
  /** This one alone. @returns undefined when there was none that was not revoked before */
  revoke(id: string, at: Date): Promise<AccessToken | undefined>
  /**
   * Revokes one token and stores another in its place, in one step.
   * @returns false when the first was revoked already, and then nothing is stored
   */
  replace(id: string, token: AccessToken, hashes: AccessTokenHashes): Promise<boolean>
  /**
   * Revokes all of a family and all that were made with these, and so on; also what is being made or refreshed meanwhile.
   * @returns those that were not revoked yet, those of the family first
   */
  revokeFamily(familyId: string, at: Date): Promise<readonly AccessToken[]>
  /** The time of last use by id; an earlier one than is stored changes nothing. */
  recordUses(uses: ReadonlyMap<string, Date>): Promise<void>
}
