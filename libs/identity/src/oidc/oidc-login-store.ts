/** A login that went to a provider and has not come back. */
export interface PendingOidcLogin {
  /** SHA-256 of the `state` parameter, hex. */
  readonly stateHash: string
  /** SHA-256 of what the browser keeps, hex: who comes back with somebody else's state has another. */
  readonly browserHash: string
  readonly provider: string
  readonly nonce: string
  readonly codeVerifier: string
  readonly redirectUri: string
  readonly returnTo: string
  readonly expiresAt: Date
}

export interface OidcLoginStore {
  /** @throws RegistryError NAME_UNKNOWN when the provider is gone */
  add(login: PendingOidcLogin, now: Date): Promise<void>
  /** Takes it away: no state is used twice, on whatever replica. @returns undefined for none, and for one that expired */
  take(stateHash: string, now: Date): Promise<PendingOidcLogin | undefined>
}
