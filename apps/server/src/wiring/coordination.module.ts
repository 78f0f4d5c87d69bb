import { type Broadcast, PostgresBroadcast, RedisBroadcast } from '@entrepot/coordination'
import type { DatabaseOptions } from '@entrepot/database'
import { type BeforeApplicationShutdown, Inject, Module } from '@nestjs/common'
import { PinoLogger } from '../logging/pino-logger.js'
import type { Settings } from '../settings/settings.js'
import { connectionToken, settingsToken } from './core.module.js'

export const broadcastToken = Symbol('Broadcast')

/** Hints between replicas: through Redis where one is configured, else through PostgreSQL. */
@Module({
  providers: [
    {
      provide: broadcastToken,
      inject: [settingsToken, connectionToken, PinoLogger],
      useFactory: async (
        settings: Settings,
        connection: DatabaseOptions['connection'],
        logger: PinoLogger,
      ): Promise<Broadcast> => {
        const broadcast =
          settings.redisUrl === undefined
            ? new PostgresBroadcast(clientConfigOf(connection), logger)
            : new RedisBroadcast(settings.redisUrl, logger)
        await broadcast.start()
        return broadcast
      },
    },
  ],
  exports: [broadcastToken],
})
export class CoordinationModule implements BeforeApplicationShutdown {
  constructor(@Inject(broadcastToken) private readonly broadcast: Broadcast) {}

  async beforeApplicationShutdown(): Promise<void> {
    await this.broadcast.close()
  }
}

function clientConfigOf(connection: DatabaseOptions['connection']) {
  const applicationName = { application_name: 'entrepot broadcast' }
  return 'url' in connection
    ? { connectionString: connection.url, ...applicationName }
    : { ...connection, ...applicationName }
}
