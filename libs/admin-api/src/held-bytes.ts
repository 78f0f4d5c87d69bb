import { RegistryError } from '@entrepot/kernel'

/** How many bytes of large bodies are held in memory at once. */
export class HeldBytes {
  #held = 0

  constructor(private readonly maximum: number) {}

  get held(): number {
    return this.#held
  }

  /**
   * @param work says by `grow` how much more it holds; all of it is let go when it ends
   * @throws RegistryError TOO_MANY_REQUESTS out of `grow` when that is too much
   */
  async hold<T>(work: (grow: (bytes: number) => void) => Promise<T>): Promise<T> {
    let own = 0
    const grow = (bytes: number) => {
      if (this.#held + bytes > this.maximum) {
        const message = 'too many large bodies are being read at once: try again'
        throw new RegistryError('TOO_MANY_REQUESTS', message, { retryAfterSeconds: 2 })
      }
      own += bytes
      this.#held += bytes
    }
    try {
      return await work(grow)
    } finally {
      this.#held -= own
    }
  }
}
