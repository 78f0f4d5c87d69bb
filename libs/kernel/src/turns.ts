import { byCodePoint } from './page.js'

interface Line {
  last: Promise<unknown>
  length: number
}

/** Does what has the same key one after the other, on this replica. */
export class Turns {
  readonly #lines = new Map<string, Line>()

  /** How many have a turn or wait for one. */
  length(key: string): number {
    return this.#lines.get(key)?.length ?? 0
  }

  async take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const line = this.#lines.get(key) ?? { last: Promise.resolve(), length: 0 }
    this.#lines.set(key, line)
    line.length += 1
    const turn = line.last.then(work)
    // Whether a turn ended well is for who took it, not for who comes next.
    line.last = turn.catch(() => undefined)
    try {
      return await turn
    } finally {
      line.length -= 1
      if (line.length === 0) this.#lines.delete(key)
    }
  }

  /** A turn of all the keys at once; in one order, so that no two wait for each other. */
  takeAll<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
    const [first, ...others] = [...new Set(keys)].toSorted(byCodePoint)
    return first === undefined ? work() : this.take(first, () => this.takeAll(others, work))
  }
}
