import { isRegistryError, type Logger, RegistryError } from '@entrepot/kernel'
import type { AccessTokens, CreatedAccessToken } from '../tokens/access-tokens.js'
import type { UserAccountStore } from '../user-account-store.js'
import { matchingMapping } from './matching-mapping.js'
import type { OidcMapping } from './oidc-provider.js'
import type { ConnectedOidcProvider, OidcProviders } from './oidc-providers.js'

export interface OidcExchange {
  /** The name of the provider here. */
  readonly provider: string
  /** What the CI system got from the provider. */
  readonly subjectToken: string
  /** Only this mapping is tried; undefined: all. */
  readonly mapping?: string | undefined
}

/**
 * A token of a CI system for a short-lived one of ours: RFC 8693, as in Artifactory's `POST /access/api/v1/oidc/token`.
 * The same token can be exchanged again until it expires, as there: a job that is done again has no other.
 */
export class OidcTokenExchange {
  constructor(
    private readonly providers: OidcProviders,
    private readonly accessTokens: AccessTokens,
    private readonly accounts: Pick<UserAccountStore, 'find'>,
    private readonly logger: Logger,
  ) {}

  /**
   * @returns a token whose subject is the mapping's user, or `<provider>/<mapping>` where that names none
   * @throws RegistryError UNAUTHORIZED, always in the same words: what failed is in the log; UNAVAILABLE when the provider's
   *   keys can't be got
   */
  async exchange({
    provider: name,
    subjectToken,
    mapping: wanted,
  }: OidcExchange): Promise<CreatedAccessToken> {
    const known = this.providers.find(name)
    if (known === undefined) throw this.refused(name, { reason: 'there is no such provider' })
    const claims = await this.verify(known, subjectToken)
    const mappings = known.mappings.filter((mapping) => wanted === undefined || mapping.name === wanted)
    const match = matchingMapping(mappings, claims)
    if (match.mapping === undefined) {
      throw this.refused(name, { reason: 'no mapping fits', mismatches: match.mismatches })
    }
    return this.issue(name, match.mapping, String(claims['sub']))
  }

  private async verify({ provider, connection }: ConnectedOidcProvider, token: string) {
    try {
      return await connection.verify(token)
    } catch (error) {
      if (isRegistryError(error, 'UNAUTHORIZED')) throw this.refused(provider.name, { err: error.cause })
      if (isRegistryError(error, 'UNAVAILABLE')) {
        this.logger.error({ err: error, provider: provider.name }, 'an OpenID provider can not be asked')
      }
      throw error
    }
  }

  private async issue(provider: string, mapping: OidcMapping, subject: string): Promise<CreatedAccessToken> {
    const { username, scope, audience, expiresInSeconds } = mapping.token
    const account = username === undefined ? undefined : await this.accounts.find(username)
    if (username !== undefined && (account === undefined || account.disabled)) {
      throw this.refused(provider, {
        reason: 'its user is not there or disabled',
        mapping: mapping.name,
        username,
      })
    }
    const description = `${provider}: ${subject}`.slice(0, 255)
    const wanted = {
      subject: account?.name ?? `${provider}/${mapping.name}`,
      scope,
      audience,
      expiresInSeconds,
      description,
    }
    return this.accessTokens.createFor(account, wanted, `oidc/${provider}`)
  }

  private refused(provider: string, fields: object): RegistryError {
    this.logger.warn({ provider, ...fields }, 'a token of an OpenID provider is refused')
    return new RegistryError('UNAUTHORIZED', 'the token is not accepted: the server log says why')
  }
}
