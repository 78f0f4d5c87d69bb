import {
  type DynamicModule,
  type FactoryProvider,
  type MiddlewareConsumer,
  Module,
  type NestModule,
} from '@nestjs/common'
import { APP_FILTER, APP_GUARD } from '@nestjs/core'
import { AccessPermissionsController } from './permissions/access-permissions.controller.js'
import { type AdminApiPorts, adminApiPorts } from './admin-api-ports.js'
import { AuditController } from './audit/audit.controller.js'
import { AuthorizationHeaderStrategy } from './authorization-header-strategy.js'
import { BuildsController } from './builds/builds.controller.js'
import { PromoteBuildController } from './builds/promote-build.controller.js'
import { RemoveBuildsController } from './builds/remove-builds.controller.js'
import { ConfigurationAdministration } from './configuration/configuration-administration.js'
import { WholeConfigurationController } from './configuration/whole-configuration.controller.js'
import { DirectoriesController } from './directories/directories.controller.js'
import { DirectoryGroupsController } from './directories/directory-groups.controller.js'
import { GroupRefresh } from './directories/group-refresh.js'
import { ErrorFilter } from './error-filter.js'
import { GroupAdministration } from './groups/group-administration.js'
import { GroupsV1Controller } from './groups/groups-v1.controller.js'
import { GroupsV2Controller } from './groups/groups-v2.controller.js'
import { DownloadController } from './items/download.controller.js'
import { AqlController } from './search/aql.controller.js'
import { DeleteItemsController } from './items/delete-items.controller.js'
import { FoldersController } from './items/folders.controller.js'
import { PromoteController } from './items/promote.controller.js'
import { RequestContexts } from './items/request-contexts.js'
import { StorageController } from './items/storage.controller.js'
import { TransferItemsController } from './items/transfer-items.controller.js'
import { closeAfterUnreadBody } from './http/close-after-unread-body.js'
import { OidcLoginsController } from './oidc/oidc-logins.controller.js'
import { OidcProvidersController } from './oidc/oidc-providers.controller.js'
import { OpenApiController } from './openapi/openapi.controller.js'
import { PublishedDocument } from './openapi/published-document.js'
import { PermissionGuard } from './permission-guard.js'
import { GrantCleanup } from './permissions/grant-cleanup.js'
import { PermissionAdministration } from './permissions/permission-administration.js'
import { PermissionsV1Controller } from './permissions/permissions-v1.controller.js'
import { PermissionsV2Controller } from './permissions/permissions-v2.controller.js'
import { PropertiesController } from './properties/properties.controller.js'
import { ProxyAdministration } from './proxies/proxy-administration.js'
import { RepositoriesController } from './repositories.controller.js'
import { RepositoryAdministration } from './repository-administration.js'
import { RepositoryBatchController } from './repository-batch.controller.js'
import { ExplainController } from './resolution/explain.controller.js'
import { InvalidateController } from './resolution/invalidate.controller.js'
import { TagHistoryController } from './resolution/tag-history.controller.js'
import { SearchController } from './search/search.controller.js'
import { TagSearchController } from './search/tag-search.controller.js'
import { AnonymousController } from './security/anonymous.controller.js'
import { LoginLocksController } from './security/login-locks.controller.js'
import { ConfigurationController } from './system/configuration.controller.js'
import { PasswordPolicyController } from './security/password-policy.controller.js'
import { HealthController } from './system/health.controller.js'
import { contractVersion } from './system/contract-version.js'
import { SystemController } from './system.controller.js'
import { LegacyTokensController } from './tokens/legacy-tokens.controller.js'
import { SigningKeysController } from './tokens/signing-keys.controller.js'
import { TokenAdministration } from './tokens/token-administration.js'
import { TokensController } from './tokens/tokens.controller.js'
import { UnknownRouteController } from './unknown-route.controller.js'
import { VisibleRepositories } from './visible-repositories.js'
import { ImportUsersController } from './users/import-users.controller.js'
import { UpstreamController } from './upstream/upstream.controller.js'
import { UserAdministration } from './users/user-administration.js'
import { UsersV1Controller } from './users/users-v1.controller.js'
import { UsersV2Controller } from './users/users-v2.controller.js'

export type AdminApiOptions = Pick<DynamicModule, 'imports'> &
  Pick<FactoryProvider<AdminApiPorts>, 'inject' | 'useFactory'>

