const longestSeconds = 86_400

/** `Retry-After` as seconds from `now`, at most a day: a number or a date (RFC 9110 10.2.3); undefined for neither. */
export function retryAfterSeconds(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined
  const text = header.trim()
  if (/^\d+$/.test(text)) return Math.min(Number(text), longestSeconds)
  const date = Date.parse(text)
  if (Number.isNaN(date)) return undefined
  return Math.min(Math.max(Math.ceil((date - now) / 1000), 0), longestSeconds)
}
