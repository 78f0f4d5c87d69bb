import type { Listing, Page, UserId } from '@entrepot/kernel'
import type { DirectoryIdentity } from './directories/user-directory.js'
import type { NewUserAccount, UserAccount, UserAccountChange } from './user-account.js'

/** Names are taken in any case. */
export interface UserAccountStore {
  /** One look-up, with memberships and what they mean for `admin`. */
  find(name: string): Promise<UserAccount | undefined>
  /** By name, without transient accounts. */
  list(page: Page): Promise<Listing<UserAccount>>
  /** @throws RegistryError CONFLICT when the name is taken, REQUEST_INVALID for an unknown group */
  create(account: NewUserAccount): Promise<UserAccount>
  /** @throws RegistryError NAME_UNKNOWN; REQUEST_INVALID for an unknown group; CONFLICT when nobody could administer any more */
  update(name: string, change: UserAccountChange): Promise<UserAccount>
  /**
   * Takes the user's tokens and memberships along.
   * @returns false when there was none
   * @throws RegistryError CONFLICT when nobody could administer any more
   */
  delete(name: string): Promise<boolean>
  /** Whether anybody may administer now. */
  hasAdministrator(): Promise<boolean>
  /** Whether anybody was ever made an administrator: true for good from then on, whatever becomes of them. */
  hasHadAdministrator(): Promise<boolean>
  /**
   * After a directory has confirmed somebody: makes or renews the account, and replaces the memberships that come from
   * directories; those given here stay. Only groups that exist here count: of realm `ldap` with the directory group's name,
   * or with its name or DN as `externalId`, without regard to case (`groupsHereOf`). New accounts join the groups with `autoJoin`.
   * Who has the entry of before (`isSameEntry`) is who they were, withdrawn in between or not. Else the name is somebody
   * else's from now on: with a new id, without address, tokens, memberships and rights of the one before, those that
   * permission targets gave the name included; one who was disabled stays so.
   * A password that was changed later than any confirmation has shown raises `credentialsRevision`.
   * @param transient for a directory that makes no accounts; an existing account stays what it is
   * @throws RegistryError CONFLICT when the name belongs to an internal user or a robot
   */
  confirm(identity: DirectoryIdentity, transient: boolean, at: Date): Promise<UserAccount>
  /**
   * After the directory has said that there is no such user any more, or one who is disabled or locked there: no
   * memberships from the directory, and no `directory`, so that neither a login nor a token is good. Strangers can have
   * an account locked by guessing, so what was given here sleeps until the directory confirms the user again.
   */
  withdraw(id: UserId, at: Date): Promise<void>
  /** Puts a better hash of the same password in place of `from`. @returns false when the password has changed since */
  replaceHash(id: UserId, from: string, to: string): Promise<boolean>
  /** Whether anybody's hash is from elsewhere (`needsRehash`), and costs something else to verify. */
  hasForeignHashes(): Promise<boolean>
  recordLogin(id: UserId, at: Date): Promise<void>
}
