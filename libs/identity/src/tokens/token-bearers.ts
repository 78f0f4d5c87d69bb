import type { UserId, UserPrincipal } from '@entrepot/kernel'
import type { PrincipalSource } from '../principal-source.js'
import type { LiveAccessTokens } from './live-access-tokens.js'

/** Whom a token was given to, and with which access token they had proved who they are. */
export interface TokenBearer {
  readonly name: string
  readonly id: UserId
  readonly accessTokenId: string | undefined
}

/** Who the bearer of a token is now: what was got with an access token is worth what that one is worth. */
export class TokenBearers {
  constructor(
    private readonly principals: Pick<PrincipalSource, 'find'>,
    private readonly accessTokens: Pick<LiveAccessTokens, 'principalOf'>,
  ) {}

  /** @returns undefined when the user or the access token is gone, or another took the name */
  async find({ name, id, accessTokenId }: TokenBearer): Promise<UserPrincipal | undefined> {
    if (accessTokenId === undefined) {
      const principal = await this.principals.find(name, id)
      return principal?.id === id ? principal : undefined
    }
    const principal = await this.accessTokens.principalOf(accessTokenId)
    return principal?.id === id && principal.name === name ? principal : undefined
  }
}
