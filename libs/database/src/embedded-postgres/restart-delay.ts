import type { Clock } from '@entrepot/kernel'

const firstMilliseconds = 250
const longestMilliseconds = 30_000
/** Whoever ran this long was well: the next failure starts from the shortest delay. */
const healthyMilliseconds = 60_000

/** How long to wait before the next restart: doubling, and short again after a time without failures. */
export class RestartDelay {
  #milliseconds = firstMilliseconds
  #lastFailure = Number.NEGATIVE_INFINITY

  constructor(private readonly clock: Clock) {}

  next(): number {
    const now = this.clock.now()
    if (now - this.#lastFailure > healthyMilliseconds) this.#milliseconds = firstMilliseconds
    this.#lastFailure = now
    const delay = this.#milliseconds
    this.#milliseconds = Math.min(delay * 2, longestMilliseconds)
    return delay
  }
}
