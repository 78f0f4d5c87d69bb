import { AnonymousAccess, PermissionTargetPolicy, PermissionTargets } from '@entrepot/access'
import type { AccountPorts, AdminApiPorts, PermissionPorts } from '@entrepot/admin-api'
import { PostgresAuditStore, PostgresGroupStore, PostgresUserAccountStore } from '@entrepot/database'
import {
  AccessTokens,
  LoginGuard,
  HeaderAuthenticator,
  PasswordHasher,
  PrincipalSource,
  RefreshTokens,
} from '@entrepot/identity'
import type { AuditTrail } from '@entrepot/kernel'
import { RepositoryDirectory } from '@entrepot/repositories'
import { Module } from '@nestjs/common'
import { TrustedProxies } from '../http/trusted-proxies.js'
import { PinoLogger } from '../logging/pino-logger.js'
import type { Settings } from '../settings/settings.js'
import { AccessModule } from './access.module.js'
import { AuditModule, auditTrailToken } from './audit.module.js'
import { settingsToken } from './core.module.js'
import { DatabaseModule } from './database.module.js'
import { IdentityModule } from './identity.module.js'
import { RepositoriesModule } from './repositories.module.js'

/** The injection token of the AdminApiPorts. */
export const adminApiPortsToken = Symbol('AdminApiPorts')

const accountPortsToken = Symbol('AccountPorts')
const permissionPortsToken = Symbol('PermissionPorts')
const systemPortsToken = Symbol('SystemPorts')

type SystemPorts = Pick<AdminApiPorts, 'audit' | 'auditEvents' | 'logger' | 'clientAddressOf' | 'publicUrl'>

/** What the admin API needs of the application, area by area. */
@Module({
  imports: [AccessModule, AuditModule, DatabaseModule, IdentityModule, RepositoriesModule],
  providers: [
    {
      provide: accountPortsToken,
      inject: [
        PostgresUserAccountStore,
        PostgresGroupStore,
        PasswordHasher,
        LoginGuard,
        PrincipalSource,
        RefreshTokens,
      ],
      useFactory: (
        users: PostgresUserAccountStore,
        groups: PostgresGroupStore,
        hasher: PasswordHasher,
        passwords: LoginGuard,
        principals: PrincipalSource,
        refreshTokens: RefreshTokens,
      ): AccountPorts => ({ users, groups, hasher, passwords, principals, refreshTokens }),
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
      inject: [auditTrailToken, PostgresAuditStore, PinoLogger, TrustedProxies, settingsToken],
      useFactory: (
        audit: AuditTrail,
        auditEvents: PostgresAuditStore,
        logger: PinoLogger,
        { clientAddressOf }: TrustedProxies,
        { publicUrl }: Settings,
      ): SystemPorts => ({ audit, auditEvents, logger, clientAddressOf, publicUrl }),
    },
    {
      provide: adminApiPortsToken,
      inject: [
        RepositoryDirectory,
        HeaderAuthenticator,
        AccessTokens,
        accountPortsToken,
        permissionPortsToken,
        systemPortsToken,
      ],
      useFactory: (
        repositories: RepositoryDirectory,
        authenticator: HeaderAuthenticator,
        accessTokens: AccessTokens,
        accounts: AccountPorts,
        permissions: PermissionPorts,
        system: SystemPorts,
      ): AdminApiPorts => ({
        repositories,
        authenticator,
        accessTokens,
        accounts,
        permissions,
        ...system,
      }),
    },
  ],
  exports: [adminApiPortsToken],
})
export class AdminApiPortsModule {}
