import { needsRehash, type PasswordHasher } from './password-hasher.js'
import type { PasswordMemory } from './password-memory.js'
import type { UserAccountStore } from './user-account-store.js'
import type { UserAccount } from './user-account.js'

/** Passwords of accounts that live here. */
export class InternalPasswords {
  constructor(
    private readonly accounts: UserAccountStore,
    private readonly hasher: PasswordHasher,
    private readonly memory: PasswordMemory,
  ) {}

  /**
   * Computes one hash whoever the account is, and for none at all.
   * @param account undefined for nobody
   * @returns the account as it is now; undefined when the password is wrong or none of this account's counts
   * @throws RegistryError TOO_MANY_REQUESTS when too many hashes are to be computed
   */
  async verify(account: UserAccount | undefined, password: string): Promise<UserAccount | undefined> {
    const countsAny = account !== undefined && mayUsePassword(account)
    const matches = await this.hasher.verify(countsAny ? account.passwordHash : undefined, password)
    if (!matches || account === undefined) return undefined
    const current = await this.withGoodHash(account, password)
    this.memory.remember(current, password)
    return current
  }

  /** Hashes from elsewhere are replaced at the first chance, which is when the password is known. */
  private async withGoodHash(account: UserAccount, password: string): Promise<UserAccount> {
    if (account.passwordHash === undefined || !needsRehash(account.passwordHash)) return account
    const passwordHash = await this.hasher.hash(password)
    const replaced = await this.accounts.replaceHash(account.id, account.passwordHash, passwordHash)
    return replaced ? { ...account, passwordHash } : account
  }
}

/** Robots work with access tokens only. */
function mayUsePassword({ kind, disabled, internalPasswordDisabled }: UserAccount): boolean {
  return kind === 'person' && !disabled && !internalPasswordDisabled
}
