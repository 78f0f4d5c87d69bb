import { RegistryError, type RequestOrigin } from '@entrepot/kernel'
import type { AccessTokenVerifier } from './access-token-verifier.js'
import type { Authenticator, PasswordCredentials } from './authenticator.js'
import type { Authentication, RequestAuthenticator } from './request-authenticator.js'
import type { TokenService } from './token-service.js'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** `Authorization: Basic` (RFC 7617) and `Bearer` (RFC 6750), the latter with tokens of the registry and access tokens. */
export class HeaderAuthenticator implements RequestAuthenticator {
  constructor(
    private readonly passwords: Authenticator,
    private readonly tokens: TokenService,
    private readonly accessTokens: AccessTokenVerifier,
  ) {}

  async authenticate(authorization: string | undefined, origin: RequestOrigin): Promise<Authentication> {
    if (authorization === undefined) return { kind: 'none' }
    const [, scheme = '', credentials = ''] = /^([A-Za-z]+) +(\S+) *$/.exec(authorization) ?? []
    switch (scheme.toLowerCase()) {
      case 'basic':
        return this.basic(decodeBasic(credentials), origin)
      case 'bearer':
        return this.bearer(credentials)
      default:
        throw unauthorized('the Authorization header is not "Basic <base64>" or "Bearer <token>"')
    }
  }

  private async basic(credentials: PasswordCredentials, origin: RequestOrigin): Promise<Authentication> {
    const principal = await this.passwords.authenticate(credentials, origin)
    if (principal === undefined) throw unauthorized('user name or password is wrong')
    return { kind: 'basic', principal }
  }

  private async bearer(credentials: string): Promise<Authentication> {
    if (!this.accessTokens.isAccessToken(credentials)) {
      return { kind: 'bearer', token: await this.tokens.verify(credentials) }
    }
    const principal = await this.accessTokens.verify(credentials)
    if (principal === undefined) throw unauthorized('the access token is unknown, expired or revoked')
    return { kind: 'access-token', principal }
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

function unauthorized(message: string): RegistryError {
  return new RegistryError('UNAUTHORIZED', message)
}
