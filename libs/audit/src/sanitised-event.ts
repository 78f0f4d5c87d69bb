import type { AuditEntry } from '@entrepot/kernel'
import type { AuditEvent } from './audit-event.js'
import { visibleText } from './visible-text.js'

const secretName =
  /authori[sz]ation|cookie|passw(?:or)?d|passphrase|token|secret|credential|(?:api|private|signing|shared|encryption)[-_]?key|\bjwk|bind[-_]?pw/i

/** What speaks of a secret without being one: which token, how long a password must be. */
const harmlessName = /(?:id|ids|name|names|seconds|minutes|hours|days|length|count|limit|scopes?|kind|type)$/i

const urlLogin = /\b([a-z][a-z0-9+.-]*:\/\/)[^/\s"'@\\]+@/gi
const headerValue = /\b(Basic|Bearer) +[A-Za-z0-9+/=._~-]{6,}/gi

const redacted = '[redacted]'

const longestText = 4096
const longestName = 1024
/** Of `before` and of `after`, each. */
const mostValues = 2000
const deepest = 8

/**
 * The one place that everything passes on its way to every outlet: text is cut to a bound and made visible, and what
 * looks like a secret is blotted out, although whoever records an entry has left secrets out.
 */
export function sanitisedEvent(entry: AuditEntry, at: Date): AuditEvent {
  const { origin, subject } = entry
  return {
    at,
    action: entry.action,
    outcome: entry.outcome,
    actor: sanitisedText(entry.actor, longestName),
    realm: entry.realm === undefined ? undefined : sanitisedText(entry.realm, longestName),
    origin: {
      address: sanitisedText(origin.address, longestName),
      requestId: sanitisedText(origin.requestId, longestName),
    },
    subject:
      subject === undefined
        ? undefined
        : {
            kind: sanitisedText(subject.kind, longestName),
            name: sanitisedText(subject.name, longestName),
          },
    before: entry.before === undefined ? undefined : sanitisedObject(entry.before),
    after: entry.after === undefined ? undefined : sanitisedObject(entry.after),
    reason: entry.reason === undefined ? undefined : sanitisedText(entry.reason, longestText),
  }
}

function sanitisedText(text: string, longest: number): string {
  const bounded = text.length > longest ? `${text.slice(0, longest)}…` : text
  return visibleText(bounded).replaceAll(urlLogin, `$1${redacted}@`).replaceAll(headerValue, `$1 ${redacted}`)
}

function sanitisedObject(value: object): object {
  return new Sanitiser().copy(value, 0) as object
}

/** Copies what will be JSON, until there was enough of it. */
class Sanitiser {
  #left = mostValues

  copy(value: unknown, depth: number): unknown {
    this.#left -= 1
    if (typeof value === 'string') return sanitisedText(value, longestText)
    if (typeof value === 'bigint') return value.toString()
    if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value
    if (typeof value !== 'object') return undefined
    if (depth === deepest || this.#left < 0) return '[more]'
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
    if (value instanceof Error) return { error: sanitisedText(value.message, longestText) }
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
    if (value instanceof Set || value instanceof Map) return this.copy([...value], depth)
    if (Array.isArray(value)) return this.copyArray(value, depth)
    return this.copyFields(value, depth)
  }

  private copyArray(list: readonly unknown[], depth: number): unknown[] {
    const copy: unknown[] = []
    for (const entry of list) {
      if (this.#left < 0) return [...copy, '[more]']
      copy.push(this.copy(entry, depth + 1))
    }
    return copy
  }

  private copyFields(fields: object, depth: number): Record<string, unknown> {
    const copy: Record<string, unknown> = {}
    for (const [name, value] of Object.entries(fields)) {
      if (this.#left < 0) return { ...copy, '[more]': true }
      copy[sanitisedText(name, longestName)] = isSecret(name, value) ? redacted : this.copy(value, depth + 1)
    }
    return copy
  }
}

/** Whether a password is set is no secret. */
function isSecret(name: string, value: unknown): boolean {
  if (typeof value === 'boolean' || value === null || value === undefined) return false
  return secretName.test(name) && !harmlessName.test(name)
}
