import type { Listing, Page, UserId } from '@entrepot/kernel'
import type { DirectoryIdentity } from './directories/user-directory.js'
import type { NewUserAccount, UserAccount, UserAccountChange } from './user-account.js'

export interface UserAccountStore {
  find(name: string): Promise<UserAccount | undefined>
  /** By name, without transient accounts. */
  list(page: Page): Promise<Listing<UserAccount>>
  /** @throws RegistryError CONFLICT when the name is taken, REQUEST_INVALID for an unknown group */
  create(account: NewUserAccount): Promise<UserAccount>
  /** @throws RegistryError NAME_UNKNOWN, REQUEST_INVALID for an unknown group */
  update(name: string, change: UserAccountChange): Promise<UserAccount>
  /** Takes the user's tokens and memberships along. @returns false when there was none */
  delete(name: string): Promise<boolean>
  /** Whether anybody may administer: false only before the first start is done. */
  hasAdministrator(): Promise<boolean>
  /**
   * After a directory has confirmed somebody: makes or renews the account, and replaces the memberships that come from
   * directories; those given here stay. Only groups that exist here count: of realm `ldap` with the directory group's name,
   * or with its name or DN as `externalId`.
   * @param transient for a directory that makes no accounts; an existing account stays what it is
   * @throws RegistryError CONFLICT when the name belongs to an internal user or a robot
   */
  confirm(identity: DirectoryIdentity, transient: boolean, at: Date): Promise<UserAccount>
  /** After the directory has said that there is no such user any more: no memberships, no tokens, no login. */
  withdraw(id: UserId): Promise<void>
  recordLogin(id: UserId, at: Date): Promise<void>
}
