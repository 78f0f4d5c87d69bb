import type { RequestOrigin, UserPrincipal } from '@entrepot/kernel'
import type { WaitingClient } from './authenticator.js'
import type { VerifiedToken } from './token-service.js'

/** What a request's `Authorization` header proved. */
export type Authentication =
  | { readonly kind: 'none' }
  | { readonly kind: 'basic'; readonly principal: UserPrincipal }
  /** An access token as `Bearer`: its limits are the principal's, it has no scopes of Docker's kind. */
  | { readonly kind: 'access-token'; readonly principal: UserPrincipal }
  | { readonly kind: 'bearer'; readonly token: VerifiedToken }

/** Turns an `Authorization` header into an identity, for `/v2` and the admin API alike. */
export interface RequestAuthenticator {
  /**
   * @param authorization the header's value, undefined when there was none
   * @param origin for the count of failures and the audit trail
   * @param client whose leaving ends the wait for the answer to a refused login
   * @throws RegistryError UNAUTHORIZED for wrong credentials or a bad token, never "none" for those;
   *   TOO_MANY_REQUESTS for too many failures; UNAVAILABLE when the source of identities can't be asked
   */
  authenticate(
    authorization: string | undefined,
    origin: RequestOrigin,
    client?: WaitingClient,
  ): Promise<Authentication>
}
