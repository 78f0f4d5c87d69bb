import {
  createDataSourceOptions,
  Database,
  type DatabaseOptions,
  PostgresAuditStore,
  PostgresAccessTokenStore,
  PostgresBlobIndex,
  PostgresGroupStore,
  PostgresItemTimes,
  PostgresLoginFailureStore,
  PostgresManifestStore,
  PostgresPermissionTargetStore,
  PostgresTagEventStore,
  PostgresPropertyStore,
  PostgresPushClaims,
  PostgresOidcLoginStore,
  PostgresOidcProviderStore,
  PostgresRefreshTokenStore,
  PostgresRemoteRefStore,
  PostgresRepositoryStore,
  PostgresSecuritySettingStore,
  PostgresSigningKeyStore,
  PostgresTagCopier,
  PostgresUploadStore,
  PostgresUserAccountStore,
} from '@entrepot/database'
import { systemClock } from '@entrepot/kernel'
import { migrations } from '@entrepot-migrations'
import { type FactoryProvider, Module } from '@nestjs/common'
import { TypeOrmModule } from '@nestjs/typeorm'
import { DataSource } from 'typeorm'
import { PinoLogger } from '../logging/pino-logger.js'
import { connectionToken } from './core.module.js'

const storeClasses = [
  PostgresAuditStore,
  PostgresAccessTokenStore,
  PostgresBlobIndex,
  PostgresGroupStore,
  PostgresItemTimes,
  PostgresLoginFailureStore,
  PostgresManifestStore,
  PostgresPermissionTargetStore,
  PostgresTagEventStore,
  PostgresPropertyStore,
  PostgresPushClaims,
  PostgresOidcLoginStore,
  PostgresOidcProviderStore,
  PostgresRemoteRefStore,
  PostgresRepositoryStore,
  PostgresSecuritySettingStore,
  PostgresSigningKeyStore,
  PostgresTagCopier,
  PostgresUploadStore,
  PostgresUserAccountStore,
]

const stores: readonly FactoryProvider[] = storeClasses.map((Store) => ({
  provide: Store,
  inject: [Database],
  useFactory: (database: Database) => new Store(database),
}))

const refreshTokenStore: FactoryProvider = {
  provide: PostgresRefreshTokenStore,
  inject: [Database],
  useFactory: (database: Database) => new PostgresRefreshTokenStore(database, systemClock),
}

/** PostgreSQL and the stores on it; the connections end last of all that Nest has opened. */
@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      inject: [connectionToken, PinoLogger],
      useFactory: (connection: DatabaseOptions['connection'], logger: PinoLogger) => ({
        ...createDataSourceOptions({
          connection,
          migrations,
          onIdleConnectionError: (error) => logger.warn({ err: error }, 'an idle database connection broke'),
        }),
        retryAttempts: 0,
      }),
    }),
  ],
  providers: [
    { provide: Database, inject: [DataSource], useFactory: (source: DataSource) => new Database(source) },
    ...stores,
    refreshTokenStore,
  ],
  exports: [Database, PostgresRefreshTokenStore, ...storeClasses],
})
export class DatabaseModule {}
