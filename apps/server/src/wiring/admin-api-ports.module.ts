import { hostname } from 'node:os'
import { AnonymousAccess, PermissionTargetPolicy, PermissionTargets } from '@entrepot/access'
import type {
  AccountPorts,
  AdminApiPorts,
  BuildPorts,
  ConfigurationPorts,
  LoginPorts,
  OpenIdPorts,
  PermissionPorts,
} from '@entrepot/admin-api'
import {
  Database,
  PostgresAuditStore,
  PostgresBuildStore,
  PostgresGroupStore,
  PostgresRemoteRefStore,
  PostgresStorageFigures,
  PostgresUserAccountStore,
} from '@entrepot/database'
import {
  AccessTokens,
  ConfiguredDirectories,
  HeaderAuthenticator,
  LockPolicies,
  FailureCount,
  LoginGuard,
  OidcLogin,
  OidcProviders,
  OidcTokenExchange,
  PasswordHasher,
  PasswordPolicies,
  PrincipalSource,
  RefreshTokens,
  SigningKeys,
} from '@entrepot/identity'
import { type AuditTrail, systemClock } from '@entrepot/kernel'
import {
  ConfiguredOciRepositories,
  ItemProperties,
  ItemFinder,
  ItemTransfer,
  ItemTree,
  Promotion,
  TagFinder,
  TagHistory,
} from '@entrepot/oci-repository'
import { Proxies, RepositoryDirectory } from '@entrepot/repositories'
import { Module } from '@nestjs/common'
import { TrustedProxies } from '../http/trusted-proxies.js'
import { Readiness } from '../lifecycle/readiness.js'
import { PinoLogger } from '../logging/pino-logger.js'
import type { Settings } from '../settings/settings.js'
import { AccessModule } from './access.module.js'
import { AuditModule, auditTrailToken } from './audit.module.js'
import { ConfigurationModule, configurationPortsToken } from './configuration.module.js'
import { settingsToken } from './core.module.js'
import { DatabaseModule } from './database.module.js'
import { DirectoriesModule } from './directories.module.js'
import { IdentityModule } from './identity.module.js'
import { OpenIdModule } from './openid.module.js'
import { OperationsModule } from './operations.module.js'
import { RepositoriesModule } from './repositories.module.js'

/** The injection token of the AdminApiPorts. */
export const adminApiPortsToken = Symbol('AdminApiPorts')

const accountPortsToken = Symbol('AccountPorts')
const permissionPortsToken = Symbol('PermissionPorts')
const loginPortsToken = Symbol('LoginPorts')
const buildPortsToken = Symbol('BuildPorts')
const contentPortsToken = Symbol('ContentPorts')
const itemPortsToken = Symbol('ItemPorts')
const openIdPortsToken = Symbol('OpenIdPorts')
const identityPortsToken = Symbol('IdentityPorts')
const systemPortsToken = Symbol('SystemPorts')
const healthPortsToken = Symbol('HealthPorts')

type IdentityPorts = Pick<
  AdminApiPorts,
  'authenticator' | 'accounts' | 'logins' | 'accessTokens' | 'signingKeys'
>
type ItemPorts = Pick<
  AdminApiPorts['content'],
  'items' | 'itemTransfer' | 'itemProperties' | 'tagFinder' | 'finder'
>
type RepositoryPorts = Pick<AdminApiPorts, 'repositories' | 'proxies' | 'content'>
type HealthPorts = Pick<AdminApiPorts, 'storage' | 'isReady' | 'instance'>
type SystemPorts = Pick<AdminApiPorts, 'audit' | 'auditEvents' | 'logger' | 'clientAddressOf' | 'publicUrl'> &
  HealthPorts

