import {
  type AuditOutcome,
  type AuditTrail,
  type Clock,
  isRegistryError,
  RegistryError,
  type RequestOrigin,
  type UserPrincipal,
} from '@entrepot/kernel'
import { addressKeyOf } from './address-key.js'
import type { AuthenticatorChain } from './authenticator-chain.js'
import type { Authenticator, PasswordCredentials } from './authenticator.js'
import type { LockPolicy } from './lock-policy.js'
import type { LoginAttempt, LoginBarrier, LoginFailureStore } from './login-failure-store.js'
import { RecentLogins } from './recent-logins.js'
import { Turns } from './turns.js'
import { isPossibleUserName, userNameOf } from './user-name.js'

/** Attempts for one name, or of one address, that may wait for each other on one replica. */
const maximumWaiting = 20

/**
 * Slows down and locks out who guesses passwords, on all replicas together, whether the name that they guess for exists or
 * not. Attempts for one name take turns, as do those of an address with too many failures, so that many at one time gain at
 * most one guess for each replica. Who is remembered and access tokens are let in whatever stands against the name: nobody
 * can guess those.
 */
export class LoginGuard implements Authenticator {
  readonly #turns = new Turns(maximumWaiting)
  readonly #turnsOfAddresses = new Turns(maximumWaiting)
  readonly #sharing = new Map<string, Promise<UserPrincipal | undefined>>()
  readonly #recentTokens: RecentLogins

  constructor(
    private readonly chain: AuthenticatorChain,
    private readonly failures: LoginFailureStore,
    private readonly policies: { readonly current: LockPolicy },
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
  ) {
    this.#recentTokens = new RecentLogins(clock)
  }

  async authenticate(
    credentials: PasswordCredentials,
    origin: RequestOrigin,
  ): Promise<UserPrincipal | undefined> {
    if (credentials.password === '') {
      this.record('refused', credentials.username, origin, { reason: 'the password is empty' })
      return undefined
    }
    if (this.chain.isAccessToken(credentials.password)) return this.byAccessToken(credentials, origin)
    const recalled = await this.chain.recall(credentials)
    return recalled ?? this.shared(credentials, origin)
  }

  /** Forgets the failures of a user. @returns false when there were none */
  unlock(name: string): Promise<boolean> {
    return this.failures.unlock(userNameOf(name))
  }

  /** @returns the names of those who were locked */
  unlockAll(): Promise<readonly string[]> {
    return this.failures.unlockAll()
  }

  /**
   * The way out for whoever runs the server, as a stranger can lock every administrator.
   * @returns the names of the administrators who were locked
   */
  unlockAdministrators(): Promise<readonly string[]> {
    return this.failures.unlockAdministrators()
  }

  /** The names of the locked, known here or not. */
  locked(): Promise<readonly string[]> {
    return this.failures.locked()
  }

