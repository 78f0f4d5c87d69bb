import { byCodePoint, type Listing, listingOf, type Page } from '@entrepot/kernel'
import type { AccessToken, AccessTokenHashes, AccessTokenStore } from '../tokens/access-token-store.js'

interface Row {
  readonly token: AccessToken
  readonly hashes: AccessTokenHashes
}

export class InMemoryAccessTokenStore implements AccessTokenStore {
  readonly rows = new Map<string, Row>()
  /** How often a single token was asked for, for tests of caches. */
  lookups = 0

  async add(token: AccessToken, hashes: AccessTokenHashes): Promise<boolean> {
    const { parentFamilyId } = token
    if (parentFamilyId !== undefined && !this.inFamily(parentFamilyId).some(isUnrevoked)) return false
    this.rows.set(token.id, { token, hashes })
    return true
  }

  async find(id: string): Promise<AccessToken | undefined> {
    this.lookups += 1
    return this.rows.get(id)?.token
  }

  async findBySecret(hash: string): Promise<AccessToken | undefined> {
    this.lookups += 1
    return [...this.rows.values()].find(({ hashes }) => hashes.secret === hash)?.token
  }

  async findByRefreshToken(hash: string): Promise<AccessToken | undefined> {
    return [...this.rows.values()].find(({ hashes }) => hashes.refresh === hash)?.token
  }

  async list(at: Date, subject: string | undefined, page: Page): Promise<Listing<AccessToken>> {
    const tokens = [...this.rows.values()]
      .map(({ token }) => token)
      .filter(
        (token) => token.revokedAt === undefined && (token.expiresAt === undefined || token.expiresAt > at),
      )
      .filter((token) => subject === undefined || token.subject === subject)
      .filter(({ id }) => page.after === undefined || id > page.after)
      .sort((left, right) => byCodePoint(left.id, right.id))
    return listingOf(tokens.slice(0, page.limit + 1), page.limit)
  }

  async revoke(id: string, at: Date): Promise<AccessToken | undefined> {
    return this.revokeNow(id, at)
  }

  async replace(id: string, token: AccessToken, hashes: AccessTokenHashes): Promise<boolean> {
    if (this.revokeNow(id, token.createdAt) === undefined) return false
    this.rows.set(token.id, { token, hashes })
    return true
  }

  async revokeFamily(familyId: string, at: Date): Promise<readonly AccessToken[]> {
    const families = new Set([familyId])
    // What is added while the set is walked through is walked through as well.
    for (const family of families) {
      for (const { token } of this.rows.values()) {
        if (token.parentFamilyId === family) families.add(token.familyId)
      }
    }
    const tokens = [...families].flatMap((family) => this.inFamily(family)).filter(isUnrevoked)
    return tokens.flatMap(({ id }) => this.revokeNow(id, at) ?? [])
  }

  async recordUses(uses: ReadonlyMap<string, Date>): Promise<void> {
    for (const [id, lastUsedAt] of uses) {
      const row = this.rows.get(id)
      if (row === undefined || (row.token.lastUsedAt ?? 0) >= lastUsedAt) continue
      this.rows.set(id, { ...row, token: { ...row.token, lastUsedAt } })
    }
  }

  private revokeNow(id: string, at: Date): AccessToken | undefined {
    const row = this.rows.get(id)
    if (row === undefined || row.token.revokedAt !== undefined) return undefined
    const token = { ...row.token, revokedAt: at }
    this.rows.set(id, { ...row, token })
    return token
  }

  private inFamily(familyId: string): readonly AccessToken[] {
    return [...this.rows.values()].map(({ token }) => token).filter((token) => token.familyId === familyId)
  }
}

function isUnrevoked({ revokedAt }: AccessToken): boolean {
  return revokedAt === undefined
}
