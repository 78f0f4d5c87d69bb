import type { Clock } from '@entrepot/kernel'
import { LRUCache } from 'lru-cache'
import { basicAuthorization, type Credentials } from './credentials.js'
import { readPrefix } from './read-prefix.js'
import { statusFailure } from './status-failure.js'
import { checkedRealm } from './token-realm.js'
import type { Transport } from './transport.js'
import { badAnswer, UpstreamError } from './upstream-error.js'
import type { UpstreamSettings } from './upstream-settings.js'

export interface TokenRequest {
  readonly realm: string | undefined
  readonly service: string | undefined
  readonly scope: string
}

interface Token {
  readonly text: string
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

/** Token specification: a token without `expires_in` is good for 60 s, and none is issued for less. */
const shortestSeconds = 60
/** A token that ends while its request travels is of no use. */
const marginMilliseconds = 5000

/** Bearer tokens by realm, service and scope; however many ask, each is fetched once at a time. */
export class TokenSource {
  readonly #tokens = new LRUCache<string, Token>({ max: 2000 })
  readonly #fetches = new Map<string, Promise<Token>>()

  constructor(
    private readonly settings: UpstreamSettings,
    private readonly credentials: Credentials | undefined,
    private readonly transport: Transport,
    private readonly clock: Clock,
  ) {}

  /**
   * `kept`: the token was fetched before, so that another may fare better when this one is refused.
   * The fetch is nobody's own: it has the time limits and no signal.
   * @throws UpstreamError DENIED when the credentials are wrong; UPSTREAM_FAILED for a realm or an answer that won't do
   */
  async get(request: TokenRequest): Promise<{ readonly text: string; readonly kept: boolean }> {
    const key = keyOf(request)
    const known = this.#tokens.get(key)
    if (known !== undefined && this.clock.now() < known.expiresAt - marginMilliseconds) {
      return { text: known.text, kept: true }
    }
    const { text } = await (this.#fetches.get(key) ?? this.#start(key, request))
    return { text, kept: false }
  }

  /** Forgets a token that was refused, unless another has taken its place. */
  reject(request: TokenRequest, text: string): void {
    const key = keyOf(request)
    if (this.#tokens.get(key)?.text === text) this.#tokens.delete(key)
  }

  #start(key: string, request: TokenRequest): Promise<Token> {
    const fetch = this.#fetch(request)
      .then((token) => {
        this.#tokens.set(key, token)
        return token
      })
      .finally(() => this.#fetches.delete(key))
    this.#fetches.set(key, fetch)
    return fetch
  }

  async #fetch({ realm, service, scope }: TokenRequest): Promise<Token> {
    const upstream = new URL(this.settings.baseUrl)
    const hasCredentials = this.credentials !== undefined
    const { allowAnyHostAuth } = this.settings
    const url = checkedRealm(realm, { upstream, hasCredentials, allowAnyHostAuth })
    if (service !== undefined) url.searchParams.append('service', service)
    url.searchParams.append('scope', scope)
    const who = `token endpoint ${url.host} of upstream ${upstream.host}`
    const authorization = this.credentials && basicAuthorization(this.credentials)
    const answer = await this.transport.send({
      url,
      method: 'GET',
      headers: { accept: 'application/json', ...(authorization === undefined ? {} : { authorization }) },
      purpose: 'token',
      who,
      signal: undefined,
    })
    const body = await readPrefix(answer.body, this.settings.timeLimitMilliseconds)
    if (answer.status === 401 || answer.status === 403) throw this.#refused(who, answer.status)
    if (answer.status !== 200) throw statusFailure(who, answer.status, answer.headers, this.clock.now())
    return this.#read(body, who)
  }

  #read(body: Buffer, who: string): Token {
    const fields = parseObject(body)
    const text = fields?.['token'] ?? fields?.['access_token']
    if (typeof text !== 'string' || !/^[\x21-\x7e]+$/.test(text)) {
      throw badAnswer(`${who} answered 200 without a token`)
    }
    const stated = fields?.['expires_in']
    const seconds = Math.max(
      typeof stated === 'number' && Number.isFinite(stated) ? stated : 0,
      shortestSeconds,
    )
    return { text, expiresAt: this.clock.now() + seconds * 1000 }
  }

  #refused(who: string, status: number): UpstreamError {
    const advice =
      this.credentials === undefined
        ? 'the content may not exist or needs credentials'
        : 'check the user name and password of the remote repository; or the content may not exist'
    return new UpstreamError('DENIED', `${who} gives no token (${status}): ${advice}`, 'alive')
  }
}

function keyOf({ realm, service, scope }: TokenRequest): string {
  return JSON.stringify([realm, service, scope])
}

function parseObject(body: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body.toString())
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
