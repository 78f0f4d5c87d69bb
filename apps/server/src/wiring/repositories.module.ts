import { FilesystemBlobStore } from '@entrepot/blob-store'
import type { Broadcast } from '@entrepot/coordination'
import {
  Database,
  PostgresBlobIndex,
  PostgresContentChecksums,
  PostgresItemSearch,
  PostgresItemTimes,
  PostgresManifestStore,
  PostgresPropertyStore,
  PostgresProxyStore,
  PostgresPushClaims,
  PostgresRemoteRefStore,
  PostgresRepositoryStore,
  PostgresTagCopier,
  PostgresTagEventStore,
  PostgresTagSearch,
  PostgresUploadStore,
} from '@entrepot/database'
import { systemClock } from '@entrepot/kernel'
import {
  ConfiguredOciRepositories,
  ItemProperties,
  ContentChecksums,
  ItemFinder,
  ItemScopes,
  ConfiguredRoutes,
  type ConnectionConfig,
  ItemTransfer,
  ItemTree,
  ManifestTransfer,
  type OciStores,
  Promotion,
  TagFinder,
  type RemoteServices,
  TagHistory,
} from '@entrepot/oci-repository'
import { CacheFills, Proxies, RepositoryDirectory } from '@entrepot/repositories'
import { createUpstream } from '@entrepot/upstream'
import { type BeforeApplicationShutdown, Module, type OnModuleDestroy } from '@nestjs/common'
import { PinoLogger } from '../logging/pino-logger.js'
import { Metrics } from '../metrics/metrics.js'
import type { Settings } from '../settings/settings.js'
import { broadcastToken, CoordinationModule } from './coordination.module.js'
import { settingsToken } from './core.module.js'
import { DatabaseModule } from './database.module.js'
import { StorageModule } from './storage.module.js'

const ociStoresToken = Symbol('OciStores')
const remoteServicesToken = Symbol('RemoteServices')

const userAgent = 'entrepot/0.1'

