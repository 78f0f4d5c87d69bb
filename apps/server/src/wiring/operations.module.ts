import { FilesystemBlobStore } from '@entrepot/blob-store'
import { Database, PostgresUploadStore } from '@entrepot/database'
import { type AuditTrail, systemClock } from '@entrepot/kernel'
import { HeaderAuthenticator } from '@entrepot/identity'
import { CacheFills } from '@entrepot/repositories'
import { Module, type OnModuleInit } from '@nestjs/common'
import type { Pool } from 'pg'
import { DataSource } from 'typeorm'
import { MetricsAccess } from '../http/metrics-access.js'
import { TrustedProxies } from '../http/trusted-proxies.js'
import { Readiness } from '../lifecycle/readiness.js'
import { PinoLogger } from '../logging/pino-logger.js'
import { Metrics } from '../metrics/metrics.js'
import { AuditModule, auditTrailToken } from './audit.module.js'
import { DatabaseModule } from './database.module.js'
import { IdentityModule } from './identity.module.js'
import { RepositoriesModule } from './repositories.module.js'
import { StorageModule } from './storage.module.js'

/** What the operator asks for: readiness of the parts, and their numbers. */
@Module({
  imports: [AuditModule, DatabaseModule, IdentityModule, StorageModule, RepositoriesModule],
  providers: [
    {
      provide: Readiness,
      inject: [Database, FilesystemBlobStore, PinoLogger],
      useFactory: (database: Database, blobs: FilesystemBlobStore, logger: PinoLogger) =>
        new Readiness({ database: () => database.check(), blobStore: () => blobs.check() }, logger),
    },
    {
      provide: MetricsAccess,
      inject: [HeaderAuthenticator, TrustedProxies, auditTrailToken],
      useFactory: (
        authenticator: HeaderAuthenticator,
        { clientAddressOf }: TrustedProxies,
        audit: AuditTrail,
      ) => new MetricsAccess(authenticator, clientAddressOf, audit),
    },
  ],
  exports: [MetricsAccess, Readiness],
})
export class OperationsModule implements OnModuleInit {
  constructor(
    private readonly metrics: Metrics,
    private readonly uploads: PostgresUploadStore,
    private readonly fills: CacheFills,
    private readonly dataSource: DataSource,
  ) {}

  onModuleInit(): void {
    const { master: pool } = this.dataSource.driver as unknown as { readonly master: Pool }
    this.metrics.trackReadings({
      uploadsInProgress: () => this.uploads.count(new Date(systemClock.now())),
      fillsRunning: () => this.fills.running,
      databaseConnections: () => pool.totalCount,
      databaseConnectionsIdle: () => pool.idleCount,
      databaseRequestsWaiting: () => pool.waitingCount,
    })
  }
}
