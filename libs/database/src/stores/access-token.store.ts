import type { AccessToken, AccessTokenHashes, AccessTokenStore } from '@entrepot/identity'
import { type Listing, listingOf, type Page, RegistryError, type UserId } from '@entrepot/kernel'
import { violates } from '../database-error.js'
import type { Database, Statement } from '../database.js'
import * as sql from './access-token.sql.js'

interface TokenRow {
  readonly id: string
  readonly family_id: string
  readonly parent_family_id: string | null
  readonly subject: string
  readonly user_id: UserId | null
  readonly scope: string
  readonly audience: string
  readonly description: string
  readonly created_by: string
  readonly created_at: Date
  readonly expires_at: Date | null
  readonly last_used_at: Date | null
  readonly revoked_at: Date | null
  readonly refreshable: boolean
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

export class PostgresAccessTokenStore implements AccessTokenStore {
  constructor(private readonly database: Database) {}

  async add(token: AccessToken, hashes: AccessTokenHashes): Promise<boolean> {
    return (await this.insert(sql.addToken, token, hashes)).length > 0
  }

  async find(id: string): Promise<AccessToken | undefined> {
    return uuidPattern.test(id) ? this.one(sql.findToken, [id]) : undefined
  }

  findBySecret(hash: string): Promise<AccessToken | undefined> {
    return this.one(sql.findTokenBySecret, [hash])
  }

  findByRefreshToken(hash: string): Promise<AccessToken | undefined> {
    return this.one(sql.findTokenByRefreshToken, [hash])
  }

  async list(at: Date, subject: string | undefined, page: Page): Promise<Listing<AccessToken>> {
    const { limit, after } = page
    if (after !== undefined && !uuidPattern.test(after)) {
      throw new RegistryError('PAGINATION_NUMBER_INVALID', 'a page of tokens begins after the id of a token')
    }
    const values = [at, after ?? null, limit + 1]
    const rows =
      subject === undefined
        ? await this.database.query<TokenRow>(sql.listTokens, values)
        : await this.database.query<TokenRow>(sql.listTokensOf, [...values, subject.replaceAll('\0', '')])
    return listingOf(rows.map(tokenOf), limit)
  }

  async revoke(id: string, at: Date): Promise<AccessToken | undefined> {
    return uuidPattern.test(id) ? this.one(sql.revokeToken, [id, at]) : undefined
  }

  async replace(id: string, token: AccessToken, hashes: AccessTokenHashes): Promise<boolean> {
    return (await this.insert(sql.replaceToken, token, hashes, id)).length > 0
  }

  async revokeFamily(familyId: string, at: Date): Promise<readonly AccessToken[]> {
    const revoked: AccessToken[] = []
    // A round waits for tokens that are being made or replaced, and does not see what is inserted then: the next one does.
    for (let quietRounds = 0; quietRounds < 2;) {
      const rows = await this.database.query<TokenRow>(sql.revokeFamily, [familyId, at])
      revoked.push(...rows.map(tokenOf))
      quietRounds = rows.length > 0 ? 0 : quietRounds + 1
    }
    return revoked.toSorted((left, right) => rank(left, familyId) - rank(right, familyId))
  }

  async recordUses(uses: ReadonlyMap<string, Date>): Promise<void> {
    await this.database.query(sql.recordUses, [[...uses.keys()], [...uses.values()]])
  }

  private async one(statement: Statement, values: readonly unknown[]): Promise<AccessToken | undefined> {
    const [row] = await this.database.query<TokenRow>(statement, values)
    return row && tokenOf(row)
  }

  private async insert(
    statement: Statement,
    token: AccessToken,
    hashes: AccessTokenHashes,
    ...more: readonly unknown[]
  ): Promise<readonly unknown[]> {
    try {
      return await this.database.query(statement, [
        token.id,
        hashes.secret,
        hashes.refresh ?? null,
        token.subject,
        token.userId ?? null,
        token.scope,
        token.audience,
        token.description,
        token.createdBy,
        token.createdAt,
        token.expiresAt ?? null,
        token.familyId,
        token.parentFamilyId ?? null,
        ...more,
      ])
    } catch (error) {
      if (!violates(error, 'access_tokens_user_id_fkey')) throw error
      throw new RegistryError('NAME_UNKNOWN', `there is no user ${JSON.stringify(token.subject)} any more`, {
        cause: error,
      })
    }
  }
}

function rank(token: AccessToken, familyId: string): number {
  return token.familyId === familyId ? 0 : 1
}

function tokenOf(row: TokenRow): AccessToken {
  return {
    id: row.id,
    familyId: row.family_id,
    parentFamilyId: row.parent_family_id ?? undefined,
    subject: row.subject,
    userId: row.user_id ?? undefined,
    scope: row.scope,
    audience: row.audience,
    description: row.description,
    createdBy: row.created_by,
    createdAt: row.created_at,
    expiresAt: row.expires_at ?? undefined,
    lastUsedAt: row.last_used_at ?? undefined,
    revokedAt: row.revoked_at ?? undefined,
    refreshable: row.refreshable,
  }
}
