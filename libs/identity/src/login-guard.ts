import {
  anonymous,
  type Clock,
  isRegistryError,
  type RequestOrigin,
  type UserPrincipal,
} from '@entrepot/kernel'
import { LRUCache } from 'lru-cache'
import { addressKeyOf } from './address-key.js'
import type { AuthenticatorChain } from './authenticator-chain.js'
import type { Authenticator, PasswordCredentials, WaitingClient } from './authenticator.js'
import type { FailureCount } from './failure-count.js'
import type { HeldRefusals } from './held-refusals.js'
import type { LoginAttempt, LoginBarrier } from './login-failure-store.js'
import { RecentLogins } from './recent-logins.js'
import type { TokenAttempts } from './token-attempts.js'
import { Turns } from './turns.js'
import { internalRealm } from './user-account.js'
import { isPossibleUserName, userNameOf } from './user-name.js'

/** Attempts for one name, or of one address, that may wait for each other on one replica. */
const maximumWaiting = 20

const maximumRemembered = 10_000

/**
 * Slows down and locks out who guesses passwords, on all replicas together, whether the name that they guess for exists or
 * not. Attempts for one name take turns, as do those of an address with too many failures, so that many at one time gain at
 * most one guess for each replica. Access tokens are let in whatever stands against the name, because nobody can guess
 * those, and so is who is remembered where they were before. Who is refused waits for the answer outside of every turn.
 */
export class LoginGuard implements Authenticator, TokenAttempts {
  readonly #turns = new Turns(maximumWaiting)
  readonly #turnsOfAddresses = new Turns(maximumWaiting)
  /**
   * From where a name was proven last. There the remembered pass whatever stands against the name, until a password that is
   * not remembered comes from there: else who guesses could go on for as long as somebody is remembered.
   */
  readonly #provenAt = new LRUCache<string, true>({ max: maximumRemembered })
  readonly #sharing = new Map<string, Promise<UserPrincipal | undefined>>()
  readonly #recentTokens: RecentLogins

  constructor(
    private readonly chain: AuthenticatorChain,
    private readonly failures: FailureCount,
    private readonly refusals: HeldRefusals,
    clock: Clock,
  ) {
    this.#recentTokens = new RecentLogins(clock)
  }

  async authenticate(
    credentials: PasswordCredentials,
    origin: RequestOrigin,
    client?: WaitingClient,
  ): Promise<UserPrincipal | undefined> {
    if (this.chain.isAccessToken(credentials.password)) return this.byAccessToken(credentials, origin)
    const place = placeOf(credentials, origin)
    const isProvenHere = credentials.password !== '' && this.#provenAt.has(place)
    if (isProvenHere) {
      const recalled = await this.chain.recall(credentials)
      if (recalled !== undefined) return recalled
      this.#provenAt.delete(place)
    }
    const attempt = () => this.shared(credentials, origin, isProvenHere)
    const principal = await this.refusals.holdBack(attempt, addressKeyOf(origin.address), client)
    if (principal !== undefined) this.#provenAt.set(place, true)
    return principal
  }

  /** Of a wrong token nobody knows whose it should be. */
  refused(reason: string, origin: RequestOrigin): Promise<void> {
    return this.addTokenFailure(anonymous.name, reason, origin)
  }

  /** Equal attempts at one time are one: a client sends the same password with many requests at once. */
  private async shared(
    credentials: PasswordCredentials,
    origin: RequestOrigin,
    isProvenHere: boolean,
  ): Promise<UserPrincipal | undefined> {
    if (credentials.password === '') {
      this.failures.record('refused', credentials.username, origin, { reason: 'the password is empty' })
      return undefined
    }
    const key = JSON.stringify([credentials.username, credentials.password, origin.address])
    const running = this.#sharing.get(key)
    if (running !== undefined) return running
    const attempt = this.#turns
      .take(userNameOf(credentials.username), () => this.attempt(credentials, origin, isProvenHere))
      .finally(() => this.#sharing.delete(key))
    this.#sharing.set(key, attempt)
    return attempt
  }

  private async attempt(
    credentials: PasswordCredentials,
    origin: RequestOrigin,
    isProvenHere: boolean,
  ): Promise<UserPrincipal | undefined> {
    const attempt = attemptOf(credentials.username, origin)
    const barrier = await this.failures.passBarrier(attempt, credentials.username, origin)
    // Verified elsewhere, or while this one waited for its turn. Not before the barrier: that would tell who guesses. And
    // not what a directory has verified: while that is down, wrong guesses are not counted, and the right one would be told.
    const recalled = await this.chain.recall(credentials)
    if (recalled?.realm === internalRealm) return recalled
    const prove = (current: LoginBarrier) => this.prove(attempt, current, credentials, origin, isProvenHere)
    if (!this.failures.slowsAddress(barrier)) return prove(barrier)
    return this.#turnsOfAddresses.take(attempt.address, async () => {
      // Others of the address may have failed while this one waited for its turn.
      return prove(await this.failures.passBarrier(attempt, credentials.username, origin))
    })
  }

  private async prove(
    attempt: LoginAttempt,
    barrier: LoginBarrier,
    credentials: PasswordCredentials,
    origin: RequestOrigin,
    isProvenHere: boolean,
  ): Promise<UserPrincipal | undefined> {
    const principal = await this.verify(credentials, origin, isProvenHere)
    if (principal === undefined) {
      await this.failures.add(attempt, credentials.username, origin, 'user name or password is wrong')
      return undefined
    }
    if (barrier.userFailures > 0) await this.failures.unlock(principal.name)
    this.failures.record('ok', principal.name, origin, { realm: principal.realm })
    return principal
  }

  /** Nobody guesses a token, so a right one is let in; who tries wrong ones is slowed down by address. */
  private async byAccessToken(
    credentials: PasswordCredentials,
    origin: RequestOrigin,
  ): Promise<UserPrincipal | undefined> {
    const principal = await this.verify(credentials, origin, false)
    if (principal !== undefined) {
      if (this.#recentTokens.isNew(`${principal.accessTokenId ?? principal.id} ${origin.address}`)) {
        const particulars = { realm: principal.realm, reason: 'access token' }
        this.failures.record('ok', principal.name, origin, particulars)
      }
      return principal
    }
    await this.addTokenFailure(credentials.username, 'the access token is wrong', origin)
    return undefined
  }

  private async addTokenFailure(username: string, reason: string, origin: RequestOrigin): Promise<void> {
    const attempt = { user: undefined, address: addressKeyOf(origin.address) }
    await this.failures.passBarrier(attempt, username, origin)
    await this.failures.add(attempt, username, origin, reason)
  }

  private async verify(
    credentials: PasswordCredentials,
    origin: RequestOrigin,
    isProvenHere: boolean,
  ): Promise<UserPrincipal | undefined> {
    try {
      return await this.chain.verify(credentials, isProvenHere)
    } catch (error) {
      const reason = isRegistryError(error) ? error.code : 'internal error'
      this.failures.record('failed', credentials.username, origin, { reason })
      throw error
    }
  }
}

function placeOf({ username }: PasswordCredentials, { address }: RequestOrigin): string {
  return `${addressKeyOf(address)} ${userNameOf(username)}`
}

function attemptOf(username: string, { address }: RequestOrigin): LoginAttempt {
  return {
    user: isPossibleUserName(username) ? userNameOf(username) : undefined,
    address: addressKeyOf(address),
  }
}
