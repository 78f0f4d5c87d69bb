import type { UserPrincipal } from '@entrepot/kernel'

export interface PasswordCredentials {
  readonly username: string
  readonly password: string
}

/** One source of identities: the internal users now, directories later. */
export interface Authenticator {
  /**
   * @returns undefined when the user is unknown or the password wrong: nobody may tell the two apart, by answer or by time
   * @throws RegistryError UNAVAILABLE when the source can't be asked
   */
  authenticate(credentials: PasswordCredentials): Promise<UserPrincipal | undefined>
}
