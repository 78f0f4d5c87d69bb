import type {
  Authenticator,
  IssuedToken,
  RefreshTokens,
  RequestAuthenticator,
  TokenScope,
  TokenService,
} from '@entrepot/identity'
import {
  anonymous,
  isRegistryError,
  type Principal,
  RegistryError,
  type RegistryErrorOptions,
} from '@entrepot/kernel'
import { bareMediaType } from '@entrepot/oci-model'
import type { RootCall } from './call.js'
import { Query } from './query.js'
import { readBytes } from './read-bytes.js'
import type { ScopeGrants } from './scope-grants.js'
import { parseScopes, scopeText } from './token-scope.js'

/** Who can prove an identity to the token endpoint. */
export interface TokenCredentials {
  readonly requestAuthenticator: RequestAuthenticator
  readonly authenticator: Authenticator
  readonly refreshTokens: Pick<RefreshTokens, 'issue' | 'redeem'>
}

export interface TokenEndpointSettings {
  readonly service: string
  readonly stallTimeoutMilliseconds: number
}

interface Grant {
  readonly principal: Principal
  /** The refresh token that was shown, or undefined. */
  readonly refreshToken: string | undefined
}

const maximumFormBytes = 64 * 1024
const maximumScopes = 100

/** Docker's token specification (GET) and its OAuth2 form (POST). */
export class TokenEndpoint {
  constructor(
    private readonly tokens: TokenService,
    private readonly credentials: TokenCredentials,
    private readonly grants: ScopeGrants,
    private readonly settings: TokenEndpointSettings,
  ) {}

  /** `GET /v2/token?service=&scope=`, with Basic or without credentials. Never gives a refresh token. */
  readonly get = async (call: RootCall): Promise<void> => {
    const query = new Query(call.exchange.request.url?.split('?', 2)[1] ?? '', 'plus-is-blank')
    const principal = await this.principalOfHeader(call)
    const { issued } = await this.issue(call, principal, query)
    call.exchange.replyJson(200, ['Cache-Control', 'no-store'], tokenBody(issued))
  }

  /** `POST /v2/token`, `grant_type=password|refresh_token`; without one, the header's identity or nobody's (66). */
  readonly post = async (call: RootCall): Promise<void> => {
    const form = await this.readForm(call)
    const service = form.first('service') ?? this.settings.service
    const grant = await this.redeemGrant(call, form, service)
    const { issued, scopes } = await this.issue(call, grant.principal, form)
    const refreshToken =
      form.first('access_type') === 'offline' && grant.principal.kind === 'user'
        ? (grant.refreshToken ?? (await this.credentials.refreshTokens.issue(grant.principal, service)))
        : undefined
    call.exchange.replyJson(200, ['Cache-Control', 'no-store'], {
      ...tokenBody(issued),
      scope: scopes.map(scopeText).join(' '),
      ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
    })
  }

  private async issue(
    call: RootCall,
    principal: Principal,
    parameters: Query,
  ): Promise<{ readonly issued: IssuedToken; readonly scopes: readonly TokenScope[] }> {
    call.exchange.principal = principal
    if (principal.kind === 'anonymous' && !this.grants.readsAnything(principal)) {
      throw unauthorized('authentication required: nothing here can be read without an account')
    }
    const asked = parseScopes(parameters.all('scope'))
    if (asked.length > maximumScopes) {
      throw new RegistryError(
        'REQUEST_INVALID',
        `${asked.length} scopes were asked for; one token can hold ${maximumScopes}`,
      )
    }
    const scopes = this.grants.granted(principal, asked, call.location)
    return { issued: await this.tokens.issue(principal, scopes), scopes }
  }

  private async redeemGrant(call: RootCall, form: Query, service: string): Promise<Grant> {
    const grantType = form.first('grant_type') ?? ''
    if (grantType === '') return { principal: await this.principalOfHeader(call), refreshToken: undefined }
    if (grantType === 'password') {
      const username = required(form, 'username')
      call.exchange.showsCredentials = true
      call.exchange.claimedName = username
      const password = required(form, 'password')
      const principal = await this.credentials.authenticator.authenticate(
        { username, password },
        call.exchange.origin,
        call.exchange,
      )
      if (principal === undefined) {
        throw unauthorized('the user name or password is wrong', { isForAudit: false })
      }
      return { principal, refreshToken: undefined }
    }
    if (grantType === 'refresh_token') {
      const refreshToken = required(form, 'refresh_token')
      call.exchange.showsCredentials = true
      const principal = await this.credentials.refreshTokens.redeem(refreshToken, service)
      if (principal === undefined) throw unauthorized('the refresh token is unknown, expired or revoked')
      return { principal, refreshToken }
    }
    throw new RegistryError(
      'REQUEST_INVALID',
      `grant_type is ${JSON.stringify(grantType.slice(0, 160))}, expected password or refresh_token`,
    )
  }

  /** Wrong credentials are never taken for none: a typo must be seen at login (56). A bearer token earns no other. */
  private async principalOfHeader(call: RootCall): Promise<Principal> {
    try {
      const proved = await this.credentials.requestAuthenticator.authenticate(
        call.exchange.request.headers.authorization,
        call.exchange.origin,
        call.exchange,
      )
      if (proved.kind === 'basic' || proved.kind === 'access-token') return proved.principal
      if (proved.kind === 'none') return anonymous
    } catch (error) {
      if (isRegistryError(error, 'UNAUTHORIZED')) {
        throw unauthorized(error.message, { cause: error, isForAudit: error.isForAudit })
      }
      throw error
    }
    throw unauthorized('a token is given for a user name and password, not for another token')
  }

  private async readForm(call: RootCall): Promise<Query> {
    const contentType = bareMediaType(call.exchange.request.headers['content-type'] ?? '')
    if (call.exchange.hasRequestBody && contentType !== 'application/x-www-form-urlencoded') {
      throw new RegistryError(
        'REQUEST_INVALID',
        'a token is asked for with Content-Type application/x-www-form-urlencoded',
      )
    }
    const bytes = await readBytes(call.exchange, {
      limit: maximumFormBytes,
      tooLarge: 'REQUEST_INVALID',
      stallMilliseconds: this.settings.stallTimeoutMilliseconds,
    })
    return new Query(bytes.toString('utf8'), 'plus-is-blank')
  }
}

/** Both names of the token: docker after a login and containerd read one, everybody else the other (47). */
function tokenBody(issued: IssuedToken): object {
  return {
    token: issued.token,
    access_token: issued.token,
    expires_in: issued.expiresInSeconds,
    issued_at: issued.issuedAt.toISOString(),
  }
}

function required(form: Query, name: string): string {
  const value = form.first(name)
  if (value !== undefined && value !== '') return value
  throw new RegistryError('REQUEST_INVALID', `the form has no ${name}`)
}

/** This endpoint takes Basic: a challenge that sent a client here again would have it turn in a circle. */
function unauthorized(
  message: string,
  options: Pick<RegistryErrorOptions, 'cause' | 'isForAudit'> = {},
): RegistryError {
  return new RegistryError('UNAUTHORIZED', message, {
    headers: { 'WWW-Authenticate': 'Basic realm="token"', 'Cache-Control': 'no-store' },
    ...options,
  })
}
