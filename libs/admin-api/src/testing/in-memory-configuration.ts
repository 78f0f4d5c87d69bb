import type { InMemoryPermissionTargetStore, InMemorySecuritySettingStore } from '@entrepot/access/testing'
import type { DirectoryGroupSettings, DirectorySettings } from '@entrepot/identity'
import type {
  InMemoryAccounts,
  InMemoryGroupStore,
  InMemoryOidcProviderStore,
  InMemoryOrderedSettingsStore,
  InMemoryUserAccountStore,
} from '@entrepot/identity/testing'
import { RegistryError } from '@entrepot/kernel'
import type { ProxyStore, RepositoryId } from '@entrepot/repositories'
import type { InMemoryRepositoryStore } from '@entrepot/repositories/testing'
import type { ConfigurationStores, ConfigurationTransactions } from '../configuration/configuration-stores.js'

/** The stores in memory behind a configuration, which can all be put back. */
export interface StoresInMemory {
  readonly accounts: InMemoryAccounts
  readonly repositories: InMemoryRepositoryStore
  readonly users: InMemoryUserAccountStore
  readonly groups: InMemoryGroupStore
  readonly permissionTargets: InMemoryPermissionTargetStore
  readonly directories: InMemoryOrderedSettingsStore<DirectorySettings>
  readonly directoryGroups: InMemoryOrderedSettingsStore<DirectoryGroupSettings>
  readonly oidcProviders: InMemoryOidcProviderStore
  readonly settings: InMemorySecuritySettingStore
}

/** One transaction at a time; whoever writes into the stores beside one is undone with it. */
export class InMemoryConfiguration implements ConfigurationTransactions {
  /** Repositories that have content. */
  readonly holding = new Set<RepositoryId>()
  #last: Promise<unknown> = Promise.resolve()

  constructor(
    private readonly stores: StoresInMemory,
    private readonly proxies: Pick<ProxyStore, 'list'> = { list: () => Promise.resolve([]) },
  ) {}

  snapshot<T>(work: (stores: ConfigurationStores) => Promise<T>): Promise<T> {
    return work(this.offered)
  }

  transaction<T>(work: (stores: ConfigurationStores) => Promise<T>): Promise<T> {
    const next = this.#last.then(() => this.run(work))
    this.#last = next.catch(() => undefined)
    return next
  }

  private async run<T>(work: (stores: ConfigurationStores) => Promise<T>): Promise<T> {
    const { accounts, users: _users, groups: _groups, ...others } = this.stores
    const undo = [accounts, ...Object.values(others)].map((store) => store.snapshot())
    const wasAdministered = accounts.isAdministered()
    accounts.isKeptByTransaction = true
    try {
      const result = await work(this.offered)
      if (!wasAdministered || accounts.isAdministered()) return result
      throw new RegistryError(
        'CONFLICT',
        'nobody could administer after this: make another user an administrator first',
      )
    } catch (error) {
      for (const bringBack of undo) bringBack()
      throw error
    } finally {
      accounts.isKeptByTransaction = false
    }
  }

  private get offered(): ConfigurationStores {
    return {
      ...this.stores,
      proxies: this.proxies,
      holdsContent: (id) => Promise.resolve(this.holding.has(id)),
    }
  }
}
