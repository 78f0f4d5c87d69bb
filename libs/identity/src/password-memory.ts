import { createHmac } from 'node:crypto'
import type { Clock } from '@entrepot/kernel'
import { LRUCache } from 'lru-cache'
import { type RandomSource, systemRandom } from './random-source.js'
import type { UserAccount } from './user-account.js'

const maximumRemembered = 10_000

interface Remembered {
  /** What the account was like. */
  readonly account: string
  readonly verifiedAt: number
}

/** Which passwords were verified, by keyed fingerprints that tell nothing outside of this process. */
export class PasswordMemory {
  readonly #remembered = new LRUCache<string, Remembered>({ max: maximumRemembered })
  readonly #key: Buffer

  constructor(
    private readonly clock: Clock,
    random: RandomSource = systemRandom,
  ) {
    this.#key = random(32)
  }

  remember(account: UserAccount, password: string): void {
    const remembered = { account: this.stateOf(account), verifiedAt: this.clock.now() }
    this.#remembered.set(this.fingerprint(account.name, password), remembered)
  }

  /** Whether the password was ever verified for the name: cheap, and not enough to let somebody in. */
  knows(name: string, password: string): boolean {
    return this.#remembered.has(this.fingerprint(name, password))
  }

  /**
   * @returns how many milliseconds ago the password was verified for this account; undefined when it never was, or when
   *   the account has another id, realm or password since, or the clock was set back
   */
  ageOf(account: UserAccount, password: string): number | undefined {
    const remembered = this.#remembered.get(this.fingerprint(account.name, password))
    if (remembered === undefined || remembered.account !== this.stateOf(account)) return undefined
    const age = this.clock.now() - remembered.verifiedAt
    return age < 0 ? undefined : age
  }

  forget(name: string, password: string): void {
    this.#remembered.delete(this.fingerprint(name, password))
  }

  private stateOf({ id, realm, passwordHash }: UserAccount): string {
    return this.fingerprint(id, realm, passwordHash ?? '')
  }

  private fingerprint(...parts: readonly string[]): string {
    return createHmac('sha256', this.#key).update(JSON.stringify(parts)).digest('base64')
  }
}
