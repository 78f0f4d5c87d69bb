import { byCodePoint, RegistryError } from '@entrepot/kernel'
import type { OidcLoginStore, PendingOidcLogin } from '../oidc/oidc-login-store.js'
import type { OidcProviderStore } from '../oidc/oidc-provider-store.js'
import type { OidcMapping, OidcProvider, StoredOidcProvider } from '../oidc/oidc-provider.js'

export class InMemoryOidcProviderStore implements OidcProviderStore {
  readonly #providers = new Map<string, StoredOidcProvider>()

  /** @returns what brings back what is here now */
  snapshot(): () => void {
    const before = [...this.#providers]
    return () => {
      this.#providers.clear()
      for (const [key, row] of before) this.#providers.set(key, row)
    }
  }

  async list(): Promise<readonly StoredOidcProvider[]> {
    return [...this.#providers.values()].sort((left, right) =>
      byCodePoint(left.provider.name, right.provider.name),
    )
  }

  async create(provider: OidcProvider): Promise<void> {
    const { name } = provider
    if (this.#providers.has(name)) throw new RegistryError('CONFLICT', `there is a provider ${name} already`)
    this.#providers.set(name, { provider, mappings: [], revision: 1 })
  }

  async update(provider: OidcProvider, revision: number): Promise<void> {
    const stored = this.known(provider.name)
    if (stored.revision !== revision)
      throw new RegistryError('CONFLICT', 'the provider was changed by another')
    this.#providers.set(provider.name, { ...stored, provider, revision: revision + 1 })
  }

  async delete(name: string): Promise<boolean> {
    return this.#providers.delete(name)
  }

  async putMapping(provider: string, mapping: OidcMapping): Promise<void> {
    const stored = this.known(provider)
    const mappings = [...stored.mappings.filter(({ name }) => name !== mapping.name), mapping].sort(
      (left, right) => left.priority - right.priority || byCodePoint(left.name, right.name),
    )
    this.#providers.set(provider, { ...stored, mappings, revision: stored.revision + 1 })
  }

  async deleteMapping(provider: string, name: string): Promise<boolean> {
    const stored = this.#providers.get(provider)
    const mappings = stored?.mappings.filter((mapping) => mapping.name !== name) ?? []
    if (stored === undefined || mappings.length === stored.mappings.length) return false
    this.#providers.set(provider, { ...stored, mappings, revision: stored.revision + 1 })
    return true
  }

  private known(name: string): StoredOidcProvider {
    const stored = this.#providers.get(name)
    if (stored === undefined) throw new RegistryError('NAME_UNKNOWN', `there is no provider ${name}`)
    return stored
  }
}

export class InMemoryOidcLoginStore implements OidcLoginStore {
  readonly #logins = new Map<string, PendingOidcLogin>()

  async add(login: PendingOidcLogin): Promise<void> {
    this.#logins.set(login.stateHash, login)
  }

  async take(stateHash: string, now: Date): Promise<PendingOidcLogin | undefined> {
    const login = this.#logins.get(stateHash)
    this.#logins.delete(stateHash)
    return login !== undefined && login.expiresAt > now ? login : undefined
  }
}