export const adminApiControllers = [
  AccessPermissionsController,
  AnonymousController,
  AuditController,
  AqlController,
  BuildsController,
  ConfigurationController,
  WholeConfigurationController,
  DirectoriesController,
  DirectoryGroupsController,
  ExplainController,
  GroupsV1Controller,
  GroupsV2Controller,
  HealthController,
  ImportUsersController,
  InvalidateController,
  LegacyTokensController,
  LoginLocksController,
  // Before those of a name: `callback` is none.
  OidcLoginsController,
  OidcProvidersController,
  OpenApiController,
  PasswordPolicyController,
  PermissionsV1Controller,
  PermissionsV2Controller,
  PromoteController,
  PropertiesController,
  PromoteBuildController,
  RemoveBuildsController,
  RepositoriesController,
  RepositoryBatchController,
  SearchController,
  SigningKeysController,
  StorageController,
  SystemController,
  TagHistoryController,
  TagSearchController,
  TokensController,
  UpstreamController,
  TransferItemsController,
  UsersV1Controller,
  UsersV2Controller,
  // Last: its paths are as short as can be.
  DeleteItemsController,
  DownloadController,
  FoldersController,
]

const administrations: readonly FactoryProvider[] = [
  {
    provide: VisibleRepositories,
    inject: [adminApiPorts],
    useFactory: ({ repositories, permissions }: AdminApiPorts) =>
      new VisibleRepositories(repositories, permissions.policy),
  },
  {
    provide: RequestContexts,
    inject: [adminApiPorts],
    useFactory: ({ permissions, logger }: AdminApiPorts) => new RequestContexts(permissions.policy, logger),
  },
  {
    provide: GrantCleanup,
    inject: [adminApiPorts],
    useFactory: ({ permissions, audit }: AdminApiPorts) => new GrantCleanup(permissions, audit),
  },
  {
    provide: RepositoryAdministration,
    inject: [adminApiPorts, GrantCleanup],
    useFactory: ({ repositories, proxies, audit }: AdminApiPorts, grants: GrantCleanup) =>
      new RepositoryAdministration(repositories, proxies, grants, audit),
  },
  {
    provide: ProxyAdministration,
    inject: [adminApiPorts],
    useFactory: ({ proxies, repositories, audit }: AdminApiPorts) =>
      new ProxyAdministration(proxies, repositories, audit),
  },
  {
    provide: UserAdministration,
    inject: [adminApiPorts, GrantCleanup],
    useFactory: ({ accounts, audit }: AdminApiPorts, grants: GrantCleanup) =>
      new UserAdministration(accounts, grants, audit),
  },
  {
    provide: GroupAdministration,
    inject: [adminApiPorts, GrantCleanup],
    useFactory: ({ accounts, audit }: AdminApiPorts, grants: GrantCleanup) =>
      new GroupAdministration(accounts, grants, audit),
  },
  {
    provide: GroupRefresh,
    inject: [adminApiPorts],
    useFactory: ({ directories, accounts, audit }: AdminApiPorts) =>
      new GroupRefresh(directories, accounts, audit),
  },
  {
    provide: TokenAdministration,
    inject: [adminApiPorts],
    useFactory: ({ accessTokens, audit }: AdminApiPorts) => new TokenAdministration(accessTokens, audit),
  },
  {
    provide: ConfigurationAdministration,
    inject: [adminApiPorts],
    useFactory: ({ configuration, accounts, audit }: AdminApiPorts) =>
      new ConfigurationAdministration(configuration.transactions, accounts, configuration.followers, audit),
  },
  {
    provide: PermissionAdministration,
    inject: [adminApiPorts, GrantCleanup],
    useFactory: ({ permissions, accounts, repositories, audit }: AdminApiPorts, grants: GrantCleanup) =>
      new PermissionAdministration(permissions, accounts, repositories, grants, audit),
  },
]

/**
 * The admin API under `/artifactory/api` and `/access/api`. The application is created with `bodyParser: false` and puts no
 * parser before these routes. Modules with further routes under `/artifactory` and `/access` come before this one, which refuses all it doesn't know.
 * The guard and the error filter apply to every Nest route of the application.
 */
@Module({})
export class AdminApiModule implements NestModule {
  static register({ imports, inject, useFactory }: AdminApiOptions): DynamicModule {
    return {
      module: AdminApiModule,
      imports: imports ?? [],
      controllers: [...adminApiControllers, UnknownRouteController],
      exports: [ConfigurationAdministration],
      providers: [
        { provide: adminApiPorts, inject: inject ?? [], useFactory },
        ...administrations,
        {
          provide: PublishedDocument,
          useFactory: () => new PublishedDocument(adminApiControllers, contractVersion),
        },
        {
          provide: AuthorizationHeaderStrategy,
          inject: [adminApiPorts],
          useFactory: (ports: AdminApiPorts) =>
            new AuthorizationHeaderStrategy(ports.authenticator, ports.clientAddressOf),
        },
        { provide: APP_GUARD, useClass: PermissionGuard },
        {
          provide: APP_FILTER,
          inject: [adminApiPorts],
          useFactory: ({ logger, audit, clientAddressOf }: AdminApiPorts) =>
            new ErrorFilter(logger, audit, clientAddressOf),
        },
      ],
    }
  }

  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(closeAfterUnreadBody).forRoutes('{*path}')
  }
}
