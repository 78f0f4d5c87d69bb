import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'

/** What jobs of a CI system name as the audience of their tokens. */
export const jobAudience = 'entrepot-ci'

/** As much of an OpenID provider on 127.0.0.1 as this API asks of one: everybody who logs in there is let in. */
export class Issuer {
  /** By the code that the browser was sent back with. */
  readonly #nonces = new Map<string, string>()
  readonly #server: Server

  private constructor(
    private readonly key: CryptoKey,
    private readonly jwk: JWK,
  ) {
    this.#server = createServer((request, response) => {
      const body: Buffer[] = []
      request.on('data', (chunk: Buffer) => body.push(chunk))
      request.on('end', () => void this.answer(request.url ?? '', Buffer.concat(body).toString(), response))
    })
  }

  static async start(): Promise<Issuer> {
    const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
    const issuer = new Issuer(privateKey, {
      ...(await exportJWK(publicKey)),
      kid: 'k',
      alg: 'RS256',
      use: 'sig',
    })
    issuer.#server.listen(0, '127.0.0.1')
    await once(issuer.#server, 'listening')
    return issuer
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** The token of a job. */
  sign(claims: object): Promise<string> {
    const seconds = Math.floor(Date.now() / 1000)
    const common = { iss: this.url, aud: jobAudience, sub: 'job', iat: seconds, exp: seconds + 300 }
    return new SignJWT({ ...common, ...claims }).setProtectedHeader({ alg: 'RS256', kid: 'k' }).sign(this.key)
  }

  /** As a browser that is sent to `location`. @returns what it comes back with */
  logIn(location: string): { readonly code: string; readonly state: string } {
    const asked = new URL(location).searchParams
    const code = `code-${this.#nonces.size + 1}`
    this.#nonces.set(code, asked.get('nonce') ?? '')
    return { code, state: asked.get('state') ?? '' }
  }

  stop(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  private async answer(path: string, body: string, response: ServerResponse): Promise<void> {
    const json = JSON.stringify(await this.answerTo(path, body))
    response.setHeader('content-type', 'application/json').end(json)
  }

  private async answerTo(path: string, body: string): Promise<object> {
    if (path === '/jwks') return { keys: [this.jwk] }
    if (path !== '/token') {
      return {
        issuer: this.url,
        jwks_uri: `${this.url}/jwks`,
        authorization_endpoint: `${this.url}/auth`,
        token_endpoint: `${this.url}/token`,
        response_types_supported: ['code'],
      }
    }
    const form = new URLSearchParams(body)
    const audience = form.get('client_id') ?? 'entrepot'
    const nonce = this.#nonces.get(form.get('code') ?? '')
    const idToken = await this.sign({ aud: audience, nonce, preferred_username: 'alice' })
    return { access_token: 'of-no-use', token_type: 'Bearer', expires_in: 60, id_token: idToken }
  }
}
