import type { AuditEvent } from '../audit-event.js'
import type { AuditOutlet } from '../audit-outlet.js'

/** Keeps what was written, with switches for what tests need to go wrong. */
export class FakeOutlet implements AuditOutlet {
  readonly batches: (readonly AuditEvent[])[] = []
  attempts = 0
  isClosed = false
  /** Called before each write. */
  before: (events: readonly AuditEvent[]) => Promise<void> = () => Promise.resolve()

  constructor(readonly name = 'fake') {}

  get actors(): readonly string[] {
    return this.batches.flat().map(({ actor }) => actor)
  }

  async write(events: readonly AuditEvent[]): Promise<void> {
    this.attempts += 1
    await this.before(events)
    this.batches.push(events)
  }

  close(): Promise<void> {
    this.isClosed = true
    return Promise.resolve()
  }
}
