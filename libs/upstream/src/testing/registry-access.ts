import type { IncomingHttpHeaders } from 'node:http'

export interface TokenRules {
  /** Where the challenge sends clients; this registry's own `/token` unless told. */
  readonly realm?: string
  readonly service?: string
  /** Whom the token endpoint knows; without, everybody gets a token that is good for everything. */
  readonly username?: string
  readonly password?: string
  /** `expires_in`; not sent unless told. */
  readonly expiresInSeconds?: number
  /** `token` unless told. */
  readonly field?: 'token' | 'access_token'
  /** The whole `WWW-Authenticate` header, where the usual one won't do. */
  readonly challenge?: string
}

interface Grant {
  readonly scopes: readonly string[]
  /** Without access: what a registry gives someone it doesn't know. */
  readonly empty: boolean
  readonly serial: number
}

let lastSerial = 0

/** Who may read from a {@link FaultyRegistry}. A token made by one of them is good on all of them. */
export class RegistryAccess {
  #token: TokenRules | undefined
  #basic: { readonly username: string; readonly password: string } | undefined
  #revokedUpTo = 0

  requireToken(rules: TokenRules): void {
    this.#token = rules
    this.#basic = undefined
  }

  requireBasic(username: string, password: string): void {
    this.#basic = { username, password }
    this.#token = undefined
  }

  requireNothing(): void {
    this.#basic = undefined
    this.#token = undefined
  }

  /** No token made so far is taken any more. */
  revokeTokens(): void {
    this.#revokedUpTo = lastSerial
  }

  /** @returns the challenge to answer 401 with; undefined when the request may pass */
  challengeFor(headers: IncomingHttpHeaders, image: string | undefined, ownUrl: string): string | undefined {
    if (this.#basic !== undefined) {
      return headers.authorization === basicOf(this.#basic.username, this.#basic.password)
        ? undefined
        : 'Basic realm="faulty registry"'
    }
    if (this.#token === undefined) return undefined
    const scope = image === undefined ? undefined : `repository:${image}:pull`
    const grant = grantOf(headers.authorization)
    if (grant !== undefined && !grant.empty && grant.serial > this.#revokedUpTo) {
      if (scope === undefined || grant.scopes.includes(scope)) return undefined
    }
    const parameters = [
      `realm="${this.#token.realm ?? `${ownUrl}/token`}"`,
      `service="${this.#token.service ?? 'faulty registry, the "best"'.replaceAll('"', '\\"')}"`,
      ...(scope === undefined ? [] : [`scope="${scope}"`]),
      ...(grant === undefined ? [] : [`error="${grant.empty ? 'insufficient_scope' : 'invalid_token'}"`]),
    ]
    return this.#token.challenge ?? `Bearer ${parameters.join(',')}`
  }

  /** What `GET /token` answers; undefined for credentials that are wrong. */
  issue(headers: IncomingHttpHeaders, query: URLSearchParams): Record<string, unknown> | undefined {
    const rules = this.#token ?? {}
    const known =
      rules.username === undefined || headers.authorization === basicOf(rules.username, rules.password ?? '')
    if (!known && headers.authorization !== undefined) return undefined
    lastSerial += 1
    const scopes = query.getAll('scope').flatMap((scope) => scope.split(' '))
    const grant: Grant = { scopes, empty: !known, serial: lastSerial }
    return {
      [rules.field ?? 'token']: Buffer.from(JSON.stringify(grant)).toString('base64url'),
      ...(rules.expiresInSeconds === undefined ? {} : { expires_in: rules.expiresInSeconds }),
    }
  }
}

export function basicOf(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

function grantOf(authorization: string | undefined): Grant | undefined {
  const token = /^Bearer (.+)$/.exec(authorization ?? '')?.[1]
  if (token === undefined) return undefined
  return JSON.parse(Buffer.from(token, 'base64url').toString()) as Grant
}
