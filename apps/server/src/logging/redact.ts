const secretName =
  /authori[sz]ation|cookie|passw(or)?d|passphrase|token|secret|credential|api[-_]?key|(private|master)[-_]?key/i

const judgedNames = new Map<string, boolean>()
const maximumJudgedNames = 1000

const redacted = '[redacted]'

const urlLogin = /\b([a-z][a-z0-9+.-]*:\/\/)[^/\s"'@\\]+@/gi
const headerValue = /\b(Basic|Bearer) +[A-Za-z0-9+/=._~-]{6,}/gi

/** Deeper than any field that is logged on purpose, and an end to what refers to itself. */
const deepest = 6

/**
 * A copy of what is about to be logged, in which a value whose name speaks of a secret is blotted out and errors are
 * plain objects with their causes.
 */
export function redact(value: unknown): unknown {
  return redactDeep(value, 0)
}

/** In running text: credentials in URLs, and the values of `Authorization` headers. RFC 7617, RFC 6750. */
export function redactText(text: string): string {
  const withoutLogins = text.includes('://') ? text.replaceAll(urlLogin, `$1${redacted}@`) : text
  return withoutLogins.replaceAll(headerValue, `$1 ${redacted}`)
}

function redactDeep(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  if (depth === deepest) return '[deeper]'
  if (value instanceof Error) return redactError(value, depth)
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if (Array.isArray(value)) return value.map((entry) => redactDeep(entry, depth + 1))
  const copy: Record<string, unknown> = {}
  for (const [name, entry] of Object.entries(value)) {
    copy[name] = isSecretName(name) ? redacted : redactDeep(entry, depth + 1)
  }
  return copy
}

/** Every request is logged with the same few names: the expression is tried once for each. */
function isSecretName(name: string): boolean {
  const known = judgedNames.get(name)
  if (known !== undefined) return known
  const isSecret = secretName.test(name)
  if (judgedNames.size < maximumJudgedNames) judgedNames.set(name, isSecret)
  return isSecret
}

/** Not an error's every property: those of network libraries hold sockets, and requests with their headers. */
function redactError(error: Error, depth: number): Record<string, unknown> {
  const { code } = error as { readonly code?: unknown }
  return {
    type: error.name,
    message: error.message,
    ...(typeof code === 'string' ? { code } : {}),
    stack: error.stack,
    ...(error.cause === undefined ? {} : { cause: redactDeep(error.cause, depth + 1) }),
    ...(error instanceof AggregateError ? { errors: redactDeep(error.errors, depth + 1) } : {}),
  }
}
