import type { AuditStore } from '@entrepot/audit'
import type { Clock, Logger } from '@entrepot/kernel'

const firstRoundMilliseconds = 2 * 60_000
const periodMilliseconds = 60 * 60_000
const dayMilliseconds = 24 * 60 * 60_000
const batch = 5_000

/** Deletes audit events that were kept long enough. Every replica does, and leaves to another what that one is deleting. */
export class AuditRetention {
  #timer: NodeJS.Timeout | undefined
  #round: Promise<void> | undefined
  #stopped = false

  constructor(
    private readonly store: Pick<AuditStore, 'deleteBefore'>,
    private readonly days: number,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.schedule(firstRoundMilliseconds)
  }

  /** Waits for the batch that is going on. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#round
  }

  /** One round; what can't be deleted now is logged and left for the next. */
  async clean(): Promise<void> {
    const end = new Date(this.clock.now() - this.days * dayMilliseconds)
    let deleted = 0
    try {
      for (let count = batch; count === batch && !this.#stopped;) {
        count = await this.store.deleteBefore(end, batch)
        deleted += count
      }
    } catch (error) {
      this.logger.warn({ err: error }, 'old audit events could not be deleted')
    }
    if (deleted > 0) this.logger.info({ deleted, days: this.days }, 'old audit events were deleted')
  }

  private schedule(milliseconds: number): void {
    if (this.#stopped) return
    this.#timer = setTimeout(() => {
      this.#round = this.clean().finally(() => this.schedule(periodMilliseconds))
    }, milliseconds)
    this.#timer.unref()
  }
}
