import type { SigningKeyStore, StoredSigningKey } from '../signing-key-store.js'

export class InMemorySigningKeyStore implements SigningKeyStore {
  #keys: readonly StoredSigningKey[] = []

  async list(): Promise<readonly StoredSigningKey[]> {
    return this.#keys
  }

  async addIfNone(key: StoredSigningKey): Promise<readonly StoredSigningKey[]> {
    if (this.#keys.length === 0) this.#keys = [key]
    return this.#keys
  }
}
