import { AdminApiModule, type AdminApiPorts } from '@entrepot/admin-api'
import { type DynamicModule, Module } from '@nestjs/common'
import { AdminApiPortsModule, adminApiPortsToken } from './wiring/admin-api-ports.module.js'
import { type Boot, CoreModule } from './wiring/core.module.js'
import { FirstStartModule } from './wiring/first-start.module.js'
import { OpenIdModule } from './wiring/openid.module.js'
import { OperationsModule } from './wiring/operations.module.js'
import { RegistryApiModule } from './wiring/registry-api.module.js'

/** The composition root: the only place that knows every lib. */
@Module({})
export class AppModule {
  static register(boot: Boot): DynamicModule {
    return {
      module: AppModule,
      imports: [
        CoreModule.register(boot),
        FirstStartModule,
        OpenIdModule,
        OperationsModule,
        RegistryApiModule,
        AdminApiModule.register({
          imports: [AdminApiPortsModule],
          inject: [adminApiPortsToken],
          useFactory: (ports: AdminApiPorts) => ports,
        }),
      ],
    }
  }
}
