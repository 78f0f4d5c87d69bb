import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { Provider } from 'oidc-provider'

export const clientId = 'entrepot'
export const clientSecret = 'client-secret-canary'
export const ciAudience = 'entrepot-ci'
export const redirectUri = 'http://127.0.0.1:1/callback'

/** Claims of those who log in, by the name they type. */
export type Accounts = Readonly<Record<string, object>>

interface SigningPair {
  readonly kid: string
  readonly privateKey: CryptoKey
  readonly jwk: JWK
}

/** A real OpenID provider on 127.0.0.1, whose people type a name and any password, and whose keys a test may use. */
export class OpenIdProvider {
  readonly #server = createServer((request, response) => this.answer(request, response))
  #handle: ((request: IncomingMessage, response: ServerResponse) => Promise<void>) | undefined
  #pair!: SigningPair
  /** What is answered in place of the provider's keys. */
  keysFailure: ((response: ServerResponse) => void) | undefined
  /** How often its keys were asked for. */
  keyRequests = 0

  private constructor(
    private readonly accounts: Accounts,
    private readonly callback: string,
  ) {}

  /** @param callback the one address to which it sends browsers back */
  static async start(accounts: Accounts, callback = redirectUri): Promise<OpenIdProvider> {
    const provider = new OpenIdProvider(accounts, callback)
    provider.#server.listen(0, '127.0.0.1')
    await once(provider.#server, 'listening')
    await provider.rotate('first')
    return provider
  }

  get issuer(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** New keys in place of the old ones, as after a restart of the provider. */
  async rotate(kid: string): Promise<void> {
    const { privateKey } = await generateKeyPair('RS256', { extractable: true })
    const jwk = { ...(await exportJWK(privateKey)), kid, alg: 'RS256', use: 'sig' }
    this.#pair = { kid, privateKey, jwk }
    this.#handle = new Provider(this.issuer, this.configuration(jwk)).callback()
  }

  /** What the provider itself would sign; `undefined` leaves a claim out. */
  sign(claims: object, header: object = {}): Promise<string> {
    return this.signWith(this.#pair.privateKey, claims, header)
  }

  signWith(key: Parameters<SignJWT['sign']>[0], claims: object, header: object = {}): Promise<string> {
    const seconds = Math.floor(Date.now() / 1000)
    const common = {
      iss: this.issuer,
      aud: ciAudience,
      sub: 'repo:team/app',
      iat: seconds,
      exp: seconds + 300,
    }
    return new SignJWT({ ...common, ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: this.#pair.kid, typ: 'JWT', ...header })
      .sign(key)
  }

  get publicJwk(): JWK {
    const { kty = '', n = '', e = '', kid = '' } = this.#pair.jwk
    return { kty, n, e, kid }
  }

  /** A token of RFC 9068 by the provider's own token endpoint. */
  async accessToken(): Promise<string> {
    const response = await fetch(`${this.issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: clientSecret,
        resource: 'urn:entrepot',
      }),
    })
    const { access_token: token } = (await response.json()) as { access_token?: string }
    if (token === undefined) throw new Error(`no access token: ${response.status}`)
    return token
  }

  /** As a browser: follows the login's address, types the name, agrees. @returns the query that the callback gets */
  async logIn(location: string, name: string): Promise<string> {
    const cookies = new Map<string, string>()
    let url = location
    let body: URLSearchParams | undefined
    for (let step = 0; step < 20; step += 1) {
      const response = await fetch(url, {
        method: body === undefined ? 'GET' : 'POST',
        body: body ?? null,
        redirect: 'manual',
        headers: { cookie: [...cookies].map(([key, value]) => `${key}=${value}`).join('; ') },
      })
      for (const line of response.headers.getSetCookie()) {
        const [, key = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
        cookies.set(key, value)
      }
      const page = await response.text()
      const next = response.headers.get('location')
      if (next?.startsWith(`${this.callback}?`) === true) return new URL(next).search.slice(1)
      if (next !== null) {
        url = new URL(next, url).href
        body = undefined
      } else {
        const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1]
        if (prompt === undefined) throw new Error(`${response.status} at the provider: ${page.slice(0, 300)}`)
        body = new URLSearchParams({ prompt, login: name, password: 'any' })
      }
    }
    throw new Error('the login goes round in circles')
  }

  async stop(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    if (request.url === '/jwks') {
      this.keyRequests += 1
      if (this.keysFailure !== undefined) return this.keysFailure(response)
    }
    void this.#handle?.(request, response)
  }

  private configuration(jwk: JWK): object {
    return {
      jwks: { keys: [jwk] },
      clients: [
        {
          client_id: clientId,
          client_secret: clientSecret,
          redirect_uris: [this.callback],
          grant_types: ['authorization_code', 'client_credentials'],
          token_endpoint_auth_method: 'client_secret_post',
        },
      ],
      cookies: { keys: ['a key of this test'] },
      conformIdTokenClaims: false,
      claims: {
        openid: ['sub'],
        profile: ['preferred_username'],
        email: ['email', 'email_verified'],
        groups: ['groups'],
      },
      scopes: ['openid', 'profile', 'email', 'groups'],
      findAccount: (_context: unknown, id: string) => ({
        accountId: id,
        claims: () => ({ sub: id, preferred_username: id, ...this.accounts[id] }),
      }),
      ttl: {
        Interaction: 60,
        Session: 60,
        Grant: 60,
        IdToken: 300,
        AccessToken: 300,
        ClientCredentials: 300,
      },
      features: {
        clientCredentials: { enabled: true },
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: () => ({ scope: '', audience: ciAudience, accessTokenFormat: 'jwt' }),
        },
      },
    }
  }
}
