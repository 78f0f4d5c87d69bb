import { UpstreamError } from './upstream-error.js'

/** Bounds the requests under way, bodies included; the others wait in the order in which they came. */
export class ConnectionSlots {
  #active = 0
  readonly #waiting = new Set<(error?: Error) => void>()

  constructor(
    private readonly limit: number,
    private readonly waitMilliseconds: number,
    private readonly who: string,
  ) {}

  get active(): number {
    return this.#active
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /**
   * @returns the way to give the slot back, which may be called again
   * @throws UpstreamError UPSTREAM_UNAVAILABLE when none came free in time
   * @throws the signal's reason
   */
  async take(signal: AbortSignal | undefined): Promise<() => void> {
    signal?.throwIfAborted()
    if (this.#active < this.limit) this.#active += 1
    else await this.#wait(signal)
    let held = true
    return () => {
      if (!held) return
      held = false
      const [next] = this.#waiting
      if (next === undefined) this.#active -= 1
      else next()
    }
  }

  /** Those who wait fail with `error`. */
  close(error: Error): void {
    for (const settle of this.#waiting) settle(error)
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error?: unknown) => {
        this.#waiting.delete(settle)
        clearTimeout(timer)
        signal?.removeEventListener('abort', leave)
        if (error === undefined) resolve()
        else reject(error)
      }
      const leave = () => settle(signal?.reason)
      const timer = setTimeout(() => settle(this.#busy()), this.waitMilliseconds)
      signal?.addEventListener('abort', leave, { once: true })
      this.#waiting.add(settle)
    })
  }

  #busy(): UpstreamError {
    const message = `all ${this.limit} connections to ${this.who} are in use; try again later`
    return new UpstreamError('UPSTREAM_UNAVAILABLE', message, 'alive', { retryAfterSeconds: 5 })
  }
}
