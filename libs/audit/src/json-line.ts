import type { AuditEvent } from './audit-event.js'

/** An event as one line of JSON, without its end. */
export function jsonLine(event: AuditEvent): string {
  const { at, action, outcome, actor, realm, origin, subject, before, after, reason } = event
  return JSON.stringify({
    at: at.toISOString(),
    action,
    outcome,
    actor,
    realm,
    address: origin.address,
    requestId: origin.requestId,
    subjectKind: subject?.kind,
    subject: subject?.name,
    before,
    after,
    reason,
  })
}
