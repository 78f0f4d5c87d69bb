import type { RefreshTokenStore, StoredRefreshToken } from '@entrepot/identity'
import { type Clock, RegistryError } from '@entrepot/kernel'
import { MoreThan } from 'typeorm'
import { violates } from '../database-error.js'
import type { Database, Statement } from '../database.js'
import { RefreshTokenEntity } from '../entities/refresh-token.entity.js'

export class PostgresRefreshTokenStore implements RefreshTokenStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  async add(token: StoredRefreshToken): Promise<void> {
    const { hash, username, userId, accessTokenId, service, expiresAt } = token
    const { credentialsRevision } = token
    const values = [
      hash,
      username,
      service,
      expiresAt,
      this.now(),
      userId ?? null,
      accessTokenId ?? null,
      credentialsRevision,
    ]
    try {
      await this.database.query(addToken, values)
    } catch (error) {
      if (!isOrphan(error)) throw error
      throw new RegistryError('UNAUTHORIZED', 'the user or the access token is gone', { cause: error })
    }
  }

  async find(hash: string): Promise<StoredRefreshToken | undefined> {
    const token = await this.database.entities((manager) =>
      manager.findOneBy(RefreshTokenEntity, { hash, expiresAt: MoreThan(this.now()) }),
    )
    if (token === null) return undefined
    const { username, userId, accessTokenId, credentialsRevision, service, expiresAt } = token
    return {
      hash,
      username,
      userId: userId ?? undefined,
      accessTokenId: accessTokenId ?? undefined,
      credentialsRevision,
      service,
      expiresAt,
    }
  }

  async revokeAllOf(username: string): Promise<void> {
    await this.database.entities((manager) => manager.delete(RefreshTokenEntity, { username }))
  }

  private now(): Date {
    return new Date(this.clock.now())
  }
}

/** Each new token takes some expired ones away, so that the table stays as large as what is in use. */
const addToken: Statement = {
  name: 'refresh-token-add',
  text: `
    WITH expired AS (
      DELETE FROM refresh_tokens WHERE hash IN (
        SELECT hash FROM refresh_tokens WHERE expires_at < $5::timestamptz
        ORDER BY expires_at LIMIT 20 FOR UPDATE SKIP LOCKED
      )
    )
    INSERT INTO refresh_tokens (hash, username, service, expires_at, user_id, access_token_id,
      credentials_revision)
    VALUES ($1, $2, $3, $4, $6, $7, $8)`,
}

function isOrphan(error: unknown): boolean {
  return (
    violates(error, 'refresh_tokens_user_id_fkey') || violates(error, 'refresh_tokens_access_token_id_fkey')
  )
}
