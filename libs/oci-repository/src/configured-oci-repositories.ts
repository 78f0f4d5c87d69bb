import { isDeepStrictEqual } from 'node:util'
import type { BlobStore } from '@entrepot/blob-store'
import type { Clock, Logger } from '@entrepot/kernel'
import {
  type CacheFills,
  type LocalConfig,
  type RemoteConfig,
  type RepositoryDirectory,
  type RepositoryId,
  type RepositoryKey,
  type StoredRepository,
  type VirtualConfig,
} from '@entrepot/repositories'
import type { ProxyRules, UpstreamClient } from '@entrepot/upstream'
import { BlobContent } from './blob-content.js'
import type { BlobIndex } from './blob-index.js'
import { GuardedReader } from './guarded-reader.js'
import { LocalReader } from './local/local-reader.js'
import { LocalRepository } from './local/local-repository.js'
import { LocalUploads } from './local/local-uploads.js'
import { LocalWriter } from './local/local-writer.js'
import { UploadLocks } from './local/upload-locks.js'
import type { ManifestStore } from './manifest-store.js'
import type { OciRepository } from './oci-repository.js'
import type { OciRepositoryDirectory } from './oci-repository-directory.js'
import type { PushClaims } from './push-claims.js'
import { Reach } from './reach.js'
import type { RemoteRefStore } from './remote-ref-store.js'
import type { UpstreamRoutes } from './remote/configured-routes.js'
import { isDockerHub } from './remote/docker-hub.js'
import { RemoteBlobs } from './remote/remote-blobs.js'
import { RemoteLists } from './remote/remote-lists.js'
import { RemoteManifests } from './remote/remote-manifests.js'
import { type RemoteContent, RemoteReader, RemoteRepository } from './remote/remote-repository.js'
import { UpstreamRegistry } from './remote/upstream-registry.js'
import { WebPages } from './remote/web-pages.js'
import type { UploadStore } from './upload-store.js'
import { type TagMovedAt, VirtualReader } from './virtual/virtual-reader.js'
import { VirtualRepository } from './virtual/virtual-repository.js'
import { VirtualWriter } from './virtual/virtual-writer.js'
import { flattenMembers } from './virtual/virtual-member.js'

/** Where the content of the repositories is kept. */
export interface OciStores {
  readonly blobs: BlobStore
  readonly blobIndex: BlobIndex
  readonly manifests: ManifestStore
  readonly uploads: UploadStore
  readonly remoteRefs: RemoteRefStore
  readonly claims: PushClaims
}

const connectionFields = [
  'url',
  'username',
  'password',
  'metadataRetrievalTimeoutSecs',
  'socketTimeoutMillis',
  'assumedOfflinePeriodSecs',
  'allowAnyHostAuth',
  'queryParams',
  'localAddress',
] as const

/** What a client of an upstream depends on. */
export type ConnectionConfig = Pick<RemoteConfig, (typeof connectionFields)[number]>

/** What remote repositories work with. */
export interface RemoteServices {
  readonly fills: CacheFills
  /**
   * Opens a client for the upstream of a remote repository. It is closed, and with it what it is fetching, when one of
   * these fields or the way there changes, or the repository goes; any other change leaves it.
   */
  connect(config: ConnectionConfig, proxies: ProxyRules | undefined): UpstreamClient
  readonly routes: UpstreamRoutes
}

interface Built {
  readonly id: RepositoryId
  readonly revision: number
  readonly repository: OciRepository
  readonly upstream: UpstreamClient | undefined
  readonly connection: ConnectionConfig | undefined
  readonly proxies: ProxyRules | undefined
}

/** Builds the repositories that the directory says there are, and builds anew what changed. */
export class ConfiguredOciRepositories implements OciRepositoryDirectory {
  readonly #locks = new UploadLocks()
  #built: ReadonlyMap<string, Built> = new Map()

