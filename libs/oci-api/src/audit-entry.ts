import { type AuditEntry, type AuditOutcome, type AuditSubject, isRegistryError } from '@entrepot/kernel'
import { basicName } from '@entrepot/identity'
import { statusOf } from './error-answer.js'
import type { AuditedAction, Exchange } from './exchange.js'

/** What a finished request means to an auditor. */
interface Verdict {
  readonly action: AuditedAction | 'access'
  readonly outcome: AuditOutcome
}

/**
 * What a request that is over leaves in the audit trail: a change that was made, though its client may not have waited
 * to hear of it; a change that this server failed to make; an access that was refused. Undefined for reads, for clients'
 * mistakes, for uploads that were cut off, for the challenge that tells a client without credentials to log in, and for a
 * refused login, which is there already.
 */
export function auditEntryOf(exchange: Exchange, failure: unknown, hasLeft: boolean): AuditEntry | undefined {
  const verdict = verdictOn(exchange, failure, hasLeft)
  if (verdict === undefined) return undefined
  const { principal, change } = exchange
  const isMade = verdict.outcome === 'ok'
  return {
    ...verdict,
    actor: actorOf(exchange),
    realm: principal?.kind === 'user' ? principal.realm : undefined,
    origin: exchange.origin,
    subject: subjectOf(exchange),
    before: isMade ? change?.before : undefined,
    after: isMade ? change?.after : undefined,
    reason: isMade ? undefined : reasonOf(exchange, failure),
  }
}

function verdictOn(exchange: Exchange, failure: unknown, hasLeft: boolean): Verdict | undefined {
  const action = exchange.audit
  if (action !== 'none' && exchange.change !== undefined) return { action, outcome: 'ok' }
  if (failure === undefined || hasLeft) return undefined
  if (isRefusal(exchange, failure)) return { action: 'access', outcome: 'refused' }
  return action !== 'none' && isOurs(failure) ? { action, outcome: 'failed' } : undefined
}

function isRefusal(exchange: Exchange, failure: unknown): boolean {
  if (exchange.isHidden) return true
  if (!isRegistryError(failure, 'DENIED', 'UNAUTHORIZED') || !failure.isForAudit) return false
  return failure.code === 'DENIED' || exchange.showsCredentials
}

/** A failure of this server or of what it depends on, rather than of the request. */
function isOurs(failure: unknown): boolean {
  return statusOf(failure) >= 500 || isRegistryError(failure, 'STORAGE_FULL')
}

/** Of whoever could not prove it, the name that was tried. */
function actorOf({ principal, claimedName, request }: Exchange): string {
  if (principal !== undefined && principal.kind === 'user') return principal.name
  return claimedName ?? basicName(request.headers.authorization) ?? 'anonymous'
}

/** `<repository>/<image>`, with `:<tag>` or `@<digest>` where the request had one. */
function subjectOf({ subjectKind, subjectName, item }: Exchange): AuditSubject | undefined {
  if (subjectName === undefined) return undefined
  if (item === undefined || subjectKind === 'upload') return { kind: 'image', name: subjectName }
  return { kind: subjectKind, name: `${subjectName}${item.includes(':') ? '@' : ':'}${item}` }
}

/** Not the message of a fault that is no RegistryError: nobody has seen to it that no secret is in there. */
function reasonOf({ routeName, method, isHidden }: Exchange, failure: unknown): string {
  if (isHidden) return `${method} ${routeName}: no right to read this tag, which was told as an unknown one`
  return `${method} ${routeName}: ${isRegistryError(failure) ? failure.message : 'internal error'}`
}
