import { AdminApiModule, type AdminApiPorts } from '@entrepot/admin-api'
import { HeaderAuthenticator } from '@entrepot/identity'
import { RepositoryDirectory } from '@entrepot/repositories'
import { type DynamicModule, Module } from '@nestjs/common'
import { TrustedProxies } from './http/trusted-proxies.js'
import { PinoLogger } from './logging/pino-logger.js'
import type { Settings } from './settings/settings.js'
import { type Boot, CoreModule, settingsToken } from './wiring/core.module.js'
import { FirstStartModule } from './wiring/first-start.module.js'
import { IdentityModule } from './wiring/identity.module.js'
import { OperationsModule } from './wiring/operations.module.js'
import { RegistryApiModule } from './wiring/registry-api.module.js'
import { RepositoriesModule } from './wiring/repositories.module.js'

/** The composition root: the only place that knows every lib. */
@Module({})
export class AppModule {
  static register(boot: Boot): DynamicModule {
    return {
      module: AppModule,
      imports: [
        CoreModule.register(boot),
        FirstStartModule,
        OperationsModule,
        RegistryApiModule,
        AdminApiModule.register({
          imports: [RepositoriesModule, IdentityModule],
          inject: [RepositoryDirectory, HeaderAuthenticator, PinoLogger, TrustedProxies, settingsToken],
          useFactory: (
            repositories: RepositoryDirectory,
            authenticator: HeaderAuthenticator,
            logger: PinoLogger,
            { clientAddressOf }: TrustedProxies,
            { publicUrl }: Settings,
          ): AdminApiPorts => ({ repositories, authenticator, logger, clientAddressOf, publicUrl }),
        }),
      ],
    }
  }
}
