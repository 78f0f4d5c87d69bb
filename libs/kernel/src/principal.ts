/** Who is asking, as an Authenticator established it. What they may do is the AccessPolicy's to say. */
export type Principal = UserPrincipal | AnonymousPrincipal

export interface UserPrincipal {
  readonly kind: 'user'
  readonly name: string
  /** An administrator may do everything. */
  readonly admin: boolean
  /** Where the identity was verified: `internal`, later the key of a directory. */
  readonly realm: string
  readonly groups: readonly string[]
}

export interface AnonymousPrincipal {
  readonly kind: 'anonymous'
  readonly name: 'anonymous'
}

export const anonymous: AnonymousPrincipal = { kind: 'anonymous', name: 'anonymous' }
