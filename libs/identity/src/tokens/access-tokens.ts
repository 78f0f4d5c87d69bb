import {
  type Clock,
  type Listing,
  type Page,
  RegistryError,
  type UserId,
  type UserPrincipal,
} from '@entrepot/kernel'
import { isAdministrator } from '../administration-scope.js'
import { type RandomSource, systemRandom } from '../random-source.js'
import type { UserAccountStore } from '../user-account-store.js'
import type { UserAccount } from '../user-account.js'
import { type AccessTokenScope, maximumScopeLength, parseAccessTokenScope } from './access-token-scope.js'
import { hashOfSecret, isSecret, newSecret } from './access-token-secret.js'
import type { AccessToken, AccessTokenHashes, AccessTokenStore } from './access-token-store.js'
import { anyAudience } from './audience.js'
import { isLive, type LiveAccessTokens } from './live-access-tokens.js'
import { refuseWiderScope } from './scope-grant.js'

export interface NewAccessToken {
  /** A user's name; an administrator may name somebody without an account, for groups. */
  readonly subject: string
  /** See `parseAccessTokenScope`. */
  readonly scope: string
  /** Undefined: as long as the credentials of the maker, or for ever. */
  readonly expiresInSeconds?: number | undefined
  readonly description?: string | undefined
  /** Whether a refresh token comes with it. */
  readonly refreshable?: boolean | undefined
  /** Ids of services, see `isMeantForHere`; absent or empty: every service. */
  readonly audience?: string | undefined
}

/** The secrets are shown this once. */
export interface CreatedAccessToken {
  readonly token: AccessToken
  readonly secret: string
  readonly refreshToken: string | undefined
}

const maximumDescriptionLength = 1024
const maximumAudienceLength = 255
const maximumNameLength = 255
const maximumLifetimeSeconds = 100 * 365 * 24 * 60 * 60

/** How long after its token's end a refresh token still works. */
const refreshMilliseconds = 90 * 24 * 60 * 60 * 1000

/** Personal access tokens and those of robots: opaque, revoked at once, at most what their user may. */
export class AccessTokens {
  constructor(
    private readonly store: AccessTokenStore,
    private readonly live: LiveAccessTokens,
    private readonly accounts: Pick<UserAccountStore, 'find'>,
    private readonly clock: Clock,
    private readonly random: RandomSource = systemRandom,
  ) {}

  /**
   * Users make tokens for themselves, administrators for anybody.
   * @param by as the credentials that were shown prove it: a token never makes one that may more or lives longer
   * @throws RegistryError REQUEST_INVALID for a scope or lifetime that is none, NAME_UNKNOWN for a subject that has no
   *   account and no groups, DENIED for what is not the maker's to give
   */
  async create(wanted: NewAccessToken, by: UserPrincipal): Promise<CreatedAccessToken> {
    const scope = checkedScope(wanted)
    const account = await this.accounts.find(wanted.subject)
    if (!isAdministrator(by) && account?.id !== by.id) {
      throw denied('only administrators make tokens for others')
    }
    refuseWiderScope(scope, by)
    const parent = await this.shownBy(by)
    const expiresAt = this.expiryFor(wanted, by, parent)
    const parentFamilyId = parent?.familyId
    return this.issue({ ...wanted, scope, account, expiresAt, createdBy: by.name, parentFamilyId })
  }

  /**
   * For somebody whom this server itself has let in, as by OpenID Connect.
   * @param account whose token it is; undefined for a subject that is no user, whoever may have that name
   * @param createdBy who vouched, as the list of tokens shows it
   * @throws RegistryError DENIED for an administrator's scope without an administrator
   */
  async createFor(
    account: UserAccount | undefined,
    wanted: NewAccessToken & { readonly expiresInSeconds: number },
    createdBy: string,
  ): Promise<CreatedAccessToken> {
    const scope = parseAccessTokenScope(wanted.scope)
    const expiresAt = this.after(wanted.expiresInSeconds)
    return this.issue({ ...wanted, scope, account, expiresAt, createdBy, parentFamilyId: undefined })
  }

  /** Those that work, by id. @param subject undefined: of everybody */
  list(page: Page, subject?: string): Promise<Listing<AccessToken>> {
    return this.store.list(this.now(), subject, page)
  }

  /** @returns undefined when there is none that works */
  async find(id: string): Promise<AccessToken | undefined> {
    const token = await this.store.find(id)
    return token !== undefined && isLive(token, this.clock.now()) ? token : undefined
  }

