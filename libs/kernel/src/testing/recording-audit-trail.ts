import type { AuditEntry, AuditTrail } from '../audit-trail.js'

/** Keeps what was recorded, for tests. */
export class RecordingAuditTrail implements AuditTrail {
  readonly entries: AuditEntry[] = []

  record(entry: AuditEntry): void {
    this.entries.push(entry)
  }
}
