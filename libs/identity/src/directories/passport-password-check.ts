import Strategy from 'passport-ldapauth'
import type { DirectoryServer } from './directory-server.js'
import { reasonOf } from './ldap-connection.js'
import { LdapFailure } from './ldap-failure.js'
import { OwnedSockets } from './owned-sockets.js'
import { isPlausible, type PasswordCheck, type PasswordQuestion } from './password-check.js'

/** After its verdict the library says goodbye to the server; then whatever is still open is closed. */
const partingMilliseconds = 500

type Outcome = (error: Error | undefined, isRight: boolean) => void

/**
 * By passport-ldapauth, for `ldap://` and `ldaps://`, with everything kept from it that made it fail: no text of a user's
 * in a filter (it would be a replacement pattern, and a filter that does not parse throws in a socket's callback), no
 * StartTLS, no value that is not a sane string, no connection left open, one answer however often it calls back.
 */
export class PassportPasswordCheck implements PasswordCheck {
  isRight(question: PasswordQuestion): Promise<boolean> {
    const sockets = new OwnedSockets()
    return new Promise<boolean>((resolve, reject) => {
      const limit = timeLimitOf(question.server)
      const timer = setTimeout(() => answer(new Error(`did not answer within ${limit} ms`), false), limit)
      const answer: Outcome = (error, isRight) => {
        clearTimeout(timer)
        if (error !== undefined) {
          sockets.closeAll()
          reject(failureOf(question.server, error))
          return
        }
        setTimeout(() => sockets.closeAll(), partingMilliseconds).unref()
        resolve(isRight)
      }
      sockets.run(() => authenticate(question, sockets.signal, answer))
    })
  }
}

function authenticate(question: PasswordQuestion, signal: AbortSignal, answer: Outcome): void {
  const strategy = new Strategy((_request, callback) => callback(undefined, optionsOf(question, signal)))
  Object.assign(strategy, {
    success: (user: { readonly dn?: unknown }) => {
      if (user.dn === question.dn) answer(undefined, true)
      else answer(new Error('answered with an entry that was not asked for'), false)
    },
    fail: () => answer(undefined, false),
    error: (error: unknown) => {
      if (error instanceof Error && refusals.has(error.name)) answer(undefined, false)
      else answer(error instanceof Error ? error : new Error(String(error)), false)
    },
  })
  try {
    strategy.authenticate({} as never, {})
  } catch (error) {
    answer(error as Error, false)
  }
}

/** Beside those that the library takes for one itself: no password set, and switched off. */
const refusals: ReadonlySet<string> = new Set(['InappropriateAuthenticationError', 'UnwillingToPerformError'])

function optionsOf({ server, manager, dn, credentials }: PasswordQuestion, signal: AbortSignal) {
  return {
    credentialsLookup: () => (isPlausible(credentials) ? { ...credentials } : (null as never)),
    server: {
      url: `${server.security === 'tls' ? 'ldaps' : 'ldap'}://${server.host}:${server.port}`,
      ...(manager === undefined ? {} : { bindDN: manager.dn, bindCredentials: manager.password }),
      searchBase: dn,
      searchScope: 'base' as const,
      searchFilter: '(objectClass=*)',
      searchAttributes: ['objectClass'],
      // A DN that this library can't parse would throw in a socket's callback.
      strictDN: false,
      timeout: server.readTimeoutMilliseconds,
      connectTimeout: server.connectTimeoutMilliseconds,
      ...(server.security === 'tls' ? { tlsOptions: { ...server.tls, signal } } : {}),
    },
  }
}

/** Connecting, then the manager's bind, the search and the user's bind. */
function timeLimitOf(server: DirectoryServer): number {
  return server.connectTimeoutMilliseconds + 3 * server.readTimeoutMilliseconds
}

function failureOf(server: DirectoryServer, error: Error): LdapFailure {
  return new LdapFailure('user bind', `${server.host}:${server.port} ${reasonOf(error)}`)
}
