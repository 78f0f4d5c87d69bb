import type { PasswordCredentials } from '../authenticator.js'

export interface DirectoryGroup {
  readonly name: string
  readonly dn: string | undefined
}

/** What a directory says about a user. */
export interface DirectoryIdentity {
  /** The key of the directory. */
  readonly directory: string
  /** As `userNameOf` makes it of what the user typed. */
  readonly username: string
  readonly dn: string
  /**
   * What the server gave the entry for good, as `kind:value`: it survives a change of the DN, and no other entry ever gets
   * it. Undefined where the server shows none.
   */
  readonly uniqueId: string | undefined
  /** Undefined where the server does not show it. */
  readonly passwordChangedAt?: Date | undefined
  readonly email: string | undefined
  readonly groups: readonly DirectoryGroup[]
}

export type DirectoryVerdict =
  | { readonly kind: 'confirmed'; readonly identity: DirectoryIdentity }
  | { readonly kind: 'wrong-password' }
  | { readonly kind: 'unknown' }

/** One LDAP server, or several that hold the same, as they are configured under one key. */
export interface UserDirectory {
  readonly key: string
  /** Whether somebody who logs in gets an account here. */
  readonly createsAccounts: boolean
  /**
   * Searches and binds as the user.
   * @throws RegistryError UNAVAILABLE when the directory can't be asked: never taken for a wrong password;
   *   TOO_MANY_REQUESTS when too many wait for it
   */
  verify(credentials: PasswordCredentials): Promise<DirectoryVerdict>
  /**
   * Looks up without a password, for somebody confirmed before.
   * @returns undefined when there is no such user any more, or one who is disabled or locked there
   * @throws RegistryError UNAVAILABLE
   */
  lookUp(username: string): Promise<DirectoryIdentity | undefined>
}

/** The directories that are switched on, in the order in which they are asked. */
export interface UserDirectories {
  all(): readonly UserDirectory[]
}
