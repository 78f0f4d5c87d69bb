import { type Clock, isRecent } from '@entrepot/kernel'
import { LRUCache } from 'lru-cache'

interface Lookup<Value> {
  readonly value: Promise<Value>
  readonly startedAt: number
}

/** What was looked up a moment ago; equal questions at one time are one look-up, and a failure is not kept. */
export class RecentLookups<Value> {
  readonly #lookups: LRUCache<string, Lookup<Value>>

  constructor(
    private readonly load: (key: string) => Promise<Value>,
    private readonly clock: Clock,
    /** How old an answer may be, in milliseconds. */
    private readonly freshMilliseconds: number,
    maximum = 10_000,
  ) {
    this.#lookups = new LRUCache({ max: maximum })
  }

  get(key: string): Promise<Value> {
    const known = this.#lookups.get(key)
    const now = this.clock.now()
    if (known !== undefined && isRecent(known.startedAt, now, this.freshMilliseconds)) return known.value
    const lookup = { value: this.load(key), startedAt: now }
    this.#lookups.set(key, lookup)
    lookup.value.catch(() => {
      if (this.#lookups.peek(key) === lookup) this.#lookups.delete(key)
    })
    return lookup.value
  }

  clear(): void {
    this.#lookups.clear()
  }
}
