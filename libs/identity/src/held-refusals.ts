import {
  type Clock,
  isRecent,
  isRegistryError,
  type Logger,
  type Pause,
  RegistryError,
  type UserPrincipal,
} from '@entrepot/kernel'
import type { WaitingClient } from './authenticator.js'
import type { UserDirectories } from './directories/user-directory.js'
import type { UserAccountStore } from './user-account-store.js'

/** What makes one refusal take longer than another. */
export interface UnevenSources {
  readonly directories: Pick<UserDirectories, 'all'>
  readonly accounts: Pick<UserAccountStore, 'hasForeignHashes'>
}

export interface RefusalLimits {
  /** Refusals are answered at multiples of this after the attempt began; 0 to answer each when it is decided. */
  readonly stepMilliseconds: number
  /** How many may be held at one time. */
  readonly held: number
  /** How many of one address. */
  readonly heldOfAddress: number
}

export const defaultRefusalLimits: RefusalLimits = { stepMilliseconds: 1000, held: 5000, heldOfAddress: 200 }

export interface Time {
  readonly clock: Clock
  readonly pause: Pause
}

/** On every replica within a second. */
const knownMilliseconds = 1000

const warningMilliseconds = 10 * 60_000

/**
 * Answers refused logins at multiples of a step after they began, so that the time tells nothing of the user: a directory
 * answers sooner for a name that it does not have, and hashes from elsewhere cost more than ours. Held are wrong passwords,
 * and also who is slowed down or locked, because they may have waited for the turn of somebody else's attempt. Where no
 * directory is asked and all hashes are ours, refusals cost the same, and nobody waits.
 */
export class HeldRefusals {
  #held = 0
  readonly #heldOf = new Map<string, number>()
  #foreign: { readonly since: number; readonly answer: Promise<boolean> } | undefined
  #warnedAt = Number.NEGATIVE_INFINITY

  constructor(
    private readonly sources: UnevenSources,
    private readonly limits: RefusalLimits,
    private readonly time: Time,
    private readonly logger: Logger,
  ) {}

  /**
   * @param attempt is not made when too many are held, so that even the refusal of that tells nothing
   * @param address as `addressKeyOf` makes it
   * @returns what the attempt found: at once when it succeeded
   * @throws what the attempt throws: at once when it could not be decided; RegistryError TOO_MANY_REQUESTS when too many
   *   are held
   */
  async holdBack(
    attempt: () => Promise<UserPrincipal | undefined>,
    address: string,
    client: WaitingClient | undefined,
  ): Promise<UserPrincipal | undefined> {
    const began = this.time.clock.now()
    this.refuseWithoutRoom(address)
    try {
      const principal = await attempt()
      if (principal === undefined) await this.hold(began, address, client)
      return principal
    } catch (error) {
      if (isRegistryError(error, 'DENIED', 'TOO_MANY_REQUESTS')) {
        await this.hold(began, address, client)
      }
      throw error
    }
  }

  private async hold(began: number, address: string, client: WaitingClient | undefined): Promise<void> {
    if (this.limits.stepMilliseconds === 0 || !(await this.areUneven())) return
    this.change(address, 1)
    try {
      await this.time.pause(this.remaining(began), client?.signal)
    } finally {
      this.change(address, -1)
    }
  }

  private remaining(began: number): number {
    const step = this.limits.stepMilliseconds
    // A clock that was set back or ahead in between costs one step at the most.
    const taken = Math.max(0, this.time.clock.now() - began)
    if (taken > step) this.warn(taken)
    return Math.max(1, Math.ceil(taken / step)) * step - taken
  }

  private refuseWithoutRoom(address: string): void {
    if (this.#held < this.limits.held && (this.#heldOf.get(address) ?? 0) < this.limits.heldOfAddress) return
    throw new RegistryError('TOO_MANY_REQUESTS', 'too many refused logins at once: try again in a moment', {
      retryAfterSeconds: Math.ceil(this.limits.stepMilliseconds / 1000),
    })
  }

  private change(address: string, by: 1 | -1): void {
    this.#held += by
    const ofAddress = (this.#heldOf.get(address) ?? 0) + by
    if (ofAddress === 0) this.#heldOf.delete(address)
    else this.#heldOf.set(address, ofAddress)
  }

  private async areUneven(): Promise<boolean> {
    return this.sources.directories.all().length > 0 || (await this.hasForeignHashes())
  }

  private hasForeignHashes(): Promise<boolean> {
    const now = this.time.clock.now()
    if (this.#foreign === undefined || !isRecent(this.#foreign.since, now, knownMilliseconds)) {
      const answer = this.sources.accounts.hasForeignHashes()
      this.#foreign = { since: now, answer }
    }
    return this.#foreign.answer
  }

  /** What is above one step is seen from outside, if only in steps. */
  private warn(milliseconds: number): void {
    const now = this.time.clock.now()
    if (isRecent(this.#warnedAt, now, warningMilliseconds)) return
    this.#warnedAt = now
    this.logger.warn(
      { milliseconds, stepMilliseconds: this.limits.stepMilliseconds },
      'a refused login took longer than ENTREPOT_LOGIN_REFUSAL_MILLISECONDS, so that its time tells something of the user',
    )
  }
}
