import { byCodePoint, RegistryError } from '@entrepot/kernel'
import type { ProxyChange, ProxyStore, StoredProxy } from '../proxy-config.js'

export class InMemoryProxyStore implements ProxyStore {
  readonly #proxies = new Map<string, StoredProxy>()
  #revision = 0

  async list(): Promise<readonly StoredProxy[]> {
    const rows = [...this.#proxies.values()]
    return rows.sort((one, other) => byCodePoint(one.config.key, other.config.key))
  }

  async apply(changes: readonly ProxyChange[]): Promise<void> {
    const stale = changes.find(({ key, revision }) => (this.#proxies.get(key)?.revision ?? 0) !== revision)
    if (stale !== undefined) throw new RegistryError('CONFLICT', `proxy ${stale.key} was changed meanwhile`)
    for (const { key, config } of changes) {
      this.#revision += 1
      if (config === undefined) this.#proxies.delete(key)
      else this.#proxies.set(key, { config, revision: this.#revision })
    }
  }
}
