import { LdapFailure, resultCodes } from './ldap-failure.js'
import { LdapSession } from './ldap-session.js'
import type { PasswordCheck, PasswordQuestion } from './password-check.js'

/** By ldapts: for StartTLS, and wherever passport-ldapauth can't go (docs/adr/0007). */
export class BindPasswordCheck implements PasswordCheck {
  async isRight({ server, dn, credentials }: PasswordQuestion): Promise<boolean> {
    const session = await LdapSession.open(server)
    try {
      await session.bind({ dn, password: credentials.password }, 'user bind')
      return true
    } catch (error) {
      if (isRefusal(error)) return false
      throw error
    } finally {
      await session.close()
    }
  }
}

/** The answers to a bind that are about the user: wrong password, none set, locked, switched off, gone. */
export function isRefusal(error: unknown): boolean {
  return error instanceof LdapFailure && error.resultCode !== undefined && refusals.has(error.resultCode)
}

const refusals: ReadonlySet<number> = new Set([
  resultCodes.invalidCredentials,
  resultCodes.inappropriateAuthentication,
  resultCodes.constraintViolation,
  resultCodes.unwillingToPerform,
  resultCodes.noSuchObject,
])
