import { AnonymousAccess, PermissionTargetPolicy, PermissionTargets } from '@entrepot/access'
import { InMemoryPermissionTargetStore, InMemorySecuritySettingStore } from '@entrepot/access/testing'
import { InMemoryAuditStore } from '@entrepot/audit/testing'
import { InMemoryBuildStore } from '@entrepot/builds/testing'
import { MemoryBroadcast } from '@entrepot/coordination/testing'
import {
  ConfiguredDirectories,
  defaultLockPolicy,
  type DirectoryGroupSettings,
  type DirectorySettings,
  FailureCount,
  HeaderAuthenticator,
  JwtTokenService,
  LockPolicies,
  LoginGuard,
  OidcLogin,
  OidcLoginTokens,
  OidcProviders,
  OidcTokenExchange,
  PasswordHasher,
  PasswordPolicies,
  RefreshTokens,
  type SlowDown,
  type TokenService,
} from '@entrepot/identity'
import {
  InMemoryAccounts,
  InMemoryGroupStore,
  InMemoryLoginFailureStore,
  InMemoryOidcLoginStore,
  InMemoryOidcProviderStore,
  InMemoryOrderedSettingsStore,
  InMemoryRefreshTokenStore,
  RecordingDirectoryObserver,
  InMemoryUserAccountStore,
  loginChain,
  refusedAtOnce,
  signingKeysInMemory,
  tokensInMemory,
} from '@entrepot/identity/testing'
import { type Logger, systemClock } from '@entrepot/kernel'
import { RecordingAuditTrail } from '@entrepot/kernel/testing'
import { ContentChecksums, ItemFinder, ItemScopes, type StorageSummary } from '@entrepot/oci-repository'
import { InMemoryContentChecksums, InMemoryItemSearch, Workbench } from '@entrepot/oci-repository/testing'
import { RepositoryDirectory, type RepositoryKey } from '@entrepot/repositories'
import { InMemoryRepositoryStore } from '@entrepot/repositories/testing'
import type { AdminApiPorts } from '../admin-api-ports.js'
import { InMemoryConfiguration } from './in-memory-configuration.js'
import { ScriptedSecrets } from './scripted-secrets.js'

export const adminPassword = 'quay-side:Kräne 42'
export const userPassword = 'no rights: at all'

/** What stands behind the admin API in its tests: the real thing on stores in memory. */
export interface AdminApiParts {
  readonly ports: Omit<AdminApiPorts, 'logger' | 'clientAddressOf' | 'publicUrl'>
  readonly transactions: InMemoryConfiguration
  /** What documents may name. */
  readonly secrets: ScriptedSecrets
  /** What the probes find. */
  readonly health: { ready: boolean }
  readonly audit: RecordingAuditTrail
  readonly tokens: TokenService
  readonly refreshTokens: RefreshTokens
  /** Of `userPassword`. */
  readonly userHash: string
  /** What the repositories hold. */
  readonly workbench: Workbench
  stop(): Promise<void>
}

/** What the database is said to hold. */
const storage: StorageSummary = {
  blobs: 3000,
  blobBytes: 3 * 1024 ** 3,
  manifests: 20,
  manifestBytes: 0,
  repositories: [
    { key: 'here' as RepositoryKey, images: 2, tags: 5, manifests: 10, blobs: 2000, bytes: 3 * 1024 ** 3 },
    { key: 'hub' as RepositoryKey, images: 1, tags: 1, manifests: 10, blobs: 1500, bytes: 1024 ** 3 },
  ],
}

/** Tests fail to log in more often than anybody may. */
function patient(slowDown: SlowDown): SlowDown {
  return { ...slowDown, from: 1_000_000 }
}

