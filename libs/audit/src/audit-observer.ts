import type { AuditAction, AuditOutcome } from '@entrepot/kernel'

/** What is counted about the audit trail. */
export interface AuditObserver {
  onEvent(action: AuditAction, outcome: AuditOutcome): void
  /** @param outlet where the events are missing */
  onLost(outlet: string, count: number): void
}