  /**
   * At once here, within a second on other replicas, with all that was got with it: sessions, and the tokens that were made
   * with it, and with these. Whoever revokes a token that leaked must not have to guess what a thief has made of it.
   * @param keepsMade leaves the tokens that were made with it
   * @returns what was revoked, the token itself first; nothing when there was none
   */
  async revoke(id: string, keepsMade = false): Promise<readonly AccessToken[]> {
    const token = await this.store.find(id)
    if (token === undefined || token.revokedAt !== undefined) return []
    const now = this.now()
    const revoked = keepsMade
      ? await this.store.revoke(id, now)
      : await this.store.revokeFamily(token.familyId, now)
    this.live.forget()
    return [revoked ?? []].flat()
  }

  /** By the token or its refresh token. @returns as `revoke` */
  async revokeBySecret(secret: string): Promise<readonly AccessToken[]> {
    const token = await this.findBySecret(secret)
    return token === undefined ? [] : this.revoke(token.id)
  }

  /** @returns what the secret belongs to, expired or not; undefined for anything else */
  async findBySecret(secret: string): Promise<AccessToken | undefined> {
    if (isSecret('access', secret)) return this.store.findBySecret(hashOfSecret(secret))
    if (isSecret('refresh', secret)) return this.store.findByRefreshToken(hashOfSecret(secret))
    return undefined
  }

  /**
   * A new token with the same scope and lifetime; the old one and its refresh token work no more.
   * One that was used comes from the bearer or from a thief, and nobody can tell who was first: then no token of its family
   * works any more, nor what was made with these. RFC 9700 section 4.14.2.
   * @throws RefreshTokenReused for a refresh token that was used or revoked; RegistryError UNAUTHORIZED for one that is
   *   unknown or expired
   */
  async refresh(refreshToken: string): Promise<CreatedAccessToken> {
    const old = isSecret('refresh', refreshToken) ? await this.findBySecret(refreshToken) : undefined
    if (old === undefined) throw refreshRefused()
    if (old.revokedAt !== undefined) throw await this.reused(old)
    if (!this.isRefreshable(old)) throw refreshRefused()
    if (old.userId !== undefined) {
      const account = await this.accounts.find(old.subject)
      if (account?.id !== old.userId || account.disabled) throw refreshRefused()
    }
    const lifetime = old.expiresAt && old.expiresAt.getTime() - old.createdAt.getTime()
    const expiresAt = lifetime === undefined ? undefined : new Date(this.clock.now() + lifetime)
    const made = this.make({ ...old, expiresAt, refreshable: true })
    if (!(await this.store.replace(old.id, made.token, hashesOf(made)))) throw await this.reused(old)
    this.live.forget()
    return made
  }

  private async reused(token: AccessToken): Promise<RefreshTokenReused> {
    const revoked = await this.store.revokeFamily(token.familyId, this.now())
    this.live.forget()
    return new RefreshTokenReused(token, revoked)
  }

  /** @returns undefined when no access token was shown. @throws RegistryError DENIED for one that has ended meanwhile */
  private async shownBy({ accessTokenId }: UserPrincipal): Promise<AccessToken | undefined> {
    if (accessTokenId === undefined) return undefined
    const shown = await this.find(accessTokenId)
    if (shown === undefined) throw shownTokenEnded()
    return shown
  }

  private async issue(wanted: {
    readonly subject: string
    readonly scope: AccessTokenScope
    readonly account: UserAccount | undefined
    readonly expiresAt: Date | undefined
    readonly createdBy: string
    readonly parentFamilyId: string | undefined
    readonly description?: string | undefined
    readonly refreshable?: boolean | undefined
    readonly audience?: string | undefined
  }): Promise<CreatedAccessToken> {
    const { scope, account } = wanted
    refuseSubject(wanted.subject, account, scope)
    const made = this.make({
      subject: account?.name ?? wanted.subject,
      userId: account?.id,
      scope: scope.text,
      audience: wanted.audience?.trim() === '' ? anyAudience : (wanted.audience ?? anyAudience),
      description: wanted.description ?? '',
      createdBy: wanted.createdBy,
      parentFamilyId: wanted.parentFamilyId,
      expiresAt: wanted.expiresAt,
      refreshable: wanted.refreshable ?? false,
    })
    if (!(await this.store.add(made.token, hashesOf(made)))) throw shownTokenEnded()
    return made
  }

