import {
  type AccessToken,
  type AccessTokens,
  type CreatedAccessToken,
  type NewAccessToken,
  RefreshTokenReused,
} from '@entrepot/identity'
import { type AuditTrail, type Listing, type Page, RegistryError, type RequestOrigin } from '@entrepot/kernel'
import type { Caller } from '../caller.js'
import { noSuch } from '../http/no-such.js'
import { recordChange } from '../record-change.js'
import { tokenAuditView } from './token-json.js'
import type { RevocationDto } from './token.dto.js'

/** Access tokens: users see and revoke their own, administrators all. What is made and revoked is written down. */
export class TokenAdministration {
  constructor(
    private readonly tokens: AccessTokens,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * @param caller undefined: nobody, where the login is optional
   * @throws RegistryError UNAUTHORIZED, DENIED, REQUEST_INVALID
   */
  async create(caller: Caller | undefined, wanted: NewAccessToken): Promise<CreatedAccessToken> {
    const { principal } = entitled(caller)
    const created = await this.tokens.create(wanted, principal)
    this.record(entitled(caller), 'token.create', created.token)
    return created
  }

  /** @throws RegistryError UNAUTHORIZED for a refresh token that is not good any more */
  async refresh(refreshToken: string, origin: RequestOrigin): Promise<CreatedAccessToken> {
    const created = await this.refreshed(refreshToken, origin)
    const { id, subject } = created.token
    this.audit.record({
      action: 'token.create',
      outcome: 'ok',
      actor: subject,
      origin,
      subject: { kind: 'token', name: id },
      after: tokenAuditView(created.token),
      reason: 'refreshed',
    })
    return created
  }

  /** Those that work. */
  async list(caller: Caller, page: Page): Promise<Listing<AccessToken>> {
    if (caller.administrator) return this.tokens.list(page)
    const listing = await this.tokens.list(page, caller.principal.name)
    return { ...listing, items: listing.items.filter((token) => isOwn(caller, token)) }
  }

  /**
   * @param id or `me` for the token that was shown
   * @throws HttpException 404 for what is not the caller's, whether it exists or not
   */
  async visible(caller: Caller, id: string): Promise<AccessToken> {
    const token = await this.tokens.find(id === 'me' ? (caller.principal.accessTokenId ?? '') : id)
    if (token === undefined || !(caller.administrator || isOwn(caller, token))) throw noSuch('token', id)
    return token
  }

  /**
   * With the tokens that were made with it.
   * @param keepsMade leaves these
   * @throws HttpException 404 for what is not the caller's, whether it exists or not
   */
  async revoke(caller: Caller, id: string, keepsMade = false): Promise<void> {
    const { id: visibleId } = await this.visible(caller, id)
    const revoked = await this.tokens.revoke(visibleId, keepsMade)
    if (revoked.length === 0) throw noSuch('token', id)
    this.recordRevoked(caller, revoked)
  }

  /** By who has it: whoever finds a token somewhere may make it worthless. RFC 7009. @throws HttpException 404 */
  private async revokeBySecret(caller: Caller, secret: string): Promise<void> {
    const revoked = await this.tokens.revokeBySecret(secret)
    if (revoked.length === 0) throw noSuch('token', 'of this text')
    this.recordRevoked(caller, revoked)
  }

  /** By whichever of the two is given. @throws RegistryError REQUEST_INVALID for neither; HttpException 404 */
  async revokeEither(caller: Caller, { token, token_id: id }: RevocationDto): Promise<void> {
    if (token !== undefined) await this.revokeBySecret(caller, token)
    else if (id !== undefined) await this.revoke(caller, id)
    else throw new RegistryError('REQUEST_INVALID', 'token and token_id are missing, expected one of them')
  }

  private async refreshed(refreshToken: string, origin: RequestOrigin): Promise<CreatedAccessToken> {
    try {
      return await this.tokens.refresh(refreshToken)
    } catch (error) {
      if (error instanceof RefreshTokenReused) this.recordReuse(error, origin)
      throw error
    }
  }

  /** By the bearer or by a thief: nobody knows, so nobody is named but whose token it was. */
  private recordReuse({ token, revoked }: RefreshTokenReused, origin: RequestOrigin): void {
    const subject = { kind: 'token', name: token.id }
    const reason = 'the refresh token was used or revoked before'
    this.audit.record({
      action: 'token.create',
      outcome: 'refused',
      actor: token.subject,
      origin,
      subject,
      reason,
    })
    for (const each of revoked) {
      this.audit.record({
        action: 'token.revoke',
        outcome: 'ok',
        actor: token.subject,
        origin,
        subject: { kind: 'token', name: each.id },
        before: tokenAuditView(each),
        reason: `a refresh token of its family, of token ${token.id}, was used again`,
      })
    }
  }

  private recordRevoked(caller: Caller, [first, ...made]: readonly AccessToken[]): void {
    if (first === undefined) return
    this.record(caller, 'token.revoke', first)
    for (const token of made) {
      this.record(
        caller,
        'token.revoke',
        token,
        `it was made with token ${first.id}, or with one made with it`,
      )
    }
  }

  private record(
    caller: Caller,
    action: 'token.create' | 'token.revoke',
    token: AccessToken,
    reason?: string,
  ): void {
    const view = tokenAuditView(token)
    recordChange(this.audit, caller, {
      action,
      subject: { kind: 'token', name: token.id },
      ...(action === 'token.create' ? { after: view } : { before: view }),
      ...(reason === undefined ? {} : { reason }),
    })
  }
}

/** A registry token for some content makes no token that is good for more. */
function entitled(caller: Caller | undefined): Caller {
  if (caller === undefined) throw new RegistryError('UNAUTHORIZED', 'this needs a login')
  if (caller.unlimited || caller.administrator) return caller
  throw new RegistryError('DENIED', 'this needs credentials that are not limited to some content')
}

function isOwn({ principal }: Caller, token: AccessToken): boolean {
  return token.userId === principal.id
}
