import {
  createRemoteJWKSet,
  customFetch as jwksFetch,
  errors,
  type JWTPayload,
  jwtVerify,
  type JWTVerifyResult,
} from 'jose'
import {
  allowInsecureRequests,
  type ClientAuth,
  ClientSecretPost,
  clockTolerance,
  type Configuration,
  customFetch,
  discovery,
  None,
} from 'openid-client'
import type { Clock } from '@entrepot/kernel'
import { isRegistryError, RegistryError } from '@entrepot/kernel'
import { boundedFetch, providerUnavailable } from './bounded-fetch.js'
import type { OidcProvider } from './oidc-provider.js'

/** What clocks may differ by. */
const leewaySeconds = 60

/** Metadata seldom changes; keys are looked for whenever a token has an unknown one. */
const metadataMilliseconds = 10 * 60_000

/** Anybody can send a token with an unknown key. */
const keySearchMilliseconds = 1000

/** Asymmetric ones only, whatever a token says. RFC 8725 section 3.1. */
const algorithms = 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519'.split(' ')

interface Discovered {
  readonly configuration: Configuration
  readonly keys: ReturnType<typeof createRemoteJWKSet>
  readonly freshUntil: number
}

/** One provider as it is configured now: its metadata and keys, found when they are first needed. */
export class OidcConnection {
  #discovered: Promise<Discovered> | undefined

  constructor(
    readonly provider: OidcProvider,
    private readonly clock: Clock,
  ) {}

  /** @throws RegistryError UNAVAILABLE when the provider can't be asked or is not the issuer that it should be */
  async configuration(): Promise<Configuration> {
    return (await this.discovered()).configuration
  }

  /**
   * Signature, issuer, audience, times and type of a token that is to be exchanged.
   * @throws RegistryError UNAUTHORIZED with the reason as its cause, UNAVAILABLE when the keys can't be got
   */
  async verify(token: string): Promise<JWTPayload> {
    const { audience, tokenType } = this.provider
    if (audience === undefined) throw refused('the provider has no audience: none of its tokens are taken')
    const { payload, protectedHeader } = await this.check(token, audience)
    const isAccessToken = /^(?:application\/)?at\+jwt$/i.test(protectedHeader.typ ?? '')
    if (isAccessToken === (tokenType === 'access-token')) return payload
    throw refused(`its type is ${JSON.stringify(protectedHeader.typ)}, expected an ${tokenType}`)
  }

  /**
   * The signature of an identity token, although it came straight from the provider: without TLS, that says little.
   * @throws RegistryError as `verify`
   */
  async verifyLogin(idToken: string): Promise<JWTPayload> {
    return (await this.check(idToken, this.provider.client?.id ?? '')).payload
  }

  private async check(token: string, audience: string): Promise<JWTVerifyResult> {
    const { keys } = await this.discovered()
    try {
      return await jwtVerify(token, keys, {
        issuer: this.provider.issuer,
        audience,
        algorithms,
        requiredClaims: ['sub', 'exp', 'iat'],
        clockTolerance: leewaySeconds,
        currentDate: new Date(this.clock.now()),
      })
    } catch (error) {
      throw explained(error)
    }
  }

  private discovered(): Promise<Discovered> {
    const current = this.#discovered ?? this.discover()
    this.#discovered = current
    return current.then(
      (found) => {
        if (this.clock.now() < found.freshUntil) return found
        if (this.#discovered === current) this.#discovered = undefined
        return this.discovered()
      },
      (error: unknown) => {
        if (this.#discovered === current) this.#discovered = undefined
        throw error
      },
    )
  }

  private async discover(): Promise<Discovered> {
    const { issuer, client } = this.provider
    const insecure = new URL(issuer).protocol === 'http:'
    try {
      const configuration = await discovery(
        new URL(issuer),
        client?.id ?? 'none',
        { [clockTolerance]: leewaySeconds },
        authenticationOf(client?.secret),
        { [customFetch]: boundedFetch, ...(insecure ? { execute: [allowInsecureRequests] } : {}) },
      )
      const metadata = configuration.serverMetadata()
      if (metadata.issuer !== issuer) throw new Error(`it says its issuer is ${metadata.issuer}`)
      const keys = createRemoteJWKSet(keyAddress(metadata.jwks_uri, insecure), {
        [jwksFetch]: fetchKeys,
        cooldownDuration: keySearchMilliseconds,
      })
      return { configuration, keys, freshUntil: this.clock.now() + metadataMilliseconds }
    } catch (error) {
      if (isRegistryError(error)) throw error
      throw providerUnavailable(new Error(`${issuer} could not be discovered`, { cause: error }))
    }
  }
}

function authenticationOf(secret: string | undefined): ClientAuth {
  return secret === undefined ? None() : ClientSecretPost(secret)
}

function keyAddress(text: string | undefined, insecure: boolean): URL {
  const url = new URL(text ?? '')
  if (url.protocol === 'https:' || (insecure && url.protocol === 'http:')) return url
  throw new Error(`its keys are at ${url.protocol}//${url.host}, which is not safe`)
}

async function fetchKeys(url: string, options: { headers: Headers; signal: AbortSignal }): Promise<Response> {
  const response = await boundedFetch(url, options)
  if (response.status === 200) return response
  throw providerUnavailable(new Error(`GET ${new URL(url).origin} of the keys answered ${response.status}`))
}

/** Keys that can't be read are the provider's failure; everything else is the token's. */
function explained(error: unknown): unknown {
  if (isRegistryError(error) || !(error instanceof errors.JOSEError)) return error
  const isOfKeys = error instanceof errors.JWKSInvalid || error.code === 'ERR_JOSE_GENERIC'
  return isOfKeys ? providerUnavailable(error) : refused(error)
}

/** The reason is for the log, not for who tries. */
function refused(reason: string | Error): RegistryError {
  const cause = typeof reason === 'string' ? new Error(reason) : reason
  return new RegistryError('UNAUTHORIZED', 'the token is not accepted', { cause })
}
