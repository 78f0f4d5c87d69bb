const minimumLength = 8
const maximumLength = 1024

/** What products ship with and what people type first; compared without case, and without digits and signs at the end. */
const knownDefaults = new Set([
  'admin',
  'administrator',
  'artifactory',
  'changeit',
  'changeme',
  'default',
  'docker',
  'entrepot',
  'guest',
  'harbor',
  'iloveyou',
  'letmein',
  'nexus',
  'passwd',
  'password',
  'passw0rd',
  'p@ssw0rd',
  'p@ssword',
  'qwerty',
  'qwertyuiop',
  'registry',
  'root',
  'secret',
  'test',
  'user',
  'welcome',
])

/** Which passwords may be set. */
export class PasswordRule {
  /** @returns why the password is refused, without the password in it; undefined when it is fine */
  refusalOf(username: string, password: string): string | undefined {
    const length = password.length
    if (length < minimumLength) return `it has ${length} characters, expected at least ${minimumLength}`
    if (length > maximumLength) return `it has ${length} characters, expected at most ${maximumLength}`
    // RFC 7617 section 2: Basic credentials can't carry control characters.
    if (/\p{Cc}/u.test(password)) return 'it has control characters, which clients can not send'
    if (new Set(password).size < 3) return 'it repeats one or two characters'
    if ('01234567890123456789'.includes(password) || '98765432109876543210'.includes(password)) {
      return 'it is a row of digits'
    }
    const folded = password.toLowerCase()
    const stem = folded.replace(/[\d\p{P}\p{S}]+$/u, '').replaceAll(/[-_ ]/g, '')
    const name = username.toLowerCase()
    if (folded === name || stem === name)
      return 'it is the user name, or the user name with something appended'
    if (knownDefaults.has(folded) || knownDefaults.has(stem)) return 'it is a well-known default password'
    return undefined
  }
}
