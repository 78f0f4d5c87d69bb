import { AnonymousAccess, PermissionTargets } from '@entrepot/access'
import type { ConfigurationFollower, ConfigurationPorts } from '@entrepot/admin-api'
import { Database, PostgresConfiguration } from '@entrepot/database'
import { ConfiguredDirectories, LockPolicies, OidcProviders, PasswordPolicies } from '@entrepot/identity'
import type { SecretBox } from '@entrepot/kernel'
import { RepositoryDirectory } from '@entrepot/repositories'
import { Module } from '@nestjs/common'
import { SecretsForAdministrators } from '../configuration/server-secrets.js'
import type { Settings } from '../settings/settings.js'
import { AccessModule } from './access.module.js'
import { settingsToken } from './core.module.js'
import { DatabaseModule, secretBoxToken } from './database.module.js'
import { DirectoriesModule } from './directories.module.js'
import { IdentityModule } from './identity.module.js'
import { OpenIdModule } from './openid.module.js'
import { RepositoriesModule } from './repositories.module.js'

/** The injection token of the ConfigurationPorts. */
export const configurationPortsToken = Symbol('ConfigurationPorts')

/** All that is administered, as one document. */
@Module({
  imports: [
    AccessModule,
    DatabaseModule,
    DirectoriesModule,
    IdentityModule,
    OpenIdModule,
    RepositoriesModule,
  ],
  providers: [
    {
      provide: configurationPortsToken,
      inject: [
        Database,
        secretBoxToken,
        settingsToken,
        RepositoryDirectory,
        PermissionTargets,
        AnonymousAccess,
        ConfiguredDirectories,
        OidcProviders,
        LockPolicies,
        PasswordPolicies,
      ],
      useFactory: (
        database: Database,
        box: SecretBox,
        { secretsDir }: Settings,
        ...followers: readonly ConfigurationFollower[]
      ): ConfigurationPorts => ({
        transactions: new PostgresConfiguration(database, box),
        followers,
        secrets: new SecretsForAdministrators({ environment: process.env, folder: secretsDir }),
      }),
    },
  ],
  exports: [configurationPortsToken],
})
export class ConfigurationModule {}
