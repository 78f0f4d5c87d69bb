import type { AuditAction, AuditOutcome } from '@entrepot/kernel'
import type { AuditEvent } from '../audit-event.js'
import { jsonLine } from '../json-line.js'

/** Who sends: the HOSTNAME and PROCID of every message. */
export interface SyslogSender {
  readonly hostname: string
  readonly processId: number
}

/** RFC 5424 section 6.2.1: security and authorization, and the log audit. */
const facilities = { authorization: 10, audit: 13 } as const

/** RFC 5424 section 6.2.1: error, warning, informational. */
const severities: Record<AuditOutcome, number> = { ok: 6, refused: 4, locked: 4, failed: 3 }

/** There is no enterprise number of this project's own; this is the one for examples. RFC 5612. */
const structuredDataId = 'entrepot@32473'

const byteOrderMark = '\ufeff'

/**
 * One message of RFC 5424: who, what and from where as structured data, and the whole event as JSON behind it.
 * @param longest bytes that a receiver takes; of a longer message `before` and `after` are left out
 */
export function syslogMessage(event: AuditEvent, sender: SyslogSender, longest: number): Buffer {
  const header = [
    `<${facilityOf(event.action) * 8 + severities[event.outcome]}>1`,
    event.at.toISOString(),
    headerField(sender.hostname, 255),
    'entrepot',
    String(sender.processId),
    headerField(event.action, 32),
    structuredData(event),
  ].join(' ')
  const whole = Buffer.from(`${header} ${byteOrderMark}${jsonLine(event)}`)
  if (whole.length <= longest) return whole
  const short = jsonLine({ ...event, before: undefined, after: undefined })
  return Buffer.from(`${header} ${byteOrderMark}${short}`)
}

function facilityOf(action: AuditAction): number {
  return action === 'login' || action === 'access' ? facilities.authorization : facilities.audit
}

/** PRINTUSASCII, or the NILVALUE. RFC 5424 section 6. */
function headerField(text: string, longest: number): string {
  const printable = text.replaceAll(/[^\x21-\x7e]/g, '').slice(0, longest)
  return printable === '' ? '-' : printable
}

function structuredData({ outcome, actor, realm, origin, subject, reason }: AuditEvent): string {
  const parameters = Object.entries({
    outcome,
    actor,
    realm,
    address: origin.address,
    requestId: origin.requestId,
    subjectKind: subject?.kind,
    subject: subject?.name,
    reason,
  }).flatMap(([name, value]) => (value === undefined ? [] : [`${name}="${escaped(value)}"`]))
  return `[${[structuredDataId, ...parameters].join(' ')}]`
}

/** RFC 5424 section 6.3.3: these three and no others. */
function escaped(value: string): string {
  return value.replaceAll(/["\\\]]/g, String.raw`\$&`)
}
