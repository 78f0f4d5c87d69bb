/** Which tokens of an issuer are taken: RFC 9068 access tokens say so in their header, identity tokens don't. */
export type OidcTokenType = 'id-token' | 'access-token'

/** An OpenID provider whose word is taken: for logins, for the tokens of a CI system, or both. */
export interface OidcProvider {
  readonly name: string
  readonly description: string
  /** As its tokens name it in `iss`, to the letter. */
  readonly issuer: string
  /** `generic`, `GitHub` or `Azure`, as Artifactory's `provider_type`: kept for its clients, without a meaning here. */
  readonly providerType: string
  /** What this registry is registered as there, for logins; undefined: no logins. */
  readonly client: { readonly id: string; readonly secret: string | undefined } | undefined
  /** What tokens have to be made for; undefined: none are exchanged. */
  readonly audience: string | undefined
  readonly tokenType: OidcTokenType
  /** The claim that names a user who logs in. */
  readonly nameClaim: string
  /** The claim that lists the groups of a user who logs in; undefined: none. */
  readonly groupsClaim: string | undefined
  /**
   * Whether who logs in is the user of the same name here, an administrator perhaps. Only for an issuer that is trusted to
   * name them; else names of this registry are refused, and who logs in has the rights of the groups in the claim.
   */
  readonly matchesAccounts: boolean
  /** How long the token of a login works. */
  readonly loginSeconds: number
  /** Whether an issuer that is not on this machine may be reached without TLS. */
  readonly allowInsecureHttp: boolean
}

/** Whose tokens are exchanged for what. */
export interface OidcMapping {
  readonly name: string
  readonly description: string
  /** The lowest is tried first. */
  readonly priority: number
  /** By claim, what it has to be: exactly, or an Ant pattern, or one of several. Every claim has to fit. */
  readonly claims: Readonly<Record<string, string | readonly string[]>>
  readonly token: {
    /** A user of this registry; undefined for a scope of groups. */
    readonly username: string | undefined
    readonly scope: string
    readonly audience: string | undefined
    readonly expiresInSeconds: number
  }
}

export interface StoredOidcProvider {
  readonly provider: OidcProvider
  /** By priority, then by name. */
  readonly mappings: readonly OidcMapping[]
  /** Grows with every change to the provider or a mapping of its. */
  readonly revision: number
}
