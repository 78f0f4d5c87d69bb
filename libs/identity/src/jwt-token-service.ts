import {
  type Clock,
  type Principal,
  RegistryError,
  type UserId,
  type UserPrincipal,
  anonymous,
} from '@entrepot/kernel'
import { decodeJwt, errors, jwtVerify, SignJWT, type JWTPayload, type JWTVerifyOptions } from 'jose'
import { LRUCache } from 'lru-cache'
import { ForgedToken } from './forged-token.js'
import { type RandomSource, systemRandom } from './random-source.js'
import { maximumTokenLifetimeSeconds, type SigningKeys } from './signing-keys.js'
import type { IssuedToken, TokenScope, TokenService, VerifiedToken } from './token-service.js'
import type { TokenBearer, TokenBearers } from './tokens/token-bearers.js'

export interface JwtTokenSettings {
  readonly issuer: string
  /** The `service` of challenges: the only audience whose tokens are taken here. */
  readonly service: string
  readonly lifetimeSeconds?: number
}

const defaultLifetimeSeconds = 300

/** Clients take a shorter one for this. Docker token specification, `expires_in`. */
const minimumLifetimeSeconds = 60

/** What the clocks of two replicas may differ by. */
const leewaySeconds = 60

const algorithm = 'ES256'

/** All that a header of ours has: a token that brings its own key (`jwk`, `x5c`, `jku`) or `crit` is somebody else's. */
const headerFields = new Set(['alg', 'kid', 'typ'])

/** The characters of all remembered tokens together. */
const maximumRemembered = 8 * 1024 * 1024

interface Claims {
  /** Undefined: nobody. */
  readonly bearer: TokenBearer | undefined
  readonly scopes: readonly TokenScope[]
  /** In milliseconds, leeway included. */
  readonly validUntil: number
}

/**
 * Bearer tokens as JWTs (RFC 7519) signed with ES256. A token says who its bearer is and at most what they may do; whether
 * they exist, may log in and administer, and what the access token or password that they had shown is worth, is looked up at
 * each use.
 */
