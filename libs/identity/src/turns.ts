import { RegistryError, Turns as UnboundedTurns } from '@entrepot/kernel'

/** Does what has the same key one after the other, as long as not too many wait. */
export class Turns {
  readonly #turns = new UnboundedTurns()

  constructor(private readonly maximumWaiting: number) {}

  /** @throws RegistryError TOO_MANY_REQUESTS when too many wait for the key */
  async take<T>(key: string, work: () => Promise<T>): Promise<T> {
    if (this.#turns.length(key) > this.maximumWaiting) {
      throw new RegistryError('TOO_MANY_REQUESTS', 'too many logins at once: try again in a moment', {
        retryAfterSeconds: 1,
      })
    }
    return this.#turns.take(key, work)
  }
}
