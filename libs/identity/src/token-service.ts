import type { Principal } from '@entrepot/kernel'

/** One `type:name:actions` of a token request. Docker token specification, "Resource Scope". */
export interface TokenScope {
  /** `repository` or `registry`. */
  readonly type: string
  /** The name as the client sees it: with the repository key when it addresses by path. */
  readonly name: string
  readonly actions: readonly string[]
}

export interface IssuedToken {
  readonly token: string
  readonly expiresInSeconds: number
  readonly issuedAt: Date
}

export interface VerifiedToken {
  readonly principal: Principal
  /** At most what the bearer may do; what they really may is checked at use. */
  readonly scopes: readonly TokenScope[]
}

/** The registry's own bearer tokens. */
export interface TokenService {
  issue(principal: Principal, scopes: readonly TokenScope[]): Promise<IssuedToken>
  /**
   * @throws ForgedToken (UNAUTHORIZED) when the token is malformed, of another issuer or audience, or forged; RegistryError
   *   UNAUTHORIZED when it is over, or its bearer may not log in any more
   */
  verify(token: string): Promise<VerifiedToken>
}
