import { type Clock, isRegistryError, type Logger, pause } from '@entrepot/kernel'
import type { AuditEvent } from './audit-event.js'
import type { AuditObserver } from './audit-observer.js'
import type { AuditOutlet } from './audit-outlet.js'
import { retryDelay } from './retry-delay.js'

/** Times in milliseconds. */
export interface OutletQueueSettings {
  /** How many events may wait. */
  readonly capacity: number
  readonly batch: number
  /** How long events wait for each other. */
  readonly gathering: number
  readonly retry: { readonly first: number; readonly longest: number }
  /** How often trouble that lasts is logged again. */
  readonly repeatLog: number
}

export const outletQueueSettings: OutletQueueSettings = {
  capacity: 10_000,
  batch: 500,
  gathering: 100,
  retry: { first: 200, longest: 10_000 },
  repeatLog: 60_000,
}

interface Surroundings {
  readonly clock: Clock
  readonly observer: AuditObserver
  readonly logger: Logger
}

/**
 * The events that wait for one outlet, in their order. What can't be written stays and is tried again; when the queue is
 * full, what comes is lost, and counted.
 */
export class OutletQueue {
  readonly #events: AuditEvent[] = []
  readonly #closing = new AbortController()
  #pump: Promise<void> | undefined
  #failures = 0
  #allowedBatch: number
  #lostUntold = 0
  #lossTold = Number.NEGATIVE_INFINITY
  #failureTold = Number.NEGATIVE_INFINITY
  /** After it nothing is tried any more. */
  #isOver = false

  constructor(
    private readonly outlet: AuditOutlet,
    private readonly surroundings: Surroundings,
    private readonly settings: OutletQueueSettings,
  ) {
    this.#allowedBatch = settings.batch
  }

  get outletName(): string {
    return this.outlet.name
  }

  get waiting(): number {
    return this.#events.length
  }

  add(event: AuditEvent): void {
    if (this.#isOver || this.#events.length >= this.settings.capacity) {
      this.lose(1)
      return
    }
    this.#events.push(event)
    this.#pump ??= this.pump()
  }

  lose(count: number, error?: unknown): void {
    const { observer, logger, clock } = this.surroundings
    observer.onLost(this.outlet.name, count)
    this.#lostUntold += count
    if (clock.now() - this.#lossTold < this.settings.repeatLog) return
    this.#lossTold = clock.now()
    const cause = error === undefined ? {} : { err: error }
    logger.error({ outlet: this.outlet.name, events: this.#lostUntold, ...cause }, 'audit events were lost')
    this.#lostUntold = 0
  }

  /** @throws what closing the outlet throws */
  async close(milliseconds: number): Promise<void> {
    this.#closing.abort()
    const written = new AbortController()
    await Promise.race([this.#pump, pause(milliseconds, written.signal)])
    written.abort()
    this.#isOver = true
    if (this.#events.length > 0) {
      this.#lossTold = Number.NEGATIVE_INFINITY
      this.lose(this.#events.splice(0).length)
    }
    await this.outlet.close()
  }

  private async pump(): Promise<void> {
    await this.wait(this.settings.gathering)
    while (this.#events.length > 0 && !this.#isOver) {
      const milliseconds = await this.writeBatch()
      if (milliseconds > 0) await this.wait(milliseconds)
    }
    this.#pump = undefined
  }

  /** @returns the milliseconds to wait before the next */
  private async writeBatch(): Promise<number> {
    const batch = this.#events.slice(0, this.#allowedBatch)
    try {
      await this.outlet.write(batch)
    } catch (error) {
      if (this.#isOver) return 0
      return isRegistryError(error, 'REQUEST_INVALID') ? this.refused(batch, error) : this.failed(error)
    }
    if (this.#isOver) return 0
    this.written(batch)
    return this.#events.length < this.#allowedBatch ? this.settings.gathering : 0
  }

  private written(batch: readonly AuditEvent[]): void {
    this.#events.splice(0, batch.length)
    this.#allowedBatch = Math.min(this.#allowedBatch * 2, this.settings.batch)
    if (this.#failures === 0) return
    this.surroundings.logger.info(
      { outlet: this.outlet.name, failures: this.#failures, waiting: this.#events.length },
      'audit events are written again',
    )
    this.#failures = 0
    this.#failureTold = Number.NEGATIVE_INFINITY
  }

  /** One event must not keep all that follow from being written: the batch is halved until it is found. */
  private refused(batch: readonly AuditEvent[], error: unknown): number {
    if (batch.length === 1) {
      this.#events.shift()
      this.lose(1, error)
    } else {
      this.#allowedBatch = Math.ceil(batch.length / 2)
    }
    return 0
  }

  private failed(error: unknown): number {
    const { clock, logger } = this.surroundings
    this.#failures += 1
    if (clock.now() - this.#failureTold >= this.settings.repeatLog) {
      this.#failureTold = clock.now()
      const fields = { outlet: this.outlet.name, waiting: this.#events.length, failures: this.#failures }
      logger.warn({ ...fields, err: error }, 'audit events can not be written: they are kept and tried again')
    }
    return retryDelay(this.#failures, this.settings.retry, Math.random)
  }

  /** While closing, there is no time for long pauses. */
  private async wait(milliseconds: number): Promise<void> {
    const { signal } = this.#closing
    if (!signal.aborted) await pause(milliseconds, signal)
    else if (this.#failures > 0) await pause(Math.min(milliseconds, this.settings.retry.first))
  }
}
