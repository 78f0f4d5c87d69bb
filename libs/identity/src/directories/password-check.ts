import type { PasswordCredentials } from '../authenticator.js'
import type { DirectoryServer } from './directory-server.js'
import type { LdapBind } from './ldap-session.js'

export interface PasswordQuestion {
  readonly server: DirectoryServer
  /** Undefined: the entry is read without a bind. */
  readonly manager: LdapBind | undefined
  /** The one entry that was found for the name. */
  readonly dn: string
  readonly credentials: PasswordCredentials
}

/** Whether a password is that of an entry. */
export interface PasswordCheck {
  /** @throws LdapFailure when the server can't be asked, never for a wrong password */
  isRight(question: PasswordQuestion): Promise<boolean>
}

/** What no directory is asked about. */
export function isPlausible({ username, password }: PasswordCredentials): boolean {
  const isSane = (text: unknown, longest: number) =>
    typeof text === 'string' &&
    text !== '' &&
    text.length <= longest &&
    !text.includes('\0') &&
    text.isWellFormed()
  return isSane(username, 256) && isSane(password, 1024)
}
