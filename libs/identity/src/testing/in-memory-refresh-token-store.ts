import type { Clock } from '@entrepot/kernel'
import type { RefreshTokenStore, StoredRefreshToken } from '../refresh-token-store.js'

export class InMemoryRefreshTokenStore implements RefreshTokenStore {
  readonly tokens = new Map<string, StoredRefreshToken>()

  constructor(private readonly clock: Clock) {}

  async add(token: StoredRefreshToken): Promise<void> {
    this.tokens.set(token.hash, token)
  }

  async find(hash: string): Promise<StoredRefreshToken | undefined> {
    const token = this.tokens.get(hash)
    return token !== undefined && token.expiresAt.getTime() > this.clock.now() ? token : undefined
  }

  async revokeAllOf(username: string): Promise<void> {
    for (const token of this.tokens.values()) {
      if (token.username === username) this.tokens.delete(token.hash)
    }
  }
}
