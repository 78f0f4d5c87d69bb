import type { Entry } from 'ldapts'
import { userNameOf } from '../user-name.js'
import type { DirectorySettings } from './directory-settings.js'
import { entryIdAttributes } from './entry-id.js'
import { valuesOf } from './entry-values.js'
import { comparedWithName, fillTemplate } from './ldap-text.js'
import { passwordChangeAttributes } from './password-change.js'

/** What tells that an account is off: Active Directory, OpenLDAP's password policy, 389 Directory Server. */
const disablingAttributes = [
  'userAccountControl',
  'accountExpires',
  'pwdAccountLockedTime',
  'nsAccountLock',
] as const

/** MS-ADTS 2.2.16: ADS_UF_ACCOUNTDISABLE. */
const accountDisabled = 0x2

/** Locked by an administrator, for ever (draft-behera-ldap-password-policy-11 section 5.3.3). */
const lockedForEver = '000001010000Z'

/** MS-ADA1 2.1: `accountExpires` counts 100 ns from 1601; 0 and the largest number mean never. */
const millisecondsFrom1601To1970 = 11_644_473_600_000
const ticksPerMillisecond = 10_000

/** By name, because servers show most of these to nobody who doesn't ask for them. */
export function userAttributesOf(
  settings: DirectorySettings,
  loginAttributes: readonly string[],
): readonly string[] {
  const fixed = [
    'uid',
    settings.emailAttribute,
    ...disablingAttributes,
    ...entryIdAttributes,
    ...passwordChangeAttributes,
  ]
  return [...new Set([...fixed, ...loginAttributes])]
}

/** @param now in milliseconds since 1970 */
export function isSwitchedOff(entry: Entry, now: number): boolean {
  const [control, expires, lockedAt, lock] = disablingAttributes.map((name) => valuesOf(entry, name)[0])
  if (control !== undefined && (Number(control) & accountDisabled) !== 0) return true
  if (Number(expires ?? 0) > 0 && Number(expires) / ticksPerMillisecond - millisecondsFrom1601To1970 <= now)
    return true
  return lockedAt === lockedForEver || lock?.toLowerCase() === 'true'
}

/**
 * Also after failed logins, and then perhaps for a time that is over: the server knows, and says it at a bind, after which
 * the mark is gone.
 */
export function isLocked(entry: Entry): boolean {
  return valuesOf(entry, 'pwdAccountLockedTime').length > 0
}

/** Names that a directory takes for another's are refused by comparing with the entry: ` ann`, `ａnn` and `an\u00adn` are not `ann`. */
export class LoginNameRule {
  readonly attributes: readonly string[]
  readonly #compared: ReturnType<typeof comparedWithName>

  constructor(searchFilter: string) {
    this.#compared = comparedWithName(searchFilter)
    this.attributes = this.#compared.map(({ attribute }) => attribute)
  }

  holds(entry: Entry, username: string): boolean {
    return this.#compared.some(({ attribute, template }) => {
      const wanted = userNameOf(fillTemplate(template, username))
      return valuesOf(entry, attribute).some((value) => userNameOf(value) === wanted)
    })
  }
}
