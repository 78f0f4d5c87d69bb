import type { AuditEvent } from './audit-event.js'

/** A place that events are written to. One call at a time is made. */
export interface AuditOutlet {
  /** For log and metrics. */
  readonly name: string
  /**
   * Writes events in their order. After a throw all of them are written again, so that one can come twice but none is
   * left out.
   * @throws RegistryError REQUEST_INVALID for what will never be taken; anything else is tried again
   */
  write(events: readonly AuditEvent[]): Promise<void>
  close(): Promise<void>
}
