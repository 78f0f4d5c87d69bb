import type { Action } from './action.js'

/** Who is asking, as an Authenticator established it. What they may do is the AccessPolicy's to say. */
export type Principal = UserPrincipal | AnonymousPrincipal

/** Never used again: who is made anew under an old name is another user. */
export type UserId = string & { readonly __brand: 'UserId' }

export interface UserPrincipal {
  readonly kind: 'user'
  readonly id: UserId
  readonly name: string
  /** An administrator may do everything. */
  readonly admin: boolean
  /** Where the identity was verified: `internal`, or the key of a directory. */
  readonly realm: string
  readonly groups: readonly string[]
  /** Which credentials of the user were shown: it grows when they are changed. Undefined where there are none here. */
  readonly credentialsRevision?: number | undefined
  /** Only what the groups may counts, nothing that was given to the name: from a token for groups. */
  readonly groupsOnly?: boolean | undefined
  /** At most what the credentials shown may do, for administrators too; undefined: whatever their user may. */
  readonly limits?: readonly AccessLimit[] | undefined
  /** Whether the access token that was shown is for the system's metrics. */
  readonly readsMetrics?: boolean | undefined
  /** The access token that was shown, or that a bearer token was got with. */
  readonly accessTokenId?: string | undefined
}

/** One part of what an access token may do at most; several add up. */
export interface AccessLimit {
  /** A repository's key, or `*` for any. */
  readonly repositoryKey: string
  /** An Ant pattern over the image and over `image/tag`. */
  readonly path: string
  readonly actions: readonly Action[]
}

export interface AnonymousPrincipal {
  readonly kind: 'anonymous'
  readonly name: 'anonymous'
}

export const anonymous: AnonymousPrincipal = { kind: 'anonymous', name: 'anonymous' }
