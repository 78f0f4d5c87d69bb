import type { AuditAction, AuditSubject, AuditTrail } from '@entrepot/kernel'
import type { Caller } from './caller.js'

export interface RecordedChange {
  readonly action: AuditAction
  readonly subject: AuditSubject
  /** Without any secret. */
  readonly before?: object | undefined
  readonly after?: object | undefined
  readonly reason?: string | undefined
}

/** Writes down what a caller has changed. */
export function recordChange(audit: AuditTrail, caller: Caller, change: RecordedChange): void {
  const { principal, origin } = caller
  audit.record({ ...change, outcome: 'ok', actor: principal.name, realm: principal.realm, origin })
}
