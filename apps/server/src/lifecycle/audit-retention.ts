import type { AuditStore } from '@entrepot/audit'
import type { Clock, Logger } from '@entrepot/kernel'
import { Rounds } from './rounds.js'

const timing = { first: 2 * 60_000, period: 60 * 60_000 }
const dayMilliseconds = 24 * 60 * 60_000
const batch = 5_000

/** Deletes audit events that were kept long enough. Every replica does, and leaves to another what that one is deleting. */
export class AuditRetention {
  readonly #rounds = new Rounds(timing, () => this.clean())

  constructor(
    private readonly store: Pick<AuditStore, 'deleteBefore'>,
    private readonly days: number,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.#rounds.start()
  }

  /** Waits for the batch that is going on. */
  stop(): Promise<void> {
    return this.#rounds.stop()
  }

  /** One round; what can't be deleted now is logged and left for the next. */
  async clean(): Promise<void> {
    const end = new Date(this.clock.now() - this.days * dayMilliseconds)
    let deleted = 0
    try {
      for (let count = batch; count === batch && !this.#rounds.isStopped;) {
        count = await this.store.deleteBefore(end, batch)
        deleted += count
      }
    } catch (error) {
      this.logger.warn({ err: error }, 'old audit events could not be deleted')
    }
    if (deleted > 0) this.logger.info({ deleted, days: this.days }, 'old audit events were deleted')
  }
}
