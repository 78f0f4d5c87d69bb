import type { AuditEntry, AuditTrail, Clock, Logger } from '@entrepot/kernel'
import type { AuditObserver } from './audit-observer.js'
import type { AuditOutlet } from './audit-outlet.js'
import { OutletQueue, type OutletQueueSettings, outletQueueSettings } from './outlet-queue.js'
import { sanitisedEvent } from './sanitised-event.js'

/** The audit trail: each event, with its time, into a queue of its own for every outlet. */
export class AuditRecorder implements AuditTrail {
  readonly #queues: readonly OutletQueue[]

  constructor(
    outlets: readonly AuditOutlet[],
    private readonly clock: Clock,
    private readonly observer: AuditObserver,
    private readonly logger: Logger,
    settings: OutletQueueSettings = outletQueueSettings,
  ) {
    this.#queues = outlets.map((outlet) => new OutletQueue(outlet, { clock, observer, logger }, settings))
  }

  record(entry: AuditEntry): void {
    try {
      const event = sanitisedEvent(entry, new Date(this.clock.now()))
      for (const queue of this.#queues) queue.add(event)
      this.observer.onEvent(event.action, event.outcome)
    } catch (error) {
      // Only a bug of a caller comes here, such as a getter that throws; the request that it belongs to goes on.
      for (const queue of this.#queues) queue.lose(1, error)
    }
  }

  /** How many events wait for each outlet, those that are being written too. */
  waiting(): ReadonlyMap<string, number> {
    return new Map(this.#queues.map(({ outletName, waiting }) => [outletName, waiting]))
  }

  /** Writes what waits, for at most `milliseconds`; what is left then is counted as lost. Never rejects. */
  async close(milliseconds: number): Promise<void> {
    const closings = await Promise.allSettled(this.#queues.map((queue) => queue.close(milliseconds)))
    for (const closing of closings) {
      if (closing.status === 'rejected') {
        this.logger.warn(
          { err: closing.reason as unknown },
          'an outlet of the audit trail could not be closed',
        )
      }
    }
  }
}
