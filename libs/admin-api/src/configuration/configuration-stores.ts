import {
  anonymousAccessSetting,
  type PermissionTargetStore,
  type SecuritySettingStore,
  type StoredPermissionTarget,
  type StoredSetting,
} from '@entrepot/access'
import {
  type DirectoryGroupSettings,
  type DirectorySettings,
  type Group,
  type GroupStore,
  lockPolicySetting,
  type OidcProviderStore,
  type OrderedSettings,
  type OrderedSettingsStore,
  passwordPolicySetting,
  type StoredOidcProvider,
  type UserAccount,
  type UserAccountStore,
} from '@entrepot/identity'
import type { Listing, Page } from '@entrepot/kernel'
import type { ProxyStore, RepositoryId, RepositoryStore, StoredRepository } from '@entrepot/repositories'
import { allPages } from '../http/all-pages.js'

/** All that is administered, on one transaction. */
export interface ConfigurationStores {
  readonly repositories: RepositoryStore
  readonly users: UserAccountStore
  readonly groups: GroupStore
  readonly permissionTargets: PermissionTargetStore
  readonly directories: OrderedSettingsStore<DirectorySettings>
  readonly directoryGroups: OrderedSettingsStore<DirectoryGroupSettings>
  readonly oidcProviders: OidcProviderStore
  /** Only named by what a document says. */
  readonly proxies: Pick<ProxyStore, 'list'>
  readonly settings: SecuritySettingStore
  /** Images, or a cache of some; in a transaction that changes things none are added before its end. */
  holdsContent(id: RepositoryId): Promise<boolean>
}

export interface ConfigurationTransactions {
  /** What all stores hold at one moment. `work` only reads, and may be called several times. */
  snapshot<T>(work: (stores: ConfigurationStores) => Promise<T>): Promise<T>
  /**
   * All that `work` does happens, or nothing; after a store has thrown it does nothing more. Two of them wait for each other; `work` may be called several times.
   * @throws RegistryError CONFLICT when another was quicker, or when nobody could administer at the end
   */
  transaction<T>(work: (stores: ConfigurationStores) => Promise<T>): Promise<T>
}

/** What every replica keeps in memory of it. */
export interface ConfigurationFollower {
  /** After a transaction: reads anew, and has the other replicas do so. */
  takeOver(): Promise<void>
}

/** What was stored at one moment. */
export interface ConfigurationState {
  readonly repositories: readonly StoredRepository[]
  readonly users: readonly UserAccount[]
  readonly groups: readonly Group[]
  readonly permissionTargets: readonly StoredPermissionTarget[]
  readonly directories: readonly OrderedSettings<DirectorySettings>[]
  readonly directoryGroups: readonly OrderedSettings<DirectoryGroupSettings>[]
  readonly oidcProviders: readonly StoredOidcProvider[]
  /** By their keys. */
  readonly proxies: ReadonlySet<string>
  readonly lockPolicy: StoredSetting | undefined
  readonly passwordPolicy: StoredSetting | undefined
  readonly anonymousAccess: StoredSetting | undefined
}

/** One after the other: a transaction is one connection. */
export async function loadState(stores: ConfigurationStores): Promise<ConfigurationState> {
  return {
    repositories: await stores.repositories.list(),
    users: await listed((page) => stores.users.list(page)),
    groups: await listed((page) => stores.groups.list(page)),
    permissionTargets: await stores.permissionTargets.list(),
    directories: await stores.directories.list(),
    directoryGroups: await stores.directoryGroups.list(),
    oidcProviders: await stores.oidcProviders.list(),
    proxies: new Set((await stores.proxies.list()).map(({ config }) => config.key)),
    lockPolicy: await stores.settings.find(lockPolicySetting),
    passwordPolicy: await stores.settings.find(passwordPolicySetting),
    anonymousAccess: await stores.settings.find(anonymousAccessSetting),
  }
}

async function listed<T extends { readonly name: string }>(
  list: (page: Page) => Promise<Listing<T>>,
): Promise<readonly T[]> {
  const all: T[] = []
  for await (const one of allPages(list)) all.push(one)
  return all
}
