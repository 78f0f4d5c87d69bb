import { RegistryError } from '@entrepot/kernel'
import { isOneOf } from '../any-text.js'
import type { AuditEvent, StoredAuditEvent } from '../audit-event.js'
import { type AuditFilter, type AuditStore, maximumAuditPage } from '../audit-store.js'
import { visibleText } from '../visible-text.js'

export class InMemoryAuditStore implements AuditStore {
  readonly events: StoredAuditEvent[] = []
  /** Thrown by `add` for as long as it is set. */
  failure: Error | undefined
  #lastId = 0n

  add(events: readonly AuditEvent[]): Promise<void> {
    if (this.failure !== undefined) return Promise.reject(this.failure)
    for (const event of events) {
      this.#lastId += 1n
      this.events.push({ ...event, id: this.#lastId.toString() })
    }
    return Promise.resolve()
  }

  async search(filter: AuditFilter): Promise<readonly StoredAuditEvent[]> {
    const { before, limit } = filter
    if (!Number.isInteger(limit) || limit < 1 || limit > maximumAuditPage) {
      throw new RegistryError('REQUEST_INVALID', `the limit is ${limit}, expected 1 to ${maximumAuditPage}`)
    }
    if (before !== undefined && !/^\d{1,18}$/.test(before)) {
      throw new RegistryError('REQUEST_INVALID', 'before is not the id of an audit event')
    }
    return this.events
      .filter((event) => before === undefined || BigInt(event.id) < BigInt(before))
      .filter((event) => matches(event, filter))
      .toReversed()
      .slice(0, limit)
  }

  deleteBefore(time: Date, limit: number): Promise<number> {
    const old = this.events.filter(({ at }) => at < time).slice(0, limit)
    for (const event of old) this.events.splice(this.events.indexOf(event), 1)
    return Promise.resolve(old.length)
  }
}

function matches(event: StoredAuditEvent, filter: AuditFilter): boolean {
  if (filter.from !== undefined && event.at < filter.from) return false
  if (filter.to !== undefined && event.at >= filter.to) return false
  const texts: readonly (readonly [string | undefined, string | undefined])[] = [
    [filter.action, event.action],
    [filter.outcome, event.outcome],
    [filter.realm, event.realm],
    [filter.requestId, event.origin.requestId],
    [filter.subjectKind, event.subject?.kind],
  ]
  const patterns: typeof texts = [
    [filter.actor, event.actor],
    [filter.address, event.origin.address],
    [filter.subject, event.subject?.name],
  ]
  return (
    texts.every(([wanted, text]) => wanted === undefined || visibleText(wanted) === text) &&
    patterns.every(
      ([wanted, text]) => wanted === undefined || (text !== undefined && isOneOf(visibleText(wanted), text)),
    )
  )
}
