import { join } from 'node:path'
import { FilesystemBlobStore } from '@entrepot/blob-store'
import { PostgresUploadStore } from '@entrepot/database'
import { systemClock } from '@entrepot/kernel'
import { Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common'
import { Janitor } from '../lifecycle/janitor.js'
import { PinoLogger } from '../logging/pino-logger.js'
import type { Settings } from '../settings/settings.js'
import { settingsToken } from './core.module.js'
import { DatabaseModule } from './database.module.js'

/** Where the bytes lie, and who clears up there. */
@Module({
  imports: [DatabaseModule],
  providers: [
    {
      provide: FilesystemBlobStore,
      inject: [settingsToken],
      useFactory: ({ dataDir }: Settings) => FilesystemBlobStore.at(join(dataDir, 'blobs')),
    },
    {
      provide: Janitor,
      inject: [PostgresUploadStore, FilesystemBlobStore, PinoLogger],
      useFactory: (uploads: PostgresUploadStore, blobs: FilesystemBlobStore, logger: PinoLogger) =>
        new Janitor(uploads, blobs, systemClock, logger),
    },
  ],
  exports: [FilesystemBlobStore],
})
export class StorageModule implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(private readonly janitor: Janitor) {}

  onApplicationBootstrap(): void {
    this.janitor.start()
  }

  async onModuleDestroy(): Promise<void> {
    await this.janitor.stop()
  }
}
