import { type DynamicModule, type FactoryProvider, Module } from '@nestjs/common'
import { APP_FILTER, APP_GUARD } from '@nestjs/core'
import { type AdminApiPorts, adminApiPorts } from './admin-api-ports.js'
import { AuthorizationHeaderStrategy } from './authorization-header-strategy.js'
import { ErrorFilter } from './error-filter.js'
import { PermissionGuard } from './permission-guard.js'
import { RepositoriesController } from './repositories.controller.js'
import { SystemController } from './system.controller.js'
import { UnknownRouteController } from './unknown-route.controller.js'

export type AdminApiOptions = Pick<DynamicModule, 'imports'> &
  Pick<FactoryProvider<AdminApiPorts>, 'inject' | 'useFactory'>

/**
 * The admin API under `/artifactory/api`. The application is created with `bodyParser: false` and puts no parser before
 * these routes. Modules with further routes under `/artifactory` come before this one, which refuses all it doesn't know.
 * The guard and the error filter apply to every Nest route of the application.
 */
@Module({})
export class AdminApiModule {
  static register({ imports, inject, useFactory }: AdminApiOptions): DynamicModule {
    return {
      module: AdminApiModule,
      imports: imports ?? [],
      controllers: [RepositoriesController, SystemController, UnknownRouteController],
      providers: [
        { provide: adminApiPorts, inject: inject ?? [], useFactory },
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
          useFactory: (ports: AdminApiPorts) => new ErrorFilter(ports.logger),
        },
      ],
    }
  }
}
