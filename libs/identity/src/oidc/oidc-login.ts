import { createHash } from 'node:crypto'
import { type Clock, isRegistryError, type Logger, RegistryError } from '@entrepot/kernel'
import {
  authorizationCodeGrant,
  AuthorizationResponseError,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  ClientError,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from 'openid-client'
import { type RandomSource, systemRandom } from '../random-source.js'
import type { CreatedAccessToken } from '../tokens/access-tokens.js'
import { providerUnavailable } from './bounded-fetch.js'
import type { OidcClaims } from './matching-mapping.js'
import type { OidcLoginStore, PendingOidcLogin } from './oidc-login-store.js'
import type { OidcLoginTokens } from './oidc-login-tokens.js'
import type { ConnectedOidcProvider, OidcProviders } from './oidc-providers.js'
import { isOwnPath } from './own-path.js'

export interface BegunOidcLogin {
  /** Where the browser goes. */
  readonly location: string
  /** What the browser keeps until it comes back: for a cookie with HttpOnly, Secure and SameSite=Lax. */
  readonly browserSecret: string
  readonly expiresInSeconds: number
}

export interface CompletedOidcLogin extends CreatedAccessToken {
  /** A path on this server. */
  readonly returnTo: string
}

const stateSeconds = 10 * 60

/** Login at an OpenID provider: authorization code flow with PKCE, RFC 6749 section 4.1, RFC 7636. */
export class OidcLogin {
  constructor(
    private readonly providers: OidcProviders,
    private readonly pending: OidcLoginStore,
    private readonly tokens: OidcLoginTokens,
    private readonly runtime: { readonly clock: Clock; readonly logger: Logger },
    private readonly random: RandomSource = systemRandom,
  ) {}

  /**
   * @param redirectUri this server's callback, as it is registered at the provider; one for each provider, see `complete`
   * @throws RegistryError NAME_UNKNOWN for no provider of logins, REQUEST_INVALID for a `returnTo` that is no path of ours,
   *   UNAVAILABLE when the provider can't be asked
   */
  async begin(name: string, returnTo: string, redirectUri: string): Promise<BegunOidcLogin> {
    const { provider, connection } = this.loginProvider(name)
    if (!isOwnPath(returnTo)) {
      throw new RegistryError('REQUEST_INVALID', 'a login returns to a path of this server, such as /ui/')
    }
    const configuration = await this.asking(name, connection.configuration())
    const [state, browserSecret, nonce, codeVerifier] = Array.from({ length: 4 }, () => this.secret()) as Four
    const now = this.runtime.clock.now()
    await this.pending.add(
      {
        stateHash: hashOf(state),
        browserHash: hashOf(browserSecret),
        provider: name,
        nonce,
        codeVerifier,
        redirectUri,
        returnTo,
        expiresAt: new Date(now + stateSeconds * 1000),
      },
      new Date(now),
    )
    const groupScope = provider.groupsClaim === undefined ? '' : ' groups'
    const scopes = configuration.serverMetadata().scopes_supported ?? []
    const location = buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      scope: `openid profile email${scopes.includes('groups') ? groupScope : ''}`,
      code_challenge: await calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    })
    return { location: location.href, browserSecret, expiresInSeconds: stateSeconds }
  }

  /**
   * @param name of the provider whose callback was called: a code that another one gave is not shown to it, or a provider
   *   could have the codes of the others (RFC 9700 section 4.4.2.1)
   * @param query of the callback, as the provider sent the browser there
   * @throws RegistryError UNAUTHORIZED for a state that is unknown, used, expired, another browser's or provider's, and for
   *   what the provider refuses; DENIED for somebody without any rights here; UNAVAILABLE when it can't be asked
   */
  async complete(name: string, query: string, browserSecret: string): Promise<CompletedOidcLogin> {
    const state = new URLSearchParams(query).get('state') ?? ''
    const login = await this.pending.take(hashOf(state), new Date(this.runtime.clock.now()))
    if (login?.provider !== name || login.browserHash !== hashOf(browserSecret)) {
      throw new RegistryError('UNAUTHORIZED', 'this login was not begun here, or is over: begin again')
    }
    const provider = this.loginProvider(login.provider)
    const claims = await this.claimsOf(provider, login, state, query)
    return { ...(await this.tokens.issue(provider.provider, claims)), returnTo: login.returnTo }
  }

  private async claimsOf(
    { connection, provider }: ConnectedOidcProvider,
    login: PendingOidcLogin,
    state: string,
    query: string,
  ): Promise<OidcClaims> {
    const url = new URL(login.redirectUri)
    url.search = query
    const configuration = await this.asking(provider.name, connection.configuration())
    const grant = authorizationCodeGrant(configuration, url, {
      pkceCodeVerifier: login.codeVerifier,
      expectedState: state,
      expectedNonce: login.nonce,
      idTokenExpected: true,
    })
    const answer = await this.asking(provider.name, grant)
    return this.asking(provider.name, connection.verifyLogin(answer.id_token ?? ''))
  }

  /** Tells what the provider refuses from its failures, and logs either. */
  private async asking<T>(provider: string, work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      const told = explained(error)
      this.runtime.logger.warn({ err: error, provider }, 'a login at an OpenID provider failed')
      throw told
    }
  }

  private loginProvider(name: string): ConnectedOidcProvider {
    const known = this.providers.find(name)
    if (known?.provider.client !== undefined) return known
    throw new RegistryError('NAME_UNKNOWN', `nobody logs in by ${JSON.stringify(name.slice(0, 160))} here`)
  }

  private secret(): string {
    return this.random(32).toString('base64url')
  }
}

type Four = [string, string, string, string]

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

function explained(error: unknown): unknown {
  if (isRegistryError(error)) return error
  // What our own fetch says comes wrapped.
  if (error instanceof ClientError && isRegistryError(error.cause)) return error.cause
  if (error instanceof ResponseBodyError && error.error !== 'invalid_grant') return providerUnavailable(error)
  if (
    error instanceof AuthorizationResponseError ||
    error instanceof ResponseBodyError ||
    error instanceof ClientError ||
    error instanceof WWWAuthenticateChallengeError
  ) {
    return new RegistryError('UNAUTHORIZED', 'the OpenID provider did not confirm the login: begin again', {
      cause: error,
    })
  }
  return error
}
