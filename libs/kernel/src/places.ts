import { RegistryError } from './registry-error.js'

export interface PlaceLimits {
  /** What is done at one time. */
  readonly concurrency: number
  /** What may wait for its turn; more is refused, because its clients would give up before. */
  readonly waiting: number
}

/** A bound on what a crowd can cost, within this process. */
export class Places {
  #taken = 0
  readonly #waiting: (() => void)[] = []

  /** @param what is bounded, for who is refused: `logins` */
  constructor(
    private readonly limits: PlaceLimits,
    private readonly what: string,
  ) {}

  /** @throws RegistryError TOO_MANY_REQUESTS when too many are waiting */
  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#taken < this.limits.concurrency) this.#taken += 1
    else await this.handedOn()
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#taken -= 1
      else next()
    }
  }

  /** Resolves when somebody who is done hands their place on. */
  private handedOn(): Promise<void> {
    if (this.#waiting.length >= this.limits.waiting) {
      throw new RegistryError('TOO_MANY_REQUESTS', `too many ${this.what} at once: try again in a moment`, {
        retryAfterSeconds: 2,
      })
    }
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
}
