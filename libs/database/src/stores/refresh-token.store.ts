import type { RefreshTokenStore, StoredRefreshToken } from '@entrepot/identity'
import type { Clock } from '@entrepot/kernel'
import { MoreThan } from 'typeorm'
import type { Database, Statement } from '../database.js'
import { RefreshTokenEntity } from '../entities/refresh-token.entity.js'

export class PostgresRefreshTokenStore implements RefreshTokenStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  async add(token: StoredRefreshToken): Promise<void> {
    const { hash, username, service, expiresAt } = token
    await this.database.query(addToken, [hash, username, service, expiresAt, this.now()])
  }

  async find(hash: string): Promise<StoredRefreshToken | undefined> {
    const token = await this.database.entities((manager) =>
      manager.findOneBy(RefreshTokenEntity, { hash, expiresAt: MoreThan(this.now()) }),
    )
    return token ?? undefined
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
    INSERT INTO refresh_tokens (hash, username, service, expires_at) VALUES ($1, $2, $3, $4)`,
}
