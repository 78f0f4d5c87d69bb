import {
  type AuditEvent,
  type AuditFilter,
  type AuditStore,
  maximumAuditPage,
  standsForMany,
  type StoredAuditEvent,
  visibleText,
} from '@entrepot/audit'
import { type AuditAction, type AuditOutcome, RegistryError } from '@entrepot/kernel'
import { postgresErrorOf } from '../database-error.js'
import type { Database, Statement } from '../database.js'

interface AuditRow {
  /** A bigint, which is text outside of the database. */
  readonly id: string
  readonly at: Date
  readonly action: AuditAction
  readonly outcome: AuditOutcome
  readonly actor: string
  readonly realm: string | null
  readonly address: string
  readonly request_id: string
  readonly subject_kind: string | null
  readonly subject: string | null
  readonly before: object | null
  readonly after: object | null
  readonly reason: string | null
}

type TextFilter = Exclude<keyof AuditFilter, 'from' | 'to' | 'before' | 'limit'>

/** The only words of a filter that become SQL; what they are compared with is bound. */
const textColumns: Record<TextFilter, string> = {
  action: 'action',
  outcome: 'outcome',
  actor: 'actor',
  realm: 'realm',
  address: 'address',
  requestId: 'request_id',
  subjectKind: 'subject_kind',
  subject: 'subject',
}

/** In these a star is any text. */
const patterns: ReadonlySet<TextFilter> = new Set(['actor', 'subject', 'address'])

const idGrammar = /^\d{1,18}$/

export class PostgresAuditStore implements AuditStore {
  constructor(private readonly database: Database) {}

  async add(events: readonly AuditEvent[]): Promise<void> {
    const column = (read: (event: AuditEvent) => string | undefined) =>
      events.map((event) => read(event) ?? null)
    try {
      await this.database.query(addEvents, [
        column(({ at }) => at.toISOString()),
        column(({ action }) => action),
        column(({ outcome }) => outcome),
        column(({ actor }) => actor),
        column(({ realm }) => realm),
        column(({ origin }) => origin.address),
        column(({ origin }) => origin.requestId),
        column(({ subject }) => subject?.kind),
        column(({ subject }) => subject?.name),
        column(({ before }) => before && JSON.stringify(before)),
        column(({ after }) => after && JSON.stringify(after)),
        column(({ reason }) => reason),
      ])
    } catch (error) {
      // SQLSTATE class 22, data exception: the same values are refused the next time as well.
      if (postgresErrorOf(error)?.code.startsWith('22') !== true) throw error
      throw new RegistryError('REQUEST_INVALID', 'an audit event can not be stored', { cause: error })
    }
  }

  async search(filter: AuditFilter): Promise<readonly StoredAuditEvent[]> {
    const { from, to, before, limit } = filter
    if (!Number.isInteger(limit) || limit < 1 || limit > maximumAuditPage) {
      throw new RegistryError('REQUEST_INVALID', `the limit is ${limit}, expected 1 to ${maximumAuditPage}`)
    }
    if (before !== undefined && !idGrammar.test(before)) {
      throw new RegistryError('REQUEST_INVALID', 'before is not the id of an audit event')
    }
    const values: unknown[] = []
    const conditions: string[] = []
    const compare = (comparison: string, value: unknown) => {
      values.push(value)
      conditions.push(`${comparison} $${values.length}`)
    }
    if (before !== undefined) compare('id <', before)
    if (from !== undefined) compare('at >=', from)
    if (to !== undefined) compare('at <', to)
    for (const name of Object.keys(textColumns) as TextFilter[]) {
      const text = filter[name]
      if (text === undefined) continue
      const visible = visibleText(text)
      if (patterns.has(name) && standsForMany(visible))
        compare(`${textColumns[name]} LIKE`, likePatternOf(visible))
      else compare(`${textColumns[name]} =`, visible)
    }
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
    values.push(limit)
    const text = `SELECT * FROM audit_events ${where} ORDER BY id DESC LIMIT $${values.length}`
    return (await this.database.query<AuditRow>({ text }, values)).map(eventOf)
  }

  async deleteBefore(time: Date, limit: number): Promise<number> {
    const rows = await this.database.query(deleteEvents, [time, limit])
    return rows.length
  }
}

function likePatternOf(pattern: string): string {
  return pattern.replaceAll(/[\\%_]/g, String.raw`\$&`).replaceAll('*', '%')
}

function eventOf(row: AuditRow): StoredAuditEvent {
  const { subject_kind: kind, subject: name } = row
  return {
    id: row.id,
    at: row.at,
    action: row.action,
    outcome: row.outcome,
    actor: row.actor,
    realm: row.realm ?? undefined,
    origin: { address: row.address, requestId: row.request_id },
    subject: kind === null || name === null ? undefined : { kind, name },
    before: row.before ?? undefined,
    after: row.after ?? undefined,
    reason: row.reason ?? undefined,
  }
}

/** A column of all events in each parameter; ids are given in their order. */
const addEvents: Statement = {
  name: 'audit-add',
  text: `
    INSERT INTO audit_events (at, action, outcome, actor, realm, address, request_id, subject_kind, subject, before,
      after, reason)
    SELECT at, action, outcome, actor, realm, address, request_id, subject_kind, subject, before::jsonb, after::jsonb,
      reason
    FROM unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
      $9::text[], $10::text[], $11::text[], $12::text[]) WITH ORDINALITY
      AS event (at, action, outcome, actor, realm, address, request_id, subject_kind, subject, before, after, reason,
        position)
    ORDER BY position`,
}

const deleteEvents: Statement = {
  name: 'audit-delete',
  text: `
    DELETE FROM audit_events WHERE id IN (
      SELECT id FROM audit_events WHERE at < $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED
    ) RETURNING id`,
}
