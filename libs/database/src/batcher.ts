export interface BatcherOptions<Key, Value> {
  /** Answers at the position of each key. Keys have been checked: one that fails would fail its neighbours. */
  readonly load: (keys: readonly Key[]) => Promise<readonly Value[]>
  /** Equal for equal keys only. */
  readonly nameOf: (key: Key) => string
  readonly maximumBatch?: number
  readonly maximumInFlight?: number
}

interface Waiter<Value> {
  resolve(value: Value): void
  reject(error: unknown): void
}

interface Entry<Key, Value> {
  readonly key: Key
  readonly waiters: Waiter<Value>[]
}

/**
 * Many small reads as few larger ones: what is asked for in one turn of the event loop, and while the batches before it
 * are on their way, is loaded together, a key asked for several times once. No answer is older than its question: a key
 * joins only a batch that has not been sent. The numbers are in docs/adr/0002-digests-as-text.md.
 */
export class Batcher<Key, Value> {
  #waiting = new Map<string, Entry<Key, Value>>()
  #inFlight = 0
  #scheduled = false
  readonly #maximumBatch: number
  readonly #maximumInFlight: number

  constructor(private readonly options: BatcherOptions<Key, Value>) {
    this.#maximumBatch = options.maximumBatch ?? 64
    this.#maximumInFlight = options.maximumInFlight ?? 2
  }

  get(key: Key): Promise<Value> {
    return new Promise((resolve, reject) => {
      const name = this.options.nameOf(key)
      const waiter = { resolve, reject }
      const entry = this.#waiting.get(name)
      if (entry === undefined) this.#waiting.set(name, { key, waiters: [waiter] })
      else entry.waiters.push(waiter)
      this.schedule()
    })
  }

  private schedule(): void {
    if (this.#scheduled || this.#inFlight >= this.#maximumInFlight) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      while (this.#waiting.size > 0 && this.#inFlight < this.#maximumInFlight) void this.send(this.take())
    })
  }

  private take(): readonly Entry<Key, Value>[] {
    const batch: Entry<Key, Value>[] = []
    for (const [name, entry] of this.#waiting) {
      batch.push(entry)
      this.#waiting.delete(name)
      if (batch.length === this.#maximumBatch) break
    }
    return batch
  }

  private async send(batch: readonly Entry<Key, Value>[]): Promise<void> {
    this.#inFlight += 1
    try {
      const values = await this.options.load(batch.map(({ key }) => key))
      batch.forEach(({ waiters }, position) => {
        for (const waiter of waiters) waiter.resolve(values[position] as Value)
      })
    } catch (error) {
      for (const { waiters } of batch) for (const waiter of waiters) waiter.reject(error)
    } finally {
      this.#inFlight -= 1
      if (this.#waiting.size > 0) this.schedule()
    }
  }
}