  private make(
    token: Omit<AccessToken, 'id' | 'familyId' | 'createdAt' | 'lastUsedAt' | 'revokedAt'> & {
      readonly userId: UserId | undefined
      readonly familyId?: string
    },
  ): CreatedAccessToken {
    const id = uuid(this.random)
    return {
      token: {
        ...token,
        id,
        familyId: token.familyId ?? id,
        createdAt: this.now(),
        lastUsedAt: undefined,
        revokedAt: undefined,
      },
      secret: newSecret('access', this.random),
      refreshToken: token.refreshable ? newSecret('refresh', this.random) : undefined,
    }
  }

  /** Administrators could make anything anyway; everybody else's tokens end with the token they show. */
  private expiryFor(
    wanted: NewAccessToken,
    by: UserPrincipal,
    shown: AccessToken | undefined,
  ): Date | undefined {
    const asked = wanted.expiresInSeconds === undefined ? undefined : this.after(wanted.expiresInSeconds)
    if (isAdministrator(by) || shown?.expiresAt === undefined) return asked
    if (wanted.refreshable === true) {
      throw denied('a token made with one that expires can not be refreshable: it would outlive it')
    }
    if (asked !== undefined && asked > shown.expiresAt) {
      throw denied(
        `a token can not outlive the one you show, which expires at ${shown.expiresAt.toISOString()}`,
      )
    }
    return asked ?? shown.expiresAt
  }

  private isRefreshable(token: AccessToken): boolean {
    const end = token.expiresAt === undefined ? Infinity : token.expiresAt.getTime() + refreshMilliseconds
    return this.clock.now() < end
  }

  private after(seconds: number): Date {
    if (!Number.isSafeInteger(seconds) || seconds < 1 || seconds > maximumLifetimeSeconds) {
      throw invalid(`a token's lifetime is ${seconds} s: expected a whole number of seconds, at least 1`)
    }
    return new Date(this.clock.now() + seconds * 1000)
  }

  private now(): Date {
    return new Date(this.clock.now())
  }
}

function checkedScope(wanted: NewAccessToken): AccessTokenScope {
  const { scope, description = '', audience = anyAudience } = wanted
  if (scope.length > maximumScopeLength) {
    throw invalid(`the scope has ${scope.length} characters: at most ${maximumScopeLength} are allowed`)
  }
  if (description.length > maximumDescriptionLength || /\0/.test(description)) {
    throw invalid(`a description has at most ${maximumDescriptionLength} characters, and no NUL`)
  }
  if (audience.length > maximumAudienceLength || /\p{Cc}/u.test(audience)) {
    throw invalid(`an audience has at most ${maximumAudienceLength} characters, and no control characters`)
  }
  return parseAccessTokenScope(scope)
}

function refuseSubject(subject: string, account: UserAccount | undefined, scope: AccessTokenScope): void {
  if (subject === '' || subject.length > maximumNameLength || /\p{Cc}/u.test(subject)) {
    throw invalid(`a token's subject is a name of 1 to ${maximumNameLength} characters`)
  }
  if (account === undefined && typeof scope.rights === 'string') {
    throw new RegistryError(
      'NAME_UNKNOWN',
      `there is no user ${JSON.stringify(subject)}: a token for somebody without an account needs ` +
        'applied-permissions/groups:<names> in its scope',
    )
  }
  if (scope.rights === 'admin' && account?.admin !== true) {
    throw denied(`${JSON.stringify(subject)} is no administrator`)
  }
}

/** Undefined where there is none to be had. */
function hashesOf({ secret, refreshToken }: CreatedAccessToken): AccessTokenHashes {
  return { secret: hashOfSecret(secret), refresh: refreshToken && hashOfSecret(refreshToken) }
}

/** RFC 9562 section 5.4. */
function uuid(random: RandomSource): string {
  const bytes = random(16)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

function invalid(message: string): RegistryError {
  return new RegistryError('REQUEST_INVALID', message)
}

function denied(message: string): RegistryError {
  return new RegistryError('DENIED', message)
}

function shownTokenEnded(): RegistryError {
  return denied('the token that you show is not valid any more')
}

const refreshRefusal = 'the refresh token is unknown, used, expired or revoked'

function refreshRefused(): RegistryError {
  return new RegistryError('UNAUTHORIZED', refreshRefusal)
}

/** A refresh token was shown again after it had been used or revoked. The answer is that of an unknown one. */
export class RefreshTokenReused extends RegistryError {
  constructor(
    readonly token: AccessToken,
    /** What still worked until then. */
    readonly revoked: readonly AccessToken[],
  ) {
    super('UNAUTHORIZED', refreshRefusal, { isForAudit: false })
  }
}
