import type { SigningKeyStore, StoredSigningKey } from '../signing-key-store.js'

export class InMemorySigningKeyStore implements SigningKeyStore {
  #keys: readonly StoredSigningKey[] = []
  /** How often `list` was asked, for tests of caches. */
  lookups = 0

  async list(): Promise<readonly StoredSigningKey[]> {
    this.lookups += 1
    return this.#keys
  }

  async addUnlessNewer(key: StoredSigningKey, since: Date): Promise<readonly StoredSigningKey[]> {
    if (!this.#keys.some(({ createdAt }) => createdAt > since)) {
      this.#keys = [...this.#keys, key].sort((left, right) => +right.createdAt - +left.createdAt)
    }
    return this.#keys
  }

  async addAsNewest(key: StoredSigningKey): Promise<void> {
    const before = new Date(+key.createdAt - 1)
    const older = this.#keys.map((one) =>
      one.createdAt < key.createdAt ? one : { ...one, createdAt: before },
    )
    this.#keys = [key, ...older]
  }

  async delete(ids: readonly string[]): Promise<void> {
    this.#keys = this.#keys.filter(({ id }) => !ids.includes(id))
  }
}
