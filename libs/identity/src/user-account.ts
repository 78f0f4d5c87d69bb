import type { UserId } from '@entrepot/kernel'

/** The realm of accounts that live here; every other realm is the key of a directory. */
export const internalRealm = 'internal'

/** A robot has no password: it works with access tokens only. */
export type UserKind = 'person' | 'robot'

export interface Membership {
  readonly group: string
  /** `internal` when it was given here, else the key of the directory it comes from. */
  readonly source: string
}

export interface DirectoryConfirmation {
  readonly dn: string
  readonly confirmedAt: Date
  /** The latest change of the password that the directory has shown. */
  readonly passwordChangedAt?: Date | undefined
}

export interface UserAccount {
  readonly id: UserId
  /** In lower case, as `userNameOf` makes it. */
  readonly name: string
  readonly kind: UserKind
  readonly realm: string
  readonly email: string | undefined
  /** A PHC string of argon2id, or a bcrypt hash from an htpasswd file; undefined: no password of ours. */
  readonly passwordHash: string | undefined
  /** Grows with each change of the password, here or in the directory, and when the user is disabled: refresh tokens of before are worth nothing. */
  readonly credentialsRevision: number
  /** By the account itself or by one of its groups. */
  readonly admin: boolean
  /** By the account itself. */
  readonly ownAdmin: boolean
  readonly disabled: boolean
  readonly profileUpdatable: boolean
  readonly uiAccessDisabled: boolean
  readonly internalPasswordDisabled: boolean
  /** From a directory that makes no accounts (`auto_create_user` off): known for tokens and the audit trail only. */
  readonly transient: boolean
  /** Where a directory's user was found, and when the directory last confirmed them; undefined after a withdrawal. */
  readonly directory: DirectoryConfirmation | undefined
  readonly lastLoginAt: Date | undefined
  readonly memberships: readonly Membership[]
}

export interface NewUserAccount {
  readonly name: string
  readonly kind?: UserKind
  readonly email?: string | undefined
  readonly passwordHash?: string | undefined
  readonly admin?: boolean
  readonly disabled?: boolean
  readonly profileUpdatable?: boolean
  readonly uiAccessDisabled?: boolean
  readonly internalPasswordDisabled?: boolean
  /** Given here; groups with `autoJoin` come on top. */
  readonly groups?: readonly string[]
}

/** What is absent stays as it is; `undefined` in `email` and `passwordHash` takes the value away. */
export type UserAccountChange = Partial<Omit<NewUserAccount, 'name' | 'kind'>>
