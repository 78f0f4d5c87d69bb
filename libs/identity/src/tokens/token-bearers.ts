import type { UserId, UserPrincipal } from '@entrepot/kernel'
import type { PrincipalSource } from '../principal-source.js'
import type { LiveAccessTokens } from './live-access-tokens.js'

/** Whom a token was given to, and with which access token they had proved who they are. */
export interface TokenBearer {
  readonly name: string
  readonly id: UserId
  readonly accessTokenId: string | undefined
  /** As `TokenBearers.passwordMark` gave it; undefined for who had proved themselves otherwise. */
  readonly passwordMark?: string | undefined
}

/** Who the bearer of a token is now: what was got with an access token is worth what that one is worth. */
export class TokenBearers {
  constructor(
    private readonly principals: Pick<PrincipalSource, 'find' | 'forget' | 'passwordMark'>,
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
  /** As `find`, and only as long as the password is the one that had been proved. */
  async findWithPassword(bearer: TokenBearer): Promise<UserPrincipal | undefined> {
    const { name, accessTokenId, passwordMark } = bearer
    if (accessTokenId !== undefined) return this.find(bearer)
    if ((await this.principals.passwordMark(name)) !== passwordMark) {
      // What is known here may be the older one: the password was changed elsewhere, and the token is of after that.
      this.principals.forget(name)
      if ((await this.principals.passwordMark(name)) !== passwordMark) return undefined
    }
    return this.find(bearer)
  }

  /** To be kept with what a user gets now: what stands in the store, for the password that was proved may be new. */
  async passwordMark({ name, accessTokenId }: UserPrincipal): Promise<string | undefined> {
    if (accessTokenId !== undefined) return undefined
    this.principals.forget(name)
    return this.principals.passwordMark(name)
  }
}