export class JwtTokenService implements TokenService {
  /** Verification costs 100-200 µs and the pull of a manifest not much more than 20. */
  readonly #verified = new LRUCache<string, Claims>({
    maxSize: maximumRemembered,
    sizeCalculation: (_claims, token) => token.length,
  })
  readonly #lifetimeSeconds: number

  /** @throws RangeError for a lifetime under a minute or over an hour */
  constructor(
    private readonly keys: SigningKeys,
    private readonly bearers: TokenBearers,
    private readonly settings: JwtTokenSettings,
    private readonly clock: Clock,
    private readonly random: RandomSource = systemRandom,
  ) {
    this.#lifetimeSeconds = settings.lifetimeSeconds ?? defaultLifetimeSeconds
    if (!(
      this.#lifetimeSeconds >= minimumLifetimeSeconds && this.#lifetimeSeconds <= maximumTokenLifetimeSeconds
    )) {
      throw new RangeError(
        `token lifetime is ${this.#lifetimeSeconds} s, expected at least ${minimumLifetimeSeconds} s ` +
          `and at most ${maximumTokenLifetimeSeconds} s`,
      )
    }
  }

  async issue(principal: Principal, scopes: readonly TokenScope[]): Promise<IssuedToken> {
    const key = await this.keys.current()
    const issuedAt = Math.floor(this.clock.now() / 1000)
    const token = await new SignJWT({
      access: scopes.map(({ type, name, actions }) => ({ type, name, actions })),
      ...(principal.kind === 'user' ? await this.bearerClaims(principal) : {}),
    })
      .setProtectedHeader({ alg: algorithm, kid: key.id, typ: 'JWT' })
      .setIssuer(this.settings.issuer)
      .setSubject(principal.kind === 'user' ? principal.name : '')
      .setAudience(this.settings.service)
      .setIssuedAt(issuedAt)
      .setNotBefore(issuedAt)
      .setExpirationTime(issuedAt + this.#lifetimeSeconds)
      .setJti(this.random(16).toString('base64url'))
      .sign(key.privateKey)
    return { token, expiresInSeconds: this.#lifetimeSeconds, issuedAt: new Date(issuedAt * 1000) }
  }

  async verify(token: string): Promise<VerifiedToken> {
    const known = this.#verified.get(token)
    const claims = known ?? (await this.checkNew(token))
    if (this.clock.now() >= claims.validUntil) throw expired()
    if (known === undefined) this.#verified.set(token, claims)
    return { principal: await this.principalOf(claims.bearer), scopes: claims.scopes }
  }

  private async bearerClaims(principal: UserPrincipal): Promise<JWTPayload> {
    const passwordMark = await this.bearers.passwordMark(principal)
    return { uid: principal.id, ati: principal.accessTokenId, pwm: passwordMark }
  }

  private async principalOf(bearer: TokenBearer | undefined): Promise<Principal> {
    if (bearer === undefined) return anonymous
    const principal = await this.bearers.findWithPassword(bearer)
    if (principal === undefined) throw refused('its user may not log in with it any more')
    return principal
  }

  /** Signed by a key that is long gone, a token of ours looks like a forged one. */
  private async checkNew(token: string): Promise<Claims> {
    try {
      return await this.check(token)
    } catch (error) {
      if (error instanceof ForgedToken && saysItIsOver(token, this.clock.now())) {
        throw expired(error)
      }
      throw error
    }
  }

  /** RFC 8725, "JSON Web Token Best Current Practices": the algorithm is ours to choose, never the token's. */
  private async check(token: string): Promise<Claims> {
    const options: JWTVerifyOptions = {
      algorithms: [algorithm],
      typ: 'JWT',
      issuer: this.settings.issuer,
      audience: this.settings.service,
      requiredClaims: ['sub', 'exp', 'nbf', 'iat', 'jti'],
      clockTolerance: leewaySeconds,
      currentDate: new Date(this.clock.now()),
    }
    try {
      const { payload } = await jwtVerify(
        token,
        async (header) => {
          const foreign = Object.keys(header).find((field) => !headerFields.has(field))
          if (foreign !== undefined) throw forged(`its header has ${JSON.stringify(foreign.slice(0, 40))}`)
          const key = await this.keys.find(header.kid ?? '')
          if (key === undefined) throw forged('its key is not one of this registry')
          return key.publicKey
        },
        options,
      )
      return claimsOf(payload)
    } catch (error) {
      if (error instanceof errors.JWTExpired) throw expired(error)
      if (error instanceof errors.JOSEError) throw forged('it is not one of this registry', error)
      throw error
    }
  }
}

function claimsOf(payload: JWTPayload): Claims {
  const { exp, access } = payload
  const bearer = bearerOf(payload)
  if (bearer === 'invalid' || typeof exp !== 'number' || !Array.isArray(access) || !access.every(isScope)) {
    throw forged('its claims are not those of this registry')
  }
  return { bearer, scopes: access, validUntil: (exp + leewaySeconds) * 1000 }
}

/** A user has a name and an id; nobody has neither. */
function bearerOf({ sub, uid, ati, pwm }: JWTPayload): TokenBearer | undefined | 'invalid' {
  if (sub === '') return [uid, ati, pwm].every((claim) => claim === undefined) ? undefined : 'invalid'
  if (typeof sub !== 'string' || typeof uid !== 'string' || uid === '') return 'invalid'
  if (ati !== undefined && typeof ati !== 'string') return 'invalid'
  if (pwm !== undefined && typeof pwm !== 'string') return 'invalid'
  return { name: sub, id: uid as UserId, accessTokenId: ati, passwordMark: pwm }
}

function isScope(value: unknown): value is TokenScope {
  if (typeof value !== 'object' || value === null) return false
  const { type, name, actions } = value as Partial<Record<keyof TokenScope, unknown>>
  return (
    typeof type === 'string' &&
    typeof name === 'string' &&
    Array.isArray(actions) &&
    actions.every((action) => typeof action === 'string')
  )
}

/** What it says of itself, unverified. */
function saysItIsOver(token: string, now: number): boolean {
  try {
    const { exp } = decodeJwt(token)
    return typeof exp === 'number' && (exp + leewaySeconds) * 1000 <= now
  } catch (error) {
    if (error instanceof errors.JOSEError) return false
    throw error
  }
}

function refused(reason: string, cause?: unknown): RegistryError {
  return new RegistryError('UNAUTHORIZED', messageOf(reason), { cause })
}

function expired(cause?: unknown): RegistryError {
  return new RegistryError('UNAUTHORIZED', messageOf('it has expired'), { cause, isForAudit: false })
}

function forged(reason: string, cause?: unknown): ForgedToken {
  return new ForgedToken(messageOf(reason), cause)
}

function messageOf(reason: string): string {
  return `the bearer token is not valid: ${reason}`
}
