const secretName =
  /authori[sz]ation|cookie|passw(or)?d|passphrase|token|secret|credential|api[-_]?key|private[-_]?key/i

const redacted = '[redacted]'

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
  return text
    .replaceAll(/\b([a-z][a-z0-9+.-]*:\/\/)[^/\s"'@\\]+@/gi, `$1${redacted}@`)
    .replaceAll(/\b(Basic|Bearer) +[A-Za-z0-9+/=._~-]{6,}/gi, `$1 ${redacted}`)
}

function redactDeep(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  if (depth === deepest) return '[deeper]'
  if (value instanceof Error) return redactError(value, depth)
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if (Array.isArray(value)) return value.map((entry) => redactDeep(entry, depth + 1))
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [
      name,
      secretName.test(name) ? redacted : redactDeep(entry, depth + 1),
    ]),
  )
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
