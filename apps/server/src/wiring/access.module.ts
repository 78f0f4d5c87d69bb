import { AnonymousAccess, PermissionTargetPolicy, PermissionTargets } from '@entrepot/access'
import type { Broadcast } from '@entrepot/coordination'
import { PostgresPermissionTargetStore, PostgresSecuritySettingStore } from '@entrepot/database'
import { RepositoryDirectory } from '@entrepot/repositories'
import { Module, type OnModuleDestroy } from '@nestjs/common'
import { PinoLogger } from '../logging/pino-logger.js'
import { broadcastToken, CoordinationModule } from './coordination.module.js'
import { DatabaseModule } from './database.module.js'
import { RepositoriesModule } from './repositories.module.js'

/** What somebody may do. */
@Module({
  imports: [DatabaseModule, CoordinationModule, RepositoriesModule],
  providers: [
    {
      provide: PermissionTargets,
      inject: [PostgresPermissionTargetStore, broadcastToken, PinoLogger],
      useFactory: async (store: PostgresPermissionTargetStore, broadcast: Broadcast, logger: PinoLogger) => {
        const targets = new PermissionTargets(store, broadcast, logger)
        await targets.start()
        return targets
      },
    },
    {
      provide: AnonymousAccess,
      inject: [PostgresSecuritySettingStore, broadcastToken, PinoLogger],
      useFactory: async (store: PostgresSecuritySettingStore, broadcast: Broadcast, logger: PinoLogger) => {
        const anonymousAccess = new AnonymousAccess(store, broadcast, logger)
        await anonymousAccess.start()
        return anonymousAccess
      },
    },
    {
      provide: PermissionTargetPolicy,
      inject: [PermissionTargets, AnonymousAccess, RepositoryDirectory],
      useFactory: (
        targets: PermissionTargets,
        anonymousAccess: AnonymousAccess,
        repositories: RepositoryDirectory,
      ) =>
        new PermissionTargetPolicy(
          targets,
          () => anonymousAccess.enabled,
          (key) => repositories.find(key)?.config.rclass,
        ),
    },
  ],
  exports: [AnonymousAccess, PermissionTargetPolicy, PermissionTargets],
})
export class AccessModule implements OnModuleDestroy {
  constructor(
    private readonly targets: PermissionTargets,
    private readonly anonymousAccess: AnonymousAccess,
  ) {}

  onModuleDestroy(): void {
    this.targets.stop()
    this.anonymousAccess.stop()
  }
}
