import { isDeepStrictEqual } from 'node:util'
import { abortable } from './abortable.js'
import { type Challenge, parseChallenges } from './challenge.js'
import { basicAuthorization, type Credentials } from './credentials.js'
import type { HopAnswer } from './exchange.js'
import { isRedirect } from './redirect.js'
import type { TokenSource } from './token-source.js'

/** What a request is sent with. */
export interface Authorization {
  readonly header: string | undefined
  /** A token fetched for this very request; when it is refused, another will be too. */
  readonly fresh: boolean
}

type Scheme =
  | { readonly kind: 'bearer'; readonly realm: string | undefined; readonly service: string | undefined }
  | { readonly kind: 'basic' }
  | { readonly kind: 'none' }

const bearerPrefix = 'Bearer '
const none: Authorization = { header: undefined, fresh: false }

/**
 * Knows how the upstream wants to be asked: learned from a challenge, and used beforehand from then on. With credentials
 * it is learned from `/v2/` before the first request, so that they count where anonymous requests would be answered too
 * (protocol check list 218).
 */
export class Authorizer {
  #scheme: Scheme | undefined
  #learning: Promise<void> | undefined

  /** @param ping asks for `/v2/` with nothing but itself; its body is read */
  constructor(
    private readonly credentials: Credentials | undefined,
    private readonly tokens: TokenSource,
    private readonly ping: () => Promise<Pick<HopAnswer, 'status' | 'headers'>>,
  ) {}

  async forScope(scope: string, signal: AbortSignal | undefined): Promise<Authorization> {
    if (this.#scheme === undefined && this.credentials !== undefined) await abortable(this.#learn(), signal)
    return this.#header(scope, signal)
  }

  /**
   * After 401 or 403.
   * @returns undefined when there is nothing else to try
   */
  async afterRefusal(
    answer: Pick<HopAnswer, 'status' | 'headers'>,
    scope: string,
    used: Authorization,
    signal: AbortSignal | undefined,
  ): Promise<Authorization | undefined> {
    const before = this.#scheme
    const challenged = schemeOf(answer)
    if (challenged !== undefined) this.#scheme = challenged
    else if (this.#scheme === undefined) await abortable(this.#learn(), signal)
    else if (answer.status === 403) return undefined
    if (used.fresh && isDeepStrictEqual(before, this.#scheme)) return undefined
    if (this.#scheme?.kind === 'bearer' && used.header?.startsWith(bearerPrefix) === true) {
      this.tokens.reject({ ...this.#scheme, scope }, used.header.slice(bearerPrefix.length))
    }
    const next = await this.#header(scope, signal)
    return next.header === undefined || next.header === used.header ? undefined : next
  }

  async #header(scope: string, signal: AbortSignal | undefined): Promise<Authorization> {
    if (this.#scheme?.kind === 'bearer') {
      const { text, kept } = await abortable(this.tokens.get({ ...this.#scheme, scope }), signal)
      return { header: bearerPrefix + text, fresh: !kept }
    }
    if (this.#scheme?.kind !== 'basic' || this.credentials === undefined) return none
    return { header: basicAuthorization(this.credentials), fresh: false }
  }

  #learn(): Promise<void> {
    this.#learning ??= this.#ask().finally(() => {
      this.#learning = undefined
    })
    return this.#learning
  }

  async #ask(): Promise<void> {
    const answer = await this.ping()
    this.#scheme = schemeOf(answer) ?? { kind: isRedirect(answer.status) ? 'none' : 'basic' }
  }
}

/** Bearer where it is offered, then Basic. */
function schemeOf({ headers }: Pick<HopAnswer, 'headers'>): Scheme | undefined {
  const challenges = parseChallenges(headers.get('www-authenticate') ?? '')
  const bearer = challenges.find((each) => each.scheme === 'bearer')
  if (bearer !== undefined) return bearerOf(bearer)
  return challenges.some((each) => each.scheme === 'basic') ? { kind: 'basic' } : undefined
}

function bearerOf({ parameters }: Challenge): Scheme {
  return { kind: 'bearer', realm: parameters.get('realm'), service: parameters.get('service') }
}
