import type { Broadcast } from '@entrepot/coordination'
import { Database, PostgresOrderedSettingsStore } from '@entrepot/database'
import {
  ConfiguredDirectories,
  type DirectoryGroupSettings,
  type DirectorySettings,
} from '@entrepot/identity'
import { type SecretBox, systemClock } from '@entrepot/kernel'
import { Module, type OnModuleDestroy } from '@nestjs/common'
import { PinoLogger } from '../logging/pino-logger.js'
import { Metrics } from '../metrics/metrics.js'
import { broadcastToken, CoordinationModule } from './coordination.module.js'
import { DatabaseModule, secretBoxToken } from './database.module.js'

/** The directories whose people may log in here. */
@Module({
  imports: [DatabaseModule, CoordinationModule],
  providers: [
    {
      provide: ConfiguredDirectories,
      inject: [Database, secretBoxToken, broadcastToken, PinoLogger, Metrics],
      useFactory: async (
        database: Database,
        box: SecretBox,
        broadcast: Broadcast,
        logger: PinoLogger,
        metrics: Metrics,
      ) => {
        const stores = {
          directories: new PostgresOrderedSettingsStore<DirectorySettings>(database, 'ldap_settings', box),
          groups: new PostgresOrderedSettingsStore<DirectoryGroupSettings>(
            database,
            'ldap_group_settings',
            box,
          ),
        }
        const directories = new ConfiguredDirectories(
          stores,
          broadcast,
          systemClock,
          logger,
          metrics.directories,
        )
        await directories.start()
        return directories
      },
    },
  ],
  exports: [ConfiguredDirectories],
})
export class DirectoriesModule implements OnModuleDestroy {
  constructor(private readonly directories: ConfiguredDirectories) {}

  onModuleDestroy(): void {
    this.directories.stop()
  }
}
