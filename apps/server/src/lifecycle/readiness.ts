import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '@entrepot/kernel'

export type ReadinessCheck = () => Promise<void>

export interface ReadinessReport {
  readonly ready: boolean
  /** By part: `ok`, or what is wrong, in words fit for everybody to read. */
  readonly parts: Readonly<Record<string, string>>
}

/** A part that says nothing in this time is not ready. */
const patienceMilliseconds = 2_000

/** Whether requests should be sent here. Parts that can't be asked now are reported by name; the reason is logged. */
export class Readiness {
  #shuttingDown = false
  #asking: Promise<ReadinessReport> | undefined

  constructor(
    private readonly checks: Readonly<Record<string, ReadinessCheck>>,
    private readonly logger: Logger,
  ) {}

  /** From now on nothing is ready any more. */
  shuttingDown(): void {
    this.#shuttingDown = true
  }

  /** Questions at one time share an answer: anybody may ask, and a check costs a write. */
  report(): Promise<ReadinessReport> {
    this.#asking ??= this.askAll().finally(() => (this.#asking = undefined))
    return this.#asking
  }

  private async askAll(): Promise<ReadinessReport> {
    const asked = Object.entries(this.checks).map(async ([part, check]) => [
      part,
      await this.ask(part, check),
    ])
    const parts: Record<string, string> = Object.fromEntries(await Promise.all(asked))
    parts['server'] = this.#shuttingDown ? 'shutting down' : 'ok'
    return { ready: Object.values(parts).every((state) => state === 'ok'), parts }
  }

  private async ask(part: string, check: ReadinessCheck): Promise<string> {
    const patience = new AbortController()
    try {
      const silence = delay(patienceMilliseconds, 'no answer', { ref: false, signal: patience.signal })
      const state = await Promise.race([check().then(() => 'ok'), silence])
      if (state !== 'ok') this.logger.warn({ part }, 'a part does not answer when asked for readiness')
      return state
    } catch (error) {
      this.logger.warn({ err: error, part }, 'a part is not ready')
      return 'failing'
    } finally {
      patience.abort()
    }
  }
}
