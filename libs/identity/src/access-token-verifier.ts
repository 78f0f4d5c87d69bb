import type { UserPrincipal } from '@entrepot/kernel'

/** Access tokens as passwords, for clients that know only name and password. */
export interface AccessTokenVerifier {
  /** Whether the text has the form of an access token: then it is never tried as a password. */
  isAccessToken(secret: string): boolean
  /**
   * @returns undefined when the token is unknown, expired or revoked, or its user may not log in
   * @throws RegistryError UNAVAILABLE when its user's directory has to be asked and can't be
   */
  verify(secret: string): Promise<UserPrincipal | undefined>
}
