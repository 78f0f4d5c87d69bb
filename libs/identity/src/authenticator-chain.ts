import type { Clock, UserPrincipal } from '@entrepot/kernel'
import type { AccessTokenVerifier } from './access-token-verifier.js'
import type { Authenticator, PasswordCredentials } from './authenticator.js'
import type { DirectoryConfirmations } from './directory-confirmations.js'
import type { DirectoryPasswords } from './directory-passwords.js'
import type { InternalPasswords } from './internal-passwords.js'
import type { PasswordMemory } from './password-memory.js'
import { principalOf } from './principal-source.js'
import type { UserAccountStore } from './user-account-store.js'
import { internalRealm, type UserAccount } from './user-account.js'
import { isPossibleUserName, userNameOf } from './user-name.js'

/**
 * Docker sends the password with every token request and curl with every request: a hash or a bind each would be felt.
 * Never longer than a directory's confirmation.
 */
const rememberedMilliseconds = 60_000

export interface AuthenticatorSources {
  readonly internal: InternalPasswords
  readonly directories: DirectoryPasswords
  readonly confirmations: DirectoryConfirmations
  readonly accessTokens: AccessTokenVerifier
}

/** Every way to prove an identity by name and password, each name in one of them only. */
export class AuthenticatorChain implements Authenticator {
  constructor(
    private readonly accounts: UserAccountStore,
    private readonly sources: AuthenticatorSources,
    private readonly memory: PasswordMemory,
    private readonly clock: Clock,
  ) {}

  /** As for somebody who comes from where they have proven who they are. */
  async authenticate(credentials: PasswordCredentials): Promise<UserPrincipal | undefined> {
    return (await this.recall(credentials)) ?? (await this.verify(credentials, true))
  }

  isAccessToken(password: string): boolean {
    return this.sources.accessTokens.isAccessToken(password)
  }

  /** @returns who proved the same a moment ago and may still log in: without a hash, without a directory */
  async recall({ username, password }: PasswordCredentials): Promise<UserPrincipal | undefined> {
    const name = userNameOf(username)
    if (!isPossibleUserName(username) || !this.memory.knows(name, password)) return undefined
    const account = await this.accounts.find(name)
    if (account === undefined || !this.mayStillLogIn(account)) return undefined
    const age = this.memory.ageOf(account, password)
    return age !== undefined && age < this.rememberedMilliseconds(account) ? principalOf(account) : undefined
  }

  /**
   * @param isProvenHere whether the name was proven where the attempt comes from: only there a remembered password
   *   bridges the outage of a directory
   * @returns undefined when the user is unknown or the password wrong
   * @throws RegistryError UNAVAILABLE when a directory can't be asked, TOO_MANY_REQUESTS when hashes queue up
   */
  async verify(credentials: PasswordCredentials, isProvenHere: boolean): Promise<UserPrincipal | undefined> {
    const { username, password } = credentials
    if (password === '') return undefined
    if (this.isAccessToken(password)) return this.byAccessToken(username, password)
    const isPossible = isPossibleUserName(username)
    const account = isPossible ? await this.accounts.find(username) : undefined
    const livesHere = account !== undefined && (account.realm === internalRealm || account.kind === 'robot')
    if (!isPossible || livesHere || account?.disabled === true) {
      return this.admit(await this.sources.internal.verify(livesHere ? account : undefined, password))
    }
    const verified = await this.sources.directories.verify(account, credentials, isProvenHere)
    // The same work as for a wrong password of an account that lives here.
    if (verified === undefined) await this.sources.internal.verify(undefined, password)
    return this.admit(verified)
  }

  /** A token is its user's: with another name beside it, somebody is mistaken or guesses. */
  private async byAccessToken(username: string, token: string): Promise<UserPrincipal | undefined> {
    const principal = await this.sources.accessTokens.verify(token)
    if (principal === undefined) return undefined
    return userNameOf(principal.name) === userNameOf(username) ? principal : undefined
  }

  private async admit(account: UserAccount | undefined): Promise<UserPrincipal | undefined> {
    if (account === undefined || account.disabled) return undefined
    await this.accounts.recordLogin(account.id, new Date(this.clock.now()))
    return principalOf(account)
  }

  private mayStillLogIn(account: UserAccount): boolean {
    if (account.disabled) return false
    if (account.realm === internalRealm) return account.kind === 'person' && !account.internalPasswordDisabled
    const { confirmations } = this.sources
    return confirmations.directoryOf(account) !== undefined && confirmations.isFresh(account)
  }

  private rememberedMilliseconds(account: UserAccount): number {
    if (account.realm === internalRealm) return rememberedMilliseconds
    return Math.min(rememberedMilliseconds, this.sources.confirmations.confirmationMilliseconds)
  }
}