/** With the administrator `admin`, the user `user`, and `gone`, who is a disabled administrator. */
export async function startParts(logger: Logger): Promise<AdminApiParts> {
  const broadcast = new MemoryBroadcast()
  const inMemory = new InMemoryAccounts()
  const stores = {
    accounts: inMemory,
    repositories: new InMemoryRepositoryStore(),
    users: new InMemoryUserAccountStore(inMemory),
    groups: new InMemoryGroupStore(inMemory),
    permissionTargets: new InMemoryPermissionTargetStore(),
    directories: new InMemoryOrderedSettingsStore<DirectorySettings>(),
    directoryGroups: new InMemoryOrderedSettingsStore<DirectoryGroupSettings>(),
    oidcProviders: new InMemoryOidcProviderStore(),
    settings: new InMemorySecuritySettingStore(),
  }
  const { settings, users } = stores
  const repositories = new RepositoryDirectory(stores.repositories, broadcast, logger)
  const targets = new PermissionTargets(stores.permissionTargets, broadcast, logger)
  const anonymous = new AnonymousAccess(settings, broadcast, logger)
  const policies = new LockPolicies(settings, broadcast, logger)
  const passwordPolicies = new PasswordPolicies(settings, broadcast, logger)
  const directories = new ConfiguredDirectories(
    { directories: stores.directories, groups: stores.directoryGroups },
    broadcast,
    systemClock,
    logger,
    new RecordingDirectoryObserver(),
  )
  const oidcProviders = new OidcProviders(stores.oidcProviders, broadcast, logger, systemClock)
  const replicated = [repositories, targets, anonymous, policies, directories, oidcProviders]
  for (const each of [...replicated, passwordPolicies]) await each.start()

  await policies.change({
    user: patient(defaultLockPolicy.user),
    address: patient(defaultLockPolicy.address),
  })

  const workbench = new Workbench(repositories)

  const hasher = new PasswordHasher()
  const userHash = await hasher.hash(userPassword)
  const administrator = { passwordHash: await hasher.hash(adminPassword), admin: true }
  await users.create({ name: 'admin', ...administrator })
  await users.create({ name: 'user', passwordHash: userHash })
  await users.create({ name: 'gone', ...administrator, disabled: true })

  const clock = systemClock
  const { live, bearers, accessTokens, principals } = tokensInMemory(users, clock)
  const audit = new RecordingAuditTrail()
  const chain = loginChain({ accounts: users, hasher, clock, directories, accessTokens: live })
  const failures = new FailureCount(new InMemoryLoginFailureStore(), policies, audit, clock)
  const passwords = new LoginGuard(chain, failures, refusedAtOnce(clock), clock)
  const issuer = { issuer: 'entrepot', service: 'entrepot' }
  const signingKeys = signingKeysInMemory(clock)
  const tokens = new JwtTokenService(signingKeys, bearers, issuer, clock)
  const refreshTokens = new RefreshTokens(new InMemoryRefreshTokenStore(clock), bearers, clock)
  const transactions = new InMemoryConfiguration(stores, {
    list: () => Promise.resolve(workbench.proxies.all().map((config) => ({ config, revision: 1 }))),
  })
  const secrets = new ScriptedSecrets()
  const health = { ready: true }
  const builds = new InMemoryBuildStore()
  const checksums = new InMemoryContentChecksums()
  const finder = new ItemFinder(
    new ItemScopes(repositories, workbench.repositories),
    new InMemoryItemSearch({
      manifests: workbench.manifests,
      times: workbench.times,
      properties: workbench.properties,
      blobs: workbench.index,
      listed: (id) => builds.contents(id === undefined ? { kind: 'all' } : { kind: 'publisher', id }),
      checksums: checksums.sums,
    }),
    workbench.properties,
    new ContentChecksums(checksums, workbench.repositories),
  )
  const ports: AdminApiParts['ports'] = {
    repositories,
    proxies: workbench.proxies,
    content: {
      repositories: workbench.repositories,
      upstreams: workbench.repositories,
      items: workbench.items,
      tagFinder: workbench.tagFinder,
      itemProperties: workbench.itemProperties,
      finder,
      promotion: workbench.promotion,
      itemTransfer: workbench.itemTransfer,
      tagHistory: workbench.tagHistory,
      remoteRefs: workbench.refs,
      clock: workbench.clock,
    },
    builds: { store: builds },
    authenticator: new HeaderAuthenticator(passwords, tokens, live),
    accounts: {
      users,
      groups: stores.groups,
      hasher,
      passwordPolicies,
      passwords,
      principals,
      refreshTokens,
    },
    permissions: {
      targets,
      policy: new PermissionTargetPolicy(
        targets,
        () => anonymous.enabled,
        (key) => repositories.find(key)?.config.rclass,
      ),
      anonymous,
    },
    directories: { configured: directories },
    openId: {
      providers: oidcProviders,
      login: new OidcLogin(
        oidcProviders,
        new InMemoryOidcLoginStore(),
        new OidcLoginTokens(accessTokens, users, logger),
        { clock, logger },
      ),
      exchange: new OidcTokenExchange(oidcProviders, accessTokens, users, logger),
    },
    logins: { failures, policies },
    configuration: { transactions, secrets, followers: [...replicated, passwordPolicies] },
    accessTokens,
    signingKeys,
    audit,
    auditEvents: new InMemoryAuditStore(),
    instance: 'server-0',
    storage: { summary: () => Promise.resolve(storage) },
    isReady: () => Promise.resolve(health.ready),
  }
  return {
    ports,
    transactions,
    secrets,
    health,
    audit,
    tokens,
    refreshTokens,
    userHash,
    workbench,
    stop: async () => {
      await workbench.close()
      for (const each of [...replicated, passwordPolicies]) each.stop()
    },
  }
}
