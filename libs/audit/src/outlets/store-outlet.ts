import type { AuditEvent } from '../audit-event.js'
import type { AuditOutlet } from '../audit-outlet.js'
import type { AuditStore } from '../audit-store.js'

export class StoreOutlet implements AuditOutlet {
  readonly name = 'database'

  constructor(private readonly store: AuditStore) {}

  write(events: readonly AuditEvent[]): Promise<void> {
    return this.store.add(events)
  }

  /** The store's connections are not its own. */
  close(): Promise<void> {
    return Promise.resolve()
  }
}
