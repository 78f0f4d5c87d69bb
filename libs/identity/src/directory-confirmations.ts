import { type Clock, isRegistryError, type Logger, RegistryError } from '@entrepot/kernel'
import type { DirectoryIdentity, UserDirectories, UserDirectory } from './directories/user-directory.js'
import type { UserAccountStore } from './user-account-store.js'
import { internalRealm, type UserAccount } from './user-account.js'

const defaultConfirmationMilliseconds = 5 * 60_000

/** What the clocks of two replicas may differ by. */
const leewayMilliseconds = 60_000

/** Clients try again after this: directories are restarted in seconds or fail over. */
const retryAfterSeconds = 5

/**
 * How long a directory's word holds. An identity that was confirmed within the confirmation time works without the
 * directory; an older one is looked up again, without a password.
 */
export class DirectoryConfirmations {
  readonly #renewing = new Map<string, Promise<UserAccount | undefined>>()

  constructor(
    private readonly accounts: UserAccountStore,
    private readonly directories: UserDirectories,
    private readonly clock: Clock,
    private readonly logger: Logger,
    readonly confirmationMilliseconds: number = defaultConfirmationMilliseconds,
  ) {}

  /** The directory that confirmed the account, while it is switched on. */
  directoryOf(account: Pick<UserAccount, 'realm'>): UserDirectory | undefined {
    return this.directories.all().find(({ key }) => key === account.realm)
  }

  /** Whether nobody has to be asked. Accounts that live here need no confirmation. */
  isFresh({ realm, directory }: UserAccount): boolean {
    if (realm === internalRealm) return true
    if (directory === undefined) return false
    const age = this.clock.now() - directory.confirmedAt.getTime()
    return age >= -leewayMilliseconds && age < this.confirmationMilliseconds
  }

  /**
   * @returns the account as it is now; undefined when its directory has no such user any more or is switched off
   * @throws RegistryError UNAVAILABLE when the directory has to be asked and can't be
   */
  async renew(account: UserAccount): Promise<UserAccount | undefined> {
    if (account.realm === internalRealm) return account
    const directory = this.directoryOf(account)
    if (directory === undefined || account.directory === undefined) return undefined
    if (this.isFresh(account)) return account
    const running = this.#renewing.get(account.id)
    if (running !== undefined) return running
    const renewing = this.lookUp(directory, account).finally(() => this.#renewing.delete(account.id))
    this.#renewing.set(account.id, renewing)
    return renewing
  }

  /** After a directory has verified a password or found the user. @throws RegistryError CONFLICT for a name that lives here */
  confirm(directory: UserDirectory, identity: DirectoryIdentity): Promise<UserAccount> {
    return this.accounts.confirm(identity, !directory.createsAccounts, new Date(this.clock.now()))
  }

  /** What a directory that can't be asked means to a client; the log names it. */
  unavailable(directory: UserDirectory, error: unknown): unknown {
    if (!isRegistryError(error, 'UNAVAILABLE')) return error
    this.logger.error({ err: error, directory: directory.key }, 'a directory of users can not be asked')
    return new RegistryError(
      'UNAVAILABLE',
      'the directory of users can not be asked at present: try again in a moment, or tell the administrator',
      { retryAfterSeconds: error.retryAfterSeconds ?? retryAfterSeconds, cause: error },
    )
  }

  private async lookUp(directory: UserDirectory, account: UserAccount): Promise<UserAccount | undefined> {
    const identity = await this.ask(directory, account.name)
    if (identity !== undefined) return this.confirm(directory, identity)
    await this.accounts.withdraw(account.id, new Date(this.clock.now()))
    this.logger.info(
      { directory: directory.key, user: account.name },
      'a directory has this user no more, or disabled: no login and no token of theirs is good',
    )
    return undefined
  }

  private async ask(directory: UserDirectory, name: string): Promise<DirectoryIdentity | undefined> {
    try {
      return await directory.lookUp(name)
    } catch (error) {
      throw this.unavailable(directory, error)
    }
  }
}