  constructor(
    private readonly directory: RepositoryDirectory,
    private readonly stores: OciStores,
    private readonly remotes: RemoteServices,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {
    directory.onChange(() => this.#rebuild())
    remotes.routes.onChange(() => this.#rebuild())
    this.#rebuild()
  }

  find(key: string): OciRepository | undefined {
    return this.#built.get(key)?.repository
  }

  all(): readonly OciRepository[] {
    return [...this.#built.values()].map(({ repository }) => repository)
  }

  remoteOf(registryHost: string): RepositoryKey | undefined {
    for (const { config } of this.directory.all()) {
      if (config.rclass !== 'remote') continue
      const host = new URL(config.url).host
      if (host === registryHost || (isDockerHub(host) && isDockerHub(registryHost))) return config.key
    }
    return undefined
  }

  /** How the upstream of a remote repository is reached; undefined for the other kinds. */
  upstreamOf(key: RepositoryKey): Pick<UpstreamClient, 'state' | 'probe'> | undefined {
    return this.#built.get(key)?.upstream
  }

  /** Ends the connections to the upstreams. */
  async close(): Promise<void> {
    const upstreams = [...this.#built.values()].map(({ upstream }) => upstream)
    await Promise.all(
      upstreams.filter((upstream) => upstream !== undefined).map((upstream) => upstream.close()),
    )
  }

  #rebuild(): void {
    const before = this.#built
    const rows = this.directory.all()
    const after = new Map<string, Built>()
    for (const row of rows.filter(({ config }) => config.rclass !== 'virtual')) {
      const old = before.get(row.config.key)
      const same =
        old !== undefined && old.id === row.id && old.revision === row.revision && this.#isOnWay(old, row)
      after.set(row.config.key, same ? old : this.#build(row, after, old))
    }
    for (const row of rows.filter(({ config }) => config.rclass === 'virtual')) {
      after.set(row.config.key, this.#build(row, after, undefined))
    }
    this.#built = after
    for (const [key, { upstream }] of before) {
      if (upstream === undefined || after.get(key)?.upstream === upstream) continue
      upstream.close().catch((error: unknown) => {
        this.logger.warn(
          { err: error, repository: key },
          'connections to a former upstream did not close cleanly',
        )
      })
    }
  }

  #isOnWay(built: Built, { config }: StoredRepository): boolean {
    return config.rclass !== 'remote' || isDeepStrictEqual(built.proxies, this.remotes.routes.of(config))
  }

  #build(
    { id, config, revision }: StoredRepository,
    leaves: ReadonlyMap<string, Built>,
    old: Built | undefined,
  ): Built {
    const unconnected = { id, revision, upstream: undefined, connection: undefined, proxies: undefined }
    switch (config.rclass) {
      case 'local':
        return { ...unconnected, repository: this.#local(id, config) }
      case 'remote': {
        const proxies = this.remotes.routes.of(config)
        const isSameWay = old !== undefined && isDeepStrictEqual(old.proxies, proxies)
        const kept =
          old?.id === id && isSameWay && sameConnection(old.connection, config) ? old.upstream : undefined
        const upstream = kept ?? this.remotes.connect(config, proxies)
        const repository = this.#remote(id, config, upstream)
        return { id, revision, repository, upstream, connection: config, proxies }
      }
      case 'virtual':
        return { ...unconnected, repository: this.#virtual(config, leaves) }
    }
  }

  #local(id: RepositoryId, config: LocalConfig): LocalRepository {
    const content = this.#content(id)
    const { manifests, uploads } = this.stores
    const reach = this.#reach(id, config.key)
    const localUploads = new LocalUploads(content, { records: uploads, reach }, this.#locks, this.clock)
    const full = new LocalReader(config, content, manifests)
    return new LocalRepository(
      config.key,
      new GuardedReader(reach, { full, cacheOnly: undefined }),
      new LocalWriter(config, { blobs: content, manifests, reach }, localUploads, (key) => this.find(key)),
    )
  }

  #remote(id: RepositoryId, config: RemoteConfig, client: UpstreamClient): RemoteRepository {
    const cache = {
      repository: id,
      manifests: this.stores.manifests,
      refs: this.stores.remoteRefs,
      content: this.#content(id),
    }
    const upstream = new UpstreamRegistry(client, new URL(config.url).host, new WebPages(config))
    const contentFor = (how: RemoteConfig): RemoteContent => ({
      manifests: new RemoteManifests(how, cache, upstream, this.clock),
      blobs: new RemoteBlobs(how, cache, upstream, this.remotes.fills, this.clock),
      lists: new RemoteLists(how, cache, upstream, this.clock),
    })
    const full = new RemoteReader(config, cache, contentFor(config), false)
    const offline = contentFor({ ...config, offline: true })
    const cacheOnly = new RemoteReader(config, cache, offline, !config.offline)
    const stored = new RemoteReader(config, cache, offline, false)
    const reach = this.#reach(id, config.key)
    return new RemoteRepository(
      config,
      new GuardedReader(reach, { full, cacheOnly, knowsNoTags: !config.storeArtifactsLocally }),
      new GuardedReader(reach, { full: stored, cacheOnly: undefined }),
    )
  }

  #virtual(config: VirtualConfig, leaves: ReadonlyMap<string, Built>): VirtualRepository {
    const members = flattenMembers(config, {
      config: (key) => this.directory.find(key)?.config,
      repository: (key) => leaves.get(key)?.repository,
    })
    const target =
      config.defaultDeploymentRepo === undefined ? undefined : leaves.get(config.defaultDeploymentRepo)
    const reader = new VirtualReader(config, members, target?.repository.key, this.#tagMovedAt)
    const storedMembers = members.map((member) => ({ ...member, repository: storedOnly(member.repository) }))
    const stored = new VirtualReader(config, storedMembers, target?.repository.key, this.#tagMovedAt)
    const writer =
      target?.repository instanceof LocalRepository
        ? new VirtualWriter(config, target.repository.writer, reader)
        : undefined
    return new VirtualRepository(
      config.key,
      [...new Set(members.map(({ repository }) => repository.key))],
      reader,
      stored,
      writer,
    )
  }

  readonly #tagMovedAt: TagMovedAt = async (member, image, tag) => {
    const id = this.directory.find(member)?.id
    if (id === undefined) return undefined
    const { manifests, remoteRefs } = this.stores
    // Where nothing is kept it is written down when a tag was first seen where it is.
    const seen = async () => (await remoteRefs.find(id, image, tag))?.ref.checkedAt
    return (await manifests.tagMovedAt(id, image, tag)) ?? seen()
  }

  #reach(id: RepositoryId, key: RepositoryKey): Reach {
    return new Reach(key, id, this.stores, this.clock)
  }

  #content(id: RepositoryId): BlobContent {
    return new BlobContent(id, this.stores.blobs, this.stores.blobIndex)
  }
}

function storedOnly(repository: OciRepository): OciRepository {
  const { key, kind, stored, leaves } = repository
  return { key, kind, reader: stored, stored, writer: undefined, leaves }
}

function sameConnection(before: ConnectionConfig | undefined, after: ConnectionConfig): boolean {
  return before !== undefined && connectionFields.every((field) => before[field] === after[field])
}
