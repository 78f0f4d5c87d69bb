const milliseconds = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/** As Artifactory spells the units of relative times. A month is 30 days here, a year 365. */
const units: ReadonlyMap<string, number> = new Map([
  ...['ms', 'mills', 'milliseconds'].map((word) => [word, milliseconds.ms] as const),
  ...['s', 'seconds'].map((word) => [word, milliseconds.s] as const),
  ...['minutes'].map((word) => [word, milliseconds.m] as const),
  ...['h', 'hours'].map((word) => [word, milliseconds.h] as const),
  ...['d', 'days'].map((word) => [word, milliseconds.d] as const),
  ...['w', 'weeks'].map((word) => [word, milliseconds.w] as const),
  ...['mo', 'months'].map((word) => [word, 30 * milliseconds.d] as const),
  ...['y', 'years'].map((word) => [word, 365 * milliseconds.d] as const),
])

/** `3d`, `2weeks`: in milliseconds. @returns undefined for what is none */
export function parsePeriod(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,9})\s?([a-z]+)$/.exec(text.toLowerCase()) ?? []
  const length = unit === undefined ? undefined : units.get(unit)
  return length === undefined ? undefined : Number(count) * length
}

/** ISO 8601 with or without time and offset, or epoch milliseconds. @returns undefined for what is none */
export function parseMoment(value: string | number): Date | undefined {
  if (
    typeof value === 'string' &&
    !/^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?$/.test(value)
  ) {
    return undefined
  }
  const moment = new Date(typeof value === 'number' ? value : withZone(value))
  const year = moment.getUTCFullYear()
  return year >= 0 && year <= 9999 ? moment : undefined
}

/** JavaScript wants a colon in the offset, and takes a time without one for local. */
function withZone(text: string): string {
  const zoned = text.replace(/([+-]\d\d)(\d\d)$/, '$1:$2')
  return zoned.includes('T') && !/(?:Z|[+-]\d\d:\d\d)$/.test(zoned) ? `${zoned}Z` : zoned
}
