import type { DatabaseOptions } from '@entrepot/database'
import { type DynamicModule, Global, Module } from '@nestjs/common'
import { TrustedProxies } from '../http/trusted-proxies.js'
import { PinoLogger } from '../logging/pino-logger.js'
import { Metrics } from '../metrics/metrics.js'
import type { Settings } from '../settings/settings.js'

/** What is there before Nest is: handed over by whoever starts the server. */
export interface Boot {
  readonly settings: Settings
  readonly logger: PinoLogger
  readonly metrics: Metrics
  readonly connection: DatabaseOptions['connection']
}

export const settingsToken = Symbol('Settings')
export const connectionToken = Symbol('DatabaseConnection')

/** Known everywhere. */
@Global()
@Module({})
export class CoreModule {
  static register({ settings, logger, metrics, connection }: Boot): DynamicModule {
    const providers = [
      { provide: settingsToken, useValue: settings },
      { provide: connectionToken, useValue: connection },
      { provide: PinoLogger, useValue: logger },
      { provide: Metrics, useValue: metrics },
      { provide: TrustedProxies, useValue: new TrustedProxies(settings.trustedProxies) },
    ]
    return { module: CoreModule, providers, exports: providers }
  }
}
