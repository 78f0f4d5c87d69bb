import {
  type Authentication,
  mayAdminister,
  type RequestAuthenticator,
  type WaitingClient,
} from '@entrepot/identity'
import type { ClientAddressOf, RequestOrigin, UserPrincipal } from '@entrepot/kernel'
import { PassportStrategy } from '@nestjs/passport'
import type { Request } from 'express'
import passport from 'passport'
import type { Caller } from './caller.js'
import { originOf } from './request-origin.js'
import { shownCredentials } from './shown-credentials.js'

export const strategyName = 'entrepot'

type Verified = (error: unknown, caller?: Caller | false | null) => void
type Verify = (request: Request, verified: Verified) => void

/** Hands the header over and passes the outcome on; what the header proves is the RequestAuthenticator's to say. */
class HeaderStrategy extends passport.Strategy {
  constructor(private readonly verify: Verify) {
    super()
  }

  override authenticate(request: Request): void {
    this.verify(request, (error, caller) => {
      if (error !== null) this.error(error)
      else if (caller === undefined || caller === null || caller === false) this.fail()
      else this.success(caller)
    })
  }
}

/** Basic and Bearer for the admin API, by the same authenticator as `/v2`. */
export class AuthorizationHeaderStrategy extends PassportStrategy(HeaderStrategy, strategyName) {
  constructor(
    private readonly authenticator: RequestAuthenticator,
    private readonly clientAddressOf: ClientAddressOf,
  ) {
    super()
  }

  /** @returns false for nobody and for anonymous tokens: nothing here is open to either */
  async validate(request: Request): Promise<Caller | false> {
    const origin = originOf(request, this.clientAddressOf)
    const client = waitingClientOf(request)
    return callerOf(await this.authenticator.authenticate(shownCredentials(request), origin, client), origin)
  }
}

/** Made when it is needed: who is let in waits for nothing. */
function waitingClientOf({ res: response }: Request): WaitingClient {
  return {
    get signal() {
      const gone = new AbortController()
      if (response?.closed === true) gone.abort()
      response?.once('close', () => gone.abort())
      return gone.signal
    },
  }
}

function callerOf(authentication: Authentication, origin: RequestOrigin): Caller | false {
  switch (authentication.kind) {
    case 'none':
      return false
    case 'basic':
    case 'access-token':
      return caller(authentication.principal, origin, true)
    case 'bearer': {
      const { principal, scopes } = authentication.token
      return principal.kind === 'user' && caller(principal, origin, mayAdminister(scopes))
    }
  }
}

function caller(principal: UserPrincipal, origin: RequestOrigin, wholeScope: boolean): Caller {
  const whole = wholeScope && principal.limits === undefined
  const unlimited = whole && principal.groupsOnly !== true
  return { principal, origin, unlimited, scoped: !wholeScope, administrator: principal.admin && whole }
}
