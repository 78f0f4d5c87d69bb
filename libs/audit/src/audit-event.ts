import type { AuditEntry } from '@entrepot/kernel'

/** An entry with its time, bounded in size and fit to be shown: see `sanitisedEvent`. */
export interface AuditEvent extends AuditEntry {
  readonly at: Date
}

export interface StoredAuditEvent extends AuditEvent {
  /** A decimal number that grows from event to event. */
  readonly id: string
}
