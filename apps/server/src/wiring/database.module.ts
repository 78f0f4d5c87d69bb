import {
  createDataSourceOptions,
  Database,
  type DatabaseOptions,
  StoredSecrets,
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
  PostgresTagSearch,
  PostgresProxyStore,
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
import { type SecretBox, systemClock } from '@entrepot/kernel'
import { migrations } from '@entrepot-migrations'
import { type FactoryProvider, Module } from '@nestjs/common'
import { TypeOrmModule } from '@nestjs/typeorm'
import { DataSource } from 'typeorm'
import { PinoLogger } from '../logging/pino-logger.js'
import { MasterKeySource } from '../lifecycle/master-key-source.js'
import { type Unsealed, unsealSecrets } from '../lifecycle/unseal-secrets.js'
import type { Settings } from '../settings/settings.js'
import { connectionToken, settingsToken } from './core.module.js'

/** Opens the secrets that stores keep. */
export const secretBoxToken = Symbol('SecretBox')

/** What the start found of them. */
export const unsealedToken = Symbol('Unsealed')

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
  PostgresTagSearch,
  PostgresPushClaims,
  PostgresOidcLoginStore,
  PostgresRemoteRefStore,
  PostgresSecuritySettingStore,
  PostgresTagCopier,
  PostgresUploadStore,
  PostgresUserAccountStore,
]

/** Those that hold secrets. */
const sealingStoreClasses = [
  PostgresOidcProviderStore,
  PostgresProxyStore,
  PostgresRepositoryStore,
  PostgresSigningKeyStore,
]

const stores: readonly FactoryProvider[] = storeClasses.map((Store) => ({
  provide: Store,
  inject: [Database],
  useFactory: (database: Database) => new Store(database),
}))

const sealingStores: readonly FactoryProvider[] = sealingStoreClasses.map((Store) => ({
  provide: Store,
  inject: [Database, secretBoxToken],
  useFactory: (database: Database, box: SecretBox) => new Store(database, box),
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
    {
      provide: unsealedToken,
      inject: [Database, settingsToken, PinoLogger],
      useFactory: (database: Database, settings: Settings, logger: PinoLogger): Promise<Unsealed> =>
        unsealSecrets(settings, new MasterKeySource(settings), new StoredSecrets(database), logger),
    },
    { provide: secretBoxToken, inject: [unsealedToken], useFactory: ({ box }: Unsealed): SecretBox => box },
    ...stores,
    ...sealingStores,
    refreshTokenStore,
  ],
  exports: [Database, PostgresRefreshTokenStore, secretBoxToken, ...storeClasses, ...sealingStoreClasses],
})
export class DatabaseModule {}
