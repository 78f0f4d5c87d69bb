import {
  type Authentication,
  isAdministrator,
  mayAdminister,
  type RequestAuthenticator,
} from '@entrepot/identity'
import type { ClientAddressOf } from '@entrepot/kernel'
import { PassportStrategy } from '@nestjs/passport'
import type { Request } from 'express'
import passport from 'passport'
import type { Caller } from './caller.js'
import { originOf } from './request-origin.js'

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
    return callerOf(await this.authenticator.authenticate(request.headers.authorization, origin))
  }
}

function callerOf(authentication: Authentication): Caller | false {
  switch (authentication.kind) {
    case 'none':
      return false
    case 'basic':
    case 'access-token': {
      const { principal } = authentication
      return { name: principal.name, administrator: isAdministrator(principal) }
    }
    case 'bearer': {
      const { principal, scopes } = authentication.token
      if (principal.kind !== 'user') return false
      return { name: principal.name, administrator: isAdministrator(principal) && mayAdminister(scopes) }
    }
  }
}
