import type { RequestOrigin, UserPrincipal } from '@entrepot/kernel'

export interface PasswordCredentials {
  readonly username: string
  readonly password: string
}

/** Who waits for the answer. */
export interface WaitingClient {
  /** Aborted when nobody waits any more. Looked at only when there is something to wait for. */
  readonly signal: AbortSignal
}

/** One way to prove an identity by name and password, or all of them together. */
export interface Authenticator {
  /**
   * @param origin for the count of failures and the audit trail
   * @param client whose leaving ends the wait for the answer to a refused login
   * @returns undefined when the user is unknown or the password wrong: nobody may tell the two apart, by answer or by time
   * @throws RegistryError UNAVAILABLE when the source can't be asked, TOO_MANY_REQUESTS or DENIED after too many failures
   */
  authenticate(
    credentials: PasswordCredentials,
    origin: RequestOrigin,
    client?: WaitingClient,
  ): Promise<UserPrincipal | undefined>
}