/** The repositories as they are configured, with their content and their upstreams. */
@Module({
  imports: [DatabaseModule, CoordinationModule, StorageModule],
  providers: [
    {
      provide: RepositoryDirectory,
      inject: [PostgresRepositoryStore, broadcastToken, PinoLogger],
      useFactory: async (store: PostgresRepositoryStore, broadcast: Broadcast, logger: PinoLogger) => {
        const directory = new RepositoryDirectory(store, broadcast, logger)
        await directory.start()
        return directory
      },
    },
    {
      provide: ociStoresToken,
      inject: [
        FilesystemBlobStore,
        PostgresBlobIndex,
        PostgresManifestStore,
        PostgresUploadStore,
        PostgresRemoteRefStore,
        PostgresPushClaims,
      ],
      useFactory: (
        blobs: FilesystemBlobStore,
        blobIndex: PostgresBlobIndex,
        manifests: PostgresManifestStore,
        uploads: PostgresUploadStore,
        remoteRefs: PostgresRemoteRefStore,
        claims: PostgresPushClaims,
      ): OciStores => ({ blobs, blobIndex, manifests, uploads, remoteRefs, claims }),
    },
    {
      provide: CacheFills,
      inject: [FilesystemBlobStore, PinoLogger],
      useFactory: (blobs: FilesystemBlobStore, logger: PinoLogger) =>
        new CacheFills(blobs, systemClock, logger),
    },
    {
      provide: ItemTree,
      inject: [RepositoryDirectory, PostgresItemTimes],
      useFactory: (directory: RepositoryDirectory, times: PostgresItemTimes) =>
        new ItemTree(times, (key) => directory.find(key)?.id),
    },
    {
      provide: ManifestTransfer,
      inject: [RepositoryDirectory, PostgresTagCopier],
      useFactory: (directory: RepositoryDirectory, copier: PostgresTagCopier) =>
        new ManifestTransfer(copier, (key) => directory.find(key)?.id),
    },
    {
      provide: Promotion,
      inject: [ManifestTransfer],
      useFactory: (transfer: ManifestTransfer) => new Promotion(transfer),
    },
    {
      provide: ItemTransfer,
      inject: [ManifestTransfer, PostgresPropertyStore, RepositoryDirectory],
      useFactory: (
        transfer: ManifestTransfer,
        properties: PostgresPropertyStore,
        directory: RepositoryDirectory,
      ) => new ItemTransfer(transfer, properties, (key) => directory.find(key)?.id),
    },
    {
      provide: ItemProperties,
      inject: [RepositoryDirectory, PostgresPropertyStore, PostgresManifestStore],
      useFactory: (
        directory: RepositoryDirectory,
        properties: PostgresPropertyStore,
        manifests: PostgresManifestStore,
      ) => new ItemProperties(properties, manifests, (key) => directory.find(key)?.id),
    },
    {
      provide: TagFinder,
      inject: [RepositoryDirectory, PostgresTagSearch],
      useFactory: (directory: RepositoryDirectory, search: PostgresTagSearch) =>
        new TagFinder(search, directory),
    },
    {
      provide: ItemFinder,
      inject: [Database, RepositoryDirectory, ConfiguredOciRepositories, PostgresPropertyStore],
      useFactory: (
        database: Database,
        directory: RepositoryDirectory,
        repositories: ConfiguredOciRepositories,
        properties: PostgresPropertyStore,
      ) =>
        new ItemFinder(
          new ItemScopes(directory, repositories),
          new PostgresItemSearch(database),
          properties,
          new ContentChecksums(new PostgresContentChecksums(database), repositories),
        ),
    },
    {
      provide: TagHistory,
      inject: [RepositoryDirectory, PostgresTagEventStore],
      useFactory: (directory: RepositoryDirectory, events: PostgresTagEventStore) =>
        new TagHistory(events, (key) => directory.find(key)?.id),
    },
    {
      provide: Proxies,
      inject: [PostgresProxyStore, broadcastToken, PinoLogger],
      useFactory: async (store: PostgresProxyStore, broadcast: Broadcast, logger: PinoLogger) => {
        const proxies = new Proxies(store, broadcast, logger)
        await proxies.start()
        return proxies
      },
    },
    {
      provide: remoteServicesToken,
      inject: [CacheFills, Proxies, settingsToken, Metrics, PinoLogger],
      useFactory: (
        fills: CacheFills,
        proxies: Proxies,
        { environmentProxies }: Settings,
        metrics: Metrics,
        logger: PinoLogger,
      ): RemoteServices => ({
        fills,
        routes: new ConfiguredRoutes(proxies, environmentProxies),
        connect: (config, rules) =>
          createUpstream({ ...upstreamSettingsOf(config), proxies: rules }, { logger, observer: metrics }),
      }),
    },
    {
      provide: ConfiguredOciRepositories,
      inject: [RepositoryDirectory, ociStoresToken, remoteServicesToken, PinoLogger],
      useFactory: (
        directory: RepositoryDirectory,
        stores: OciStores,
        remotes: RemoteServices,
        logger: PinoLogger,
      ) => new ConfiguredOciRepositories(directory, stores, remotes, systemClock, logger),
    },
  ],
  exports: [
    RepositoryDirectory,
    ConfiguredOciRepositories,
    CacheFills,
    ItemProperties,
    ItemFinder,
    ItemTransfer,
    ItemTree,
    Promotion,
    TagFinder,
    Proxies,
    TagHistory,
  ],
})
export class RepositoriesModule implements OnModuleDestroy, BeforeApplicationShutdown {
  constructor(
    private readonly directory: RepositoryDirectory,
    private readonly proxies: Proxies,
    private readonly fills: CacheFills,
    private readonly repositories: ConfiguredOciRepositories,
  ) {}

  /** Whoever closes the application has given the fills their time; what still runs ends here, before its upstream. */
  async onModuleDestroy(): Promise<void> {
    this.directory.stop()
    this.proxies.stop()
    await this.fills.close(0)
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.repositories.close()
  }
}

function upstreamSettingsOf(config: ConnectionConfig) {
  return {
    baseUrl: config.url,
    username: config.username,
    password: config.password,
    timeLimitMilliseconds: config.metadataRetrievalTimeoutSecs * 1000,
    idleLimitMilliseconds: config.socketTimeoutMillis,
    assumedOfflineMilliseconds: config.assumedOfflinePeriodSecs * 1000,
    allowAnyHostAuth: config.allowAnyHostAuth,
    userAgent,
    queryParams: config.queryParams,
    localAddress: config.localAddress,
  }
}
