import { RegistryError } from '@entrepot/kernel'

interface Line {
  last: Promise<unknown>
  length: number
}

/** Does what has the same key one after the other. */
export class Turns {
  readonly #lines = new Map<string, Line>()

  constructor(private readonly maximumWaiting: number) {}

  /** @throws RegistryError TOO_MANY_REQUESTS when too many wait for the key */
  async take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const line = this.#lines.get(key) ?? { last: Promise.resolve(), length: 0 }
    if (line.length > this.maximumWaiting) {
      throw new RegistryError('TOO_MANY_REQUESTS', 'too many logins at once: try again in a moment', {
        retryAfterSeconds: 1,
      })
    }
    this.#lines.set(key, line)
    line.length += 1
    const before = line.last
    const turn = before.then(work)
    // Whether a turn ended well is for who took it, not for who comes next.
    line.last = turn.catch(() => undefined)
    try {
      return await turn
    } finally {
      line.length -= 1
      if (line.length === 0) this.#lines.delete(key)
    }
  }
}
