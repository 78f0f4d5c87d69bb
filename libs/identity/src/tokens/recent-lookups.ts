import type { Clock } from '@entrepot/kernel'
import { LRUCache } from 'lru-cache'

interface Lookup<Value> {
  readonly value: Promise<Value>
  readonly freshUntil: number
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
    if (known !== undefined && this.clock.now() < known.freshUntil) return known.value
    const lookup = { value: this.load(key), freshUntil: this.clock.now() + this.freshMilliseconds }
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
