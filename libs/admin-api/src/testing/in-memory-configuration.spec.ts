import { InMemoryPermissionTargetStore, InMemorySecuritySettingStore } from '@entrepot/access/testing'
import type { DirectoryGroupSettings, DirectorySettings } from '@entrepot/identity'
import {
  InMemoryAccounts,
  InMemoryGroupStore,
  InMemoryOidcProviderStore,
  InMemoryOrderedSettingsStore,
  InMemoryUserAccountStore,
} from '@entrepot/identity/testing'
import { InMemoryRepositoryStore } from '@entrepot/repositories/testing'
import { configurationTransactionsContract } from './configuration-transactions.contract.js'
import { InMemoryConfiguration } from './in-memory-configuration.js'

configurationTransactionsContract('InMemoryConfiguration', async () => {
  const accounts = new InMemoryAccounts()
  const transactions = new InMemoryConfiguration({
    accounts,
    repositories: new InMemoryRepositoryStore(),
    users: new InMemoryUserAccountStore(accounts),
    groups: new InMemoryGroupStore(accounts),
    permissionTargets: new InMemoryPermissionTargetStore(),
    directories: new InMemoryOrderedSettingsStore<DirectorySettings>(),
    directoryGroups: new InMemoryOrderedSettingsStore<DirectoryGroupSettings>(),
    oidcProviders: new InMemoryOidcProviderStore(),
    settings: new InMemorySecuritySettingStore(),
  })
  return { transactions, fill: async (id) => void transactions.holding.add(id) }
})
