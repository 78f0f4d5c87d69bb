import { RegistryError, type RequestOrigin } from '@entrepot/kernel'
import type { AccessTokenVerifier } from './access-token-verifier.js'
import type { Authenticator, PasswordCredentials, WaitingClient } from './authenticator.js'
import { ForgedToken } from './forged-token.js'
import type { Authentication, RequestAuthenticator } from './request-authenticator.js'
import type { TokenAttempts } from './token-attempts.js'
import type { TokenService, VerifiedToken } from './token-service.js'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * `Authorization: Basic` (RFC 7617) and `Bearer` (RFC 6750), the latter with tokens of the registry and access tokens. Wrong
 * tokens count for their address as wrong passwords do; right ones are asked nothing more.
 */
export class HeaderAuthenticator implements RequestAuthenticator {
  constructor(
    private readonly guard: Authenticator & TokenAttempts,
    private readonly tokens: TokenService,
    private readonly accessTokens: AccessTokenVerifier,
  ) {}

  async authenticate(
    authorization: string | undefined,
    origin: RequestOrigin,
    client?: WaitingClient,
  ): Promise<Authentication> {
    if (authorization === undefined) return { kind: 'none' }
    const [, scheme = '', credentials = ''] = /^([A-Za-z]+) +(\S+) *$/.exec(authorization) ?? []
    switch (scheme.toLowerCase()) {
      case 'basic':
        return this.basic(decodeBasic(credentials), origin, client)
      case 'bearer':
        return this.bearer(credentials, origin)
      default:
        throw unauthorized('the Authorization header is not "Basic <base64>" or "Bearer <token>"')
    }
  }

  private async basic(
    credentials: PasswordCredentials,
    origin: RequestOrigin,
    client: WaitingClient | undefined,
  ): Promise<Authentication> {
    const principal = await this.guard.authenticate(credentials, origin, client)
    if (principal === undefined) throw refused('user name or password is wrong')
    return { kind: 'basic', principal }
  }

  private async bearer(credentials: string, origin: RequestOrigin): Promise<Authentication> {
    if (!this.accessTokens.isAccessToken(credentials)) {
      return { kind: 'bearer', token: await this.verified(credentials, origin) }
    }
    const principal = await this.accessTokens.verify(credentials)
    if (principal !== undefined) return { kind: 'access-token', principal }
    await this.guard.refused('the access token is wrong', origin)
    throw refused('the access token is unknown, expired or revoked')
  }

  private async verified(token: string, origin: RequestOrigin): Promise<VerifiedToken> {
    try {
      return await this.tokens.verify(token)
    } catch (error) {
      if (error instanceof ForgedToken) await this.guard.refused('the bearer token is forged', origin)
      throw error
    }
  }
}

/** RFC 7617 section 2: the first colon ends the user name; the charset is UTF-8. */
function decodeBasic(token68: string): PasswordCredentials {
  const text = /^[A-Za-z0-9+/]+={0,2}$/.test(token68) ? decodeUtf8(Buffer.from(token68, 'base64')) : undefined
  const colon = text?.indexOf(':') ?? -1
  if (text === undefined || colon < 0) {
    throw unauthorized('the Basic credentials are not base64 of "user:password" in UTF-8')
  }
  return { username: text.slice(0, colon), password: text.slice(colon + 1) }
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}

/** What the guard has written down. */
function refused(message: string): RegistryError {
  return new RegistryError('UNAUTHORIZED', message, { isForAudit: false })
}

function unauthorized(message: string): RegistryError {
  return new RegistryError('UNAUTHORIZED', message)
}
