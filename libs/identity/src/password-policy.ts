/** How many of which signs a password has at least: Artifactory's password policy. */
export interface PasswordPolicy {
  readonly uppercase: number
  readonly lowercase: number
  readonly digit: number
  readonly specialChar: number
  /** In all; never less than the rule that holds everywhere. */
  readonly length: number
}

/** Long passwords need no signs (NIST SP 800-63B, 5.1.1.2). */
export const defaultPasswordPolicy: PasswordPolicy = {
  uppercase: 0,
  lowercase: 0,
  digit: 0,
  specialChar: 0,
  length: 8,
}

const kinds = [
  ['uppercase', /\p{Lu}/gu, 'upper-case letters'],
  ['lowercase', /\p{Ll}/gu, 'lower-case letters'],
  ['digit', /\p{Nd}/gu, 'digits'],
  ['specialChar', /[\p{P}\p{S}\p{Zs}]/gu, 'special characters'],
] as const

/** @returns why the password is refused, without the password in it; undefined when it is fine */
export function policyRefusalOf(policy: PasswordPolicy, password: string): string | undefined {
  const { length } = password
  if (length < policy.length) return `it has ${length} characters, expected at least ${policy.length}`
  for (const [kind, pattern, words] of kinds) {
    const count = password.match(pattern)?.length ?? 0
    if (count < policy[kind]) return `it has ${count} ${words}, expected at least ${policy[kind]}`
  }
  return undefined
}
