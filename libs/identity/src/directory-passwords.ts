import { type Clock, isRegistryError } from '@entrepot/kernel'
import type { PasswordCredentials } from './authenticator.js'
import type { DirectoryVerdict, UserDirectories, UserDirectory } from './directories/user-directory.js'
import type { DirectoryConfirmations } from './directory-confirmations.js'
import type { PasswordMemory } from './password-memory.js'
import type { UserAccount } from './user-account.js'
import { userNameOf } from './user-name.js'

/** Who is remembered doesn't wait for a directory that could not be asked a moment ago. */
const downMilliseconds = 10_000

/** Passwords that directories know. */
export class DirectoryPasswords {
  readonly #downUntil = new Map<string, number>()

  constructor(
    private readonly directories: UserDirectories,
    private readonly confirmations: DirectoryConfirmations,
    private readonly memory: PasswordMemory,
    private readonly clock: Clock,
  ) {}

  /**
   * Asks the directory that confirmed the name before, then all of them in order, until one knows the user.
   * @param account what is known of the name; undefined for nothing
   * @param mayRecall whether a remembered password counts while the directory is down: nobody counts wrong ones then, so
   *   not for whoever could be guessing
   * @returns undefined when the password is wrong or no directory knows the name
   * @throws RegistryError UNAVAILABLE when a directory can't be asked that has or could have the user
   */
  async verify(
    account: UserAccount | undefined,
    credentials: PasswordCredentials,
    mayRecall: boolean,
  ): Promise<UserAccount | undefined> {
    const name = userNameOf(credentials.username)
    for (const directory of this.inOrder(account)) {
      const verdict = await this.ask(directory, mayRecall ? account : undefined, credentials)
      if (verdict === 'remembered') return account
      if (verdict.kind === 'confirmed') {
        return this.confirm(directory, { ...verdict.identity, username: name }, credentials.password)
      }
      this.memory.forget(name, credentials.password)
      if (verdict.kind === 'wrong-password') return undefined
    }
    return undefined
  }

  private inOrder(account: UserAccount | undefined): readonly UserDirectory[] {
    const all = this.directories.all()
    const owner = account?.directory === undefined ? undefined : this.confirmations.directoryOf(account)
    return owner === undefined ? all : [owner, ...all.filter((directory) => directory !== owner)]
  }

  /** @param account who may be remembered; undefined for nobody */
  private async ask(
    directory: UserDirectory,
    account: UserAccount | undefined,
    credentials: PasswordCredentials,
  ): Promise<DirectoryVerdict | 'remembered'> {
    const isRemembered = this.isRemembered(directory, account, credentials.password)
    if (isRemembered && this.clock.now() < (this.#downUntil.get(directory.key) ?? 0)) return 'remembered'
    try {
      const verdict = await directory.verify(credentials)
      this.#downUntil.delete(directory.key)
      return verdict
    } catch (error) {
      const explained = this.confirmations.unavailable(directory, error)
      if (!isRegistryError(explained, 'UNAVAILABLE')) throw explained
      this.#downUntil.set(directory.key, this.clock.now() + downMilliseconds)
      if (isRemembered) return 'remembered'
      throw explained
    }
  }

  /** Whether this directory has verified the password within the confirmation time. */
  private isRemembered(
    directory: UserDirectory,
    account: UserAccount | undefined,
    password: string,
  ): account is UserAccount {
    if (account?.realm !== directory.key || account.directory === undefined) return false
    const age = this.memory.ageOf(account, password)
    return age !== undefined && age < this.confirmations.confirmationMilliseconds
  }

  private async confirm(
    directory: UserDirectory,
    identity: Parameters<DirectoryConfirmations['confirm']>[1],
    password: string,
  ): Promise<UserAccount | undefined> {
    try {
      const account = await this.confirmations.confirm(directory, identity)
      this.memory.remember(account, password)
      return account
    } catch (error) {
      // The name was given to a user of this registry in this moment: the directory's word does not count any more.
      if (isRegistryError(error, 'CONFLICT')) return undefined
      throw error
    }
  }
}