  /** Equal attempts at one time are one: a client sends the same password with many requests at once. */
  private shared(
    credentials: PasswordCredentials,
    origin: RequestOrigin,
  ): Promise<UserPrincipal | undefined> {
    const key = JSON.stringify([credentials.username, credentials.password, origin.address])
    const running = this.#sharing.get(key)
    if (running !== undefined) return running
    const attempt = this.#turns
      .take(userNameOf(credentials.username), () => this.attempt(credentials, origin))
      .finally(() => this.#sharing.delete(key))
    this.#sharing.set(key, attempt)
    return attempt
  }

  private async attempt(
    credentials: PasswordCredentials,
    origin: RequestOrigin,
  ): Promise<UserPrincipal | undefined> {
    // Verified while this one waited for its turn.
    const recalled = await this.chain.recall(credentials)
    if (recalled !== undefined) return recalled
    const attempt = attemptOf(credentials.username, origin)
    const barrier = await this.passBarrier(attempt, credentials.username, origin)
    if (barrier.addressFailures < this.policies.current.address.from) {
      return this.prove(attempt, barrier, credentials, origin)
    }
    return this.#turnsOfAddresses.take(attempt.address, async () => {
      // Others of the address may have failed while this one waited for its turn.
      const current = await this.passBarrier(attempt, credentials.username, origin)
      return this.prove(attempt, current, credentials, origin)
    })
  }

  private async prove(
    attempt: LoginAttempt,
    barrier: LoginBarrier,
    credentials: PasswordCredentials,
    origin: RequestOrigin,
  ): Promise<UserPrincipal | undefined> {
    const principal = await this.verify(credentials, origin)
    if (principal === undefined) {
      await this.addFailure(attempt, credentials.username, origin, 'user name or password is wrong')
      return undefined
    }
    if (barrier.userFailures > 0) await this.failures.unlock(principal.name)
    this.record('ok', principal.name, origin, { realm: principal.realm })
    return principal
  }

  /** Nobody guesses a token, so a right one is let in; who tries wrong ones is slowed down by address. */
  private async byAccessToken(
    credentials: PasswordCredentials,
    origin: RequestOrigin,
  ): Promise<UserPrincipal | undefined> {
    const principal = await this.verify(credentials, origin)
    if (principal !== undefined) {
      if (this.#recentTokens.isNew(`${principal.accessTokenId ?? principal.id} ${origin.address}`)) {
        this.record('ok', principal.name, origin, { realm: principal.realm, reason: 'access token' })
      }
      return principal
    }
    const attempt = { user: undefined, address: addressKeyOf(origin.address) }
    await this.passBarrier(attempt, credentials.username, origin)
    await this.addFailure(attempt, credentials.username, origin, 'the access token is wrong')
    return undefined
  }

  private async verify(
    credentials: PasswordCredentials,
    origin: RequestOrigin,
  ): Promise<UserPrincipal | undefined> {
    try {
      return await this.chain.verify(credentials)
    } catch (error) {
      const reason = isRegistryError(error) ? error.code : 'internal error'
      this.record('failed', credentials.username, origin, { reason })
      throw error
    }
  }

  private async addFailure(
    attempt: LoginAttempt,
    username: string,
    origin: RequestOrigin,
    reason: string,
  ): Promise<void> {
    const { locked } = await this.failures.add(attempt, this.policies.current, this.now())
    this.record('refused', username, origin, {
      reason: locked ? `${reason}, and too often: the user is locked` : reason,
    })
  }

  /** @throws RegistryError DENIED for a locked user, TOO_MANY_REQUESTS for one who has to wait */
  private async passBarrier(
    attempt: LoginAttempt,
    username: string,
    origin: RequestOrigin,
  ): Promise<LoginBarrier> {
    const barrier = await this.failures.find(attempt, this.now())
    if (barrier.locked) {
      this.record('locked', username, origin, { reason: 'the user is locked' })
      throw new RegistryError(
        'DENIED',
        'too many logins with this user name have failed: it is locked, and an administrator has to unlock it',
      )
    }
    if (barrier.blockedUntil === undefined) return barrier
    const retryAfterSeconds = Math.max(
      1,
      Math.ceil((barrier.blockedUntil.getTime() - this.clock.now()) / 1000),
    )
    this.record('locked', username, origin, { reason: 'too many failed logins, one after another' })
    throw new RegistryError(
      'TOO_MANY_REQUESTS',
      `too many logins have failed: try again in ${retryAfterSeconds} s`,
      { retryAfterSeconds },
    )
  }

  private record(
    outcome: AuditOutcome,
    actor: string,
    origin: RequestOrigin,
    particulars: { readonly realm?: string; readonly reason?: string },
  ): void {
    this.audit.record({ action: 'login', outcome, actor, origin, ...particulars })
  }

  private now(): Date {
    return new Date(this.clock.now())
  }
}

function attemptOf(username: string, { address }: RequestOrigin): LoginAttempt {
  return {
    user: isPossibleUserName(username) ? userNameOf(username) : undefined,
    address: addressKeyOf(address),
  }
}