/** What the admin API needs of the application, area by area. */
@Module({
  imports: [
    AccessModule,
    AuditModule,
    ConfigurationModule,
    DatabaseModule,
    DirectoriesModule,
    IdentityModule,
    OpenIdModule,
    OperationsModule,
    RepositoriesModule,
  ],
  providers: [
    {
      provide: accountPortsToken,
      inject: [
        PostgresUserAccountStore,
        PostgresGroupStore,
        PasswordHasher,
        PasswordPolicies,
        LoginGuard,
        PrincipalSource,
        RefreshTokens,
      ],
      useFactory: (
        users: PostgresUserAccountStore,
        groups: PostgresGroupStore,
        hasher: PasswordHasher,
        passwordPolicies: PasswordPolicies,
        passwords: LoginGuard,
        principals: PrincipalSource,
        refreshTokens: RefreshTokens,
      ): AccountPorts => ({ users, groups, hasher, passwordPolicies, passwords, principals, refreshTokens }),
    },
    {
      provide: permissionPortsToken,
      inject: [PermissionTargets, PermissionTargetPolicy, AnonymousAccess],
      useFactory: (
        targets: PermissionTargets,
        policy: PermissionTargetPolicy,
        anonymous: AnonymousAccess,
      ): PermissionPorts => ({ targets, policy, anonymous }),
    },
    {
      provide: systemPortsToken,
      inject: [
        auditTrailToken,
        PostgresAuditStore,
        PinoLogger,
        TrustedProxies,
        settingsToken,
        healthPortsToken,
      ],
      useFactory: (
        audit: AuditTrail,
        auditEvents: PostgresAuditStore,
        logger: PinoLogger,
        { clientAddressOf }: TrustedProxies,
        { publicUrl }: Settings,
        health: HealthPorts,
      ): SystemPorts => ({ audit, auditEvents, logger, clientAddressOf, publicUrl, ...health }),
    },
    {
      provide: healthPortsToken,
      inject: [Database, Readiness],
      useFactory: (database: Database, readiness: Readiness): HealthPorts => ({
        // A container's host name is its own.
        instance: `${hostname()}/${process.pid}`,
        storage: new PostgresStorageFigures(database),
        isReady: async () => (await readiness.report()).ready,
      }),
    },
    {
      provide: loginPortsToken,
      inject: [FailureCount, LockPolicies],
      useFactory: (failures: FailureCount, policies: LockPolicies): LoginPorts => ({ failures, policies }),
    },
    {
      provide: openIdPortsToken,
      inject: [OidcProviders, OidcLogin, OidcTokenExchange],
      useFactory: (providers: OidcProviders, login: OidcLogin, exchange: OidcTokenExchange): OpenIdPorts => ({
        providers,
        login,
        exchange,
      }),
    },
    {
      provide: identityPortsToken,
      inject: [HeaderAuthenticator, accountPortsToken, loginPortsToken, AccessTokens, SigningKeys],
      useFactory: (
        authenticator: HeaderAuthenticator,
        accounts: AccountPorts,
        logins: LoginPorts,
        accessTokens: AccessTokens,
        signingKeys: SigningKeys,
      ): IdentityPorts => ({ authenticator, accounts, logins, accessTokens, signingKeys }),
    },
    {
      provide: itemPortsToken,
      inject: [ItemTree, ItemTransfer, ItemProperties, TagFinder, ItemFinder],
      useFactory: (
        items: ItemTree,
        itemTransfer: ItemTransfer,
        itemProperties: ItemProperties,
        tagFinder: TagFinder,
        finder: ItemFinder,
      ): ItemPorts => ({ items, itemTransfer, itemProperties, tagFinder, finder }),
    },
    {
      provide: contentPortsToken,
      inject: [
        RepositoryDirectory,
        Proxies,
        ConfiguredOciRepositories,
        itemPortsToken,
        Promotion,
        TagHistory,
        PostgresRemoteRefStore,
      ],
      useFactory: (
        repositories: RepositoryDirectory,
        proxies: Proxies,
        configured: ConfiguredOciRepositories,
        items: ItemPorts,
        promotion: Promotion,
        tagHistory: TagHistory,
        remoteRefs: PostgresRemoteRefStore,
      ): RepositoryPorts => ({
        repositories,
        proxies,
        content: {
          repositories: configured,
          upstreams: configured,
          ...items,
          promotion,
          tagHistory,
          remoteRefs,
          clock: systemClock,
        },
      }),
    },
    {
      provide: buildPortsToken,
      inject: [Database],
      useFactory: (database: Database): BuildPorts => ({ store: new PostgresBuildStore(database) }),
    },
    {
      provide: adminApiPortsToken,
      inject: [
        buildPortsToken,
        contentPortsToken,
        identityPortsToken,
        ConfiguredDirectories,
        openIdPortsToken,
        permissionPortsToken,
        systemPortsToken,
        configurationPortsToken,
      ],
      useFactory: (
        builds: BuildPorts,
        content: RepositoryPorts,
        identity: IdentityPorts,
        configured: ConfiguredDirectories,
        openId: OpenIdPorts,
        permissions: PermissionPorts,
        system: SystemPorts,
        configuration: ConfigurationPorts,
      ): AdminApiPorts => ({
        builds,
        configuration,
        permissions,
        directories: { configured },
        openId,
        ...content,
        ...identity,
        ...system,
      }),
    },
  ],
  exports: [adminApiPortsToken],
})
export class AdminApiPortsModule {}
