import type { AuditEvent } from '../audit-event.js'

/** An event with everything that must be there, for tests. */
export function auditEvent(particulars: Partial<AuditEvent> = {}): AuditEvent {
  return {
    at: new Date('2026-11-20T12:00:00.123Z'),
    action: 'login',
    outcome: 'ok',
    actor: 'ada',
    realm: undefined,
    origin: { address: '192.0.2.7', requestId: 'request-1' },
    subject: undefined,
    before: undefined,
    after: undefined,
    reason: undefined,
    ...particulars,
  }
}
