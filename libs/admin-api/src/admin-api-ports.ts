import type { AnonymousAccess, PermissionTargetPolicy, PermissionTargets } from '@entrepot/access'
import type { AuditStore } from '@entrepot/audit'
import type { BuildStore } from '@entrepot/builds'
import type {
  AccessTokens,
  Authenticator,
  ConfiguredDirectories,
  FailureCount,
  GroupStore,
  LockPolicies,
  OidcLogin,
  OidcProviders,
  OidcTokenExchange,
  PasswordHasher,
  PasswordPolicies,
  PrincipalSource,
  RefreshTokens,
  RequestAuthenticator,
  SigningKeys,
  UserAccountStore,
} from '@entrepot/identity'
import type { AuditTrail, ClientAddressOf, Clock, Logger } from '@entrepot/kernel'
import type {
  ConfiguredOciRepositories,
  ItemFinder,
  ItemTransfer,
  ItemProperties,
  ItemTree,
  OciRepositoryDirectory,
  Promotion,
  RemoteRefStore,
  StorageFigures,
  TagFinder,
  TagHistory,
} from '@entrepot/oci-repository'
import type {
  ConfigurationFollower,
  ConfigurationTransactions,
} from './configuration/configuration-stores.js'
import type { SecretSource } from './configuration/secret-source.js'
import type { Proxies, RepositoryDirectory } from '@entrepot/repositories'

/** Users and groups. */
export interface AccountPorts {
  readonly users: UserAccountStore
  readonly groups: GroupStore
  readonly hasher: PasswordHasher
  readonly passwordPolicies: Pick<PasswordPolicies, 'current' | 'change' | 'refusalOf'>
  /** For users who prove their old password; counts failures. */
  readonly passwords: Authenticator
  readonly principals: Pick<PrincipalSource, 'forget'>
  readonly refreshTokens: Pick<RefreshTokens, 'revokeAllOf'>
}

export interface PermissionPorts {
  readonly targets: PermissionTargets
  readonly policy: PermissionTargetPolicy
  readonly anonymous: Pick<AnonymousAccess, 'enabled' | 'change'>
}

/** LDAP. */
export interface DirectoryPorts {
  readonly configured: ConfiguredDirectories
}

/** OpenID Connect. */
export interface OpenIdPorts {
  readonly providers: OidcProviders
  readonly login: OidcLogin
  readonly exchange: OidcTokenExchange
}

/** What is done against guessing. */
export interface LoginPorts {
  readonly failures: Pick<FailureCount, 'locked' | 'unlock' | 'unlockAll'>
  readonly policies: Pick<LockPolicies, 'current' | 'change'>
}

/** What the repositories hold. */
export interface ContentPorts {
  readonly repositories: Pick<OciRepositoryDirectory, 'find'>
  readonly upstreams: Pick<ConfiguredOciRepositories, 'upstreamOf'>
  readonly items: ItemTree
  readonly tagFinder: TagFinder
  readonly itemProperties: ItemProperties
  readonly promotion: Promotion
  readonly itemTransfer: ItemTransfer
  /** By AQL. */
  readonly finder: ItemFinder
  readonly tagHistory: TagHistory
  readonly remoteRefs: Pick<RemoteRefStore, 'invalidate'>
  readonly clock: Clock
}

/** Build-infos. */
export interface BuildPorts {
  readonly store: BuildStore
}

/** All that is administered, as one document. */
export interface ConfigurationPorts {
  readonly transactions: ConfigurationTransactions
  /** What is kept in memory of all this. */
  readonly followers: readonly ConfigurationFollower[]
  /** What a document may name that comes in a request. */
  readonly secrets: SecretSource
}

/** What the admin API needs of the application. */
export interface AdminApiPorts {
  readonly repositories: RepositoryDirectory
  readonly proxies: Proxies
  readonly content: ContentPorts
  readonly builds: BuildPorts
  readonly authenticator: RequestAuthenticator
  readonly accounts: AccountPorts
  readonly permissions: PermissionPorts
  readonly directories: DirectoryPorts
  readonly openId: OpenIdPorts
  readonly logins: LoginPorts
  readonly configuration: ConfigurationPorts
  readonly accessTokens: AccessTokens
  readonly signingKeys: Pick<SigningKeys, 'publicKeys' | 'rotate'>
  readonly audit: AuditTrail
  /** What the audit trail has recorded. */
  readonly auditEvents: Pick<AuditStore, 'search'>
  readonly storage: StorageFigures
  /** This server among others that serve the same: some state is each one's own. */
  readonly instance: string
  /** Whether requests should be sent here. */
  readonly isReady: () => Promise<boolean>
  readonly logger: Logger
  readonly clientAddressOf: ClientAddressOf
  /** `https://registry.example`, as clients reach this server; undefined: as the request at hand reached it. */
  readonly publicUrl: string | undefined
}

/** The injection token of the ports, for controllers. */
export const adminApiPorts = Symbol('AdminApiPorts')
