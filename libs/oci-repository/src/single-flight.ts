/** Runs work once for all who ask for it under the same key while it runs. */
export class SingleFlight<T> {
  readonly #running = new Map<string, Promise<T>>()

  do(key: string, work: () => Promise<T>): Promise<T> {
    const running = this.#running.get(key)
    if (running !== undefined) return running
    const started = work().finally(() => this.#running.delete(key))
    // Those who wait are told; when all have left, nobody has to be, and it must not end the process.
    started.catch(() => undefined)
    this.#running.set(key, started)
    return started
  }
}
