import type { Clock } from '@entrepot/kernel'
import { LRUCache } from 'lru-cache'

/** A token is shown with every request; its use is written down once in this time. */
const recentMilliseconds = 60_000

const maximumRemembered = 10_000

/** Which logins were written down a moment ago. */
export class RecentLogins {
  readonly #until = new LRUCache<string, number>({ max: maximumRemembered })

  constructor(private readonly clock: Clock) {}

  /** Whether this is the first in a while; from now on it is not. */
  isNew(login: string): boolean {
    const now = this.clock.now()
    if (now < (this.#until.get(login) ?? 0)) return false
    this.#until.set(login, now + recentMilliseconds)
    return true
  }
}
