import type { Entry } from 'ldapts'
import { valuesOf } from './entry-values.js'

/** MS-ADTS 3.1.1.1.2: Active Directory counts 100 ns from 1601. */
const millisecondsFrom1601To1970 = 11_644_473_600_000
const ticksPerMillisecond = 10_000
const dayMilliseconds = 24 * 60 * 60_000

/** Later than any clock is ahead: what says more says nothing. */
const leewayMilliseconds = dayMilliseconds

/**
 * How servers tell when a password was changed, each in milliseconds since 1970: password policies
 * (draft-behera-ldap-password-policy-11 section 5.3.2), Active Directory (MS-ADA3 2.175; 0: at the next login), FreeIPA, and
 * RFC 2307 in whole days.
 */
const readers: Readonly<Record<string, (value: string) => number | undefined>> = {
  pwdChangedTime: fromGeneralizedTime,
  pwdLastSet: (value) => positive(value, (ticks) => ticks / ticksPerMillisecond - millisecondsFrom1601To1970),
  krbLastPwdChange: fromGeneralizedTime,
  shadowLastChange: (value) => positive(value, (days) => days * dayMilliseconds),
}

export const passwordChangeAttributes: readonly string[] = Object.keys(readers)

/**
 * @param now in milliseconds since 1970
 * @returns the latest time that the server shows; undefined when it shows none
 */
export function passwordChangedAt(entry: Entry, now: number): Date | undefined {
  const times = Object.entries(readers)
    .flatMap(([attribute, read]) => valuesOf(entry, attribute).map((value) => read(value)))
    .filter((time): time is number => time !== undefined && time > 0 && time <= now + leewayMilliseconds)
  return times.length === 0 ? undefined : new Date(Math.max(...times))
}

/** RFC 4517 section 3.3.13, in UTC as servers write it. */
function fromGeneralizedTime(value: string): number | undefined {
  const [whole, ...parts] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:[.,](\d{1,9}))?Z$/.exec(value) ?? []
  if (whole === undefined) return undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(0, 6).map(Number)
  const milliseconds = Math.floor(Number(`0.${parts[6] ?? '0'}`) * 1000)
  return Date.UTC(year, month - 1, day, hour, minute, second, milliseconds)
}

function positive(value: string, read: (number: number) => number): number | undefined {
  return /^\d{1,19}$/.test(value) && Number(value) > 0 ? Math.floor(read(Number(value))) : undefined
}
