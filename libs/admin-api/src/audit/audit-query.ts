import { type AuditFilter, maximumAuditPage } from '@entrepot/audit'
import { auditActions, auditOutcomes, RegistryError } from '@entrepot/kernel'
import { type Query, queryText } from '../http/cursor-page.js'

const defaultLimit = 100

/** The parameters that are compared as they are, by the name of their part of the filter. */
const texts = {
  action: 'action',
  outcome: 'outcome',
  actor: 'actor',
  realm: 'realm',
  address: 'address',
  request_id: 'requestId',
  subject_kind: 'subjectKind',
  subject: 'subject',
  cursor: 'before',
} as const

const known: ReadonlySet<string> = new Set(['from', 'to', 'limit', ...Object.keys(texts)])

/** Of these a misspelled one is refused: nothing found would look like nothing done. */
const words: Readonly<Record<string, readonly string[]>> = { action: auditActions, outcome: auditOutcomes }

/**
 * `from` and `to` (RFC 3339), `limit` (1 to 1000, else 100), `cursor` and the texts above.
 * @throws RegistryError REQUEST_INVALID, for an unknown parameter too: an auditor must not take all for what was asked
 */
export function parseAuditQuery(query: Query): AuditFilter {
  const unknown = Object.keys(query).find((name) => !known.has(name))
  if (unknown !== undefined) {
    throw invalid(`parameter ${shown(unknown)} is unknown, expected some of ${[...known].join(', ')}`)
  }
  for (const [name, allowed] of Object.entries(words)) {
    const text = queryText(query, name)
    if (text !== undefined && !allowed.includes(text)) {
      throw invalid(`${name} is ${shown(text)}, expected one of ${allowed.join(', ')}`)
    }
  }
  const parts = Object.entries(texts).map(([parameter, part]) => [part, queryText(query, parameter)] as const)
  return {
    ...Object.fromEntries(parts.filter(([, text]) => text !== undefined)),
    from: timeIn(query, 'from'),
    to: timeIn(query, 'to'),
    limit: limitIn(query),
  }
}

function timeIn(query: Query, name: string): Date | undefined {
  const text = queryText(query, name)
  if (text === undefined) return undefined
  const time = new Date(text)
  if (!/^\d{4}-\d\d-\d\d/.test(text) || Number.isNaN(time.getTime())) {
    throw invalid(`${name} is ${shown(text)}, expected a time such as 2026-11-20T08:00:00Z`)
  }
  return time
}

function limitIn(query: Query): number {
  const text = queryText(query, 'limit')
  if (text === undefined) return defaultLimit
  const limit = Number(text)
  if (!Number.isInteger(limit) || limit < 1 || limit > maximumAuditPage) {
    throw invalid(`limit is ${shown(text)}, expected a whole number from 1 to ${maximumAuditPage}`)
  }
  return limit
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 100))
}

function invalid(message: string): RegistryError {
  return new RegistryError('REQUEST_INVALID', message)
}
