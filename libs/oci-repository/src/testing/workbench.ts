import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import type { BlobBody } from '@entrepot/blob-store'
import { MemoryBlobStore } from '@entrepot/blob-store/testing'
import { MemoryBroadcast } from '@entrepot/coordination/testing'
import { type Action, type Digest, anonymous, digestOf, silentLogger } from '@entrepot/kernel'
import { userPrincipal } from '@entrepot/kernel/testing'
import { type ImageName, mediaTypes, parseImageName, parseReference } from '@entrepot/oci-model'
import {
  CacheFills,
  Proxies,
  type RepositoryConfig,
  RepositoryDirectory,
  type RepositoryId,
  type RepositoryKey,
} from '@entrepot/repositories'
import { InMemoryProxyStore, InMemoryRepositoryStore } from '@entrepot/repositories/testing'
import { createUpstream } from '@entrepot/upstream'
import { ConfiguredOciRepositories } from '../configured-oci-repositories.js'
import { ItemTransfer } from '../items/item-transfer.js'
import { ItemTree } from '../items/item-tree.js'
import { ManifestTransfer } from '../manifest-transfer.js'
import { Promotion } from '../promotion.js'
import { ConfiguredRoutes } from '../remote/configured-routes.js'
import { ItemProperties } from '../properties/item-properties.js'
import type { BlobHandle, OciReader, OciRepository, PushedManifest } from '../oci-repository.js'
import type { RequestContext } from '../request-context.js'
import { TagFinder } from '../search/tag-finder.js'
import { TagHistory } from '../tag-history.js'
import { InMemoryBlobIndex } from './in-memory-blob-index.js'
import { InMemoryItemTimes } from './in-memory-item-times.js'
import { InMemoryManifestStore } from './in-memory-manifest-store.js'
import { InMemoryPropertyStore } from './in-memory-property-store.js'
import { InMemoryPushClaims } from './in-memory-push-claims.js'
import { InMemoryRemoteRefStore } from './in-memory-remote-ref-store.js'
import { InMemoryTagEventStore } from './in-memory-tag-event-store.js'
import { InMemoryTagSearch } from './in-memory-tag-search.js'
import { InMemoryUploadStore } from './in-memory-upload-store.js'

/** A clock that stands still until it is told to go on. */
export class HandClock {
  #now = Date.parse('2026-01-01T00:00:00Z')

  now(): number {
    return this.#now
  }

  advance(seconds: number): void {
    this.#now += seconds * 1000
  }
}

export interface TagGrant {
  readonly actions: readonly Action[]
  /** Undefined for whole images. */
  readonly tags?: RegExp
  /** Keys of repositories; undefined for all. */
  readonly in?: readonly string[]
}

/** Real repositories over stores in memory, and a real upstream client. */
export class Workbench {
  readonly clock = new HandClock()
  readonly blobs = new MemoryBlobStore()
  readonly keys = new Map<RepositoryId, RepositoryKey>()
  readonly index = new InMemoryBlobIndex(this.keys)
  readonly manifests = new InMemoryManifestStore(this.index, () => this.clock.now())
  readonly properties = new InMemoryPropertyStore(this.manifests)
  readonly refs = new InMemoryRemoteRefStore(this.manifests)
  readonly uploads = new InMemoryUploadStore()
  readonly claims = new InMemoryPushClaims()
  readonly fills = new CacheFills(this.blobs, this.clock, silentLogger)
  readonly times = new InMemoryItemTimes(this.manifests)
  readonly proxies: Proxies
  readonly directory: RepositoryDirectory
  readonly repositories: ConfiguredOciRepositories
  readonly items: ItemTree
  readonly tagFinder: TagFinder
  readonly itemProperties: ItemProperties
  readonly promotion: Promotion
  readonly itemTransfer: ItemTransfer
  readonly tagHistory: TagHistory

  /** @param directory of the repositories; its own, empty one when it is left out */
  constructor(directory?: RepositoryDirectory) {
    this.proxies = new Proxies(new InMemoryProxyStore(), new MemoryBroadcast(), silentLogger)
    this.directory =
      directory ?? new RepositoryDirectory(new InMemoryRepositoryStore(), new MemoryBroadcast(), silentLogger)
    this.repositories = new ConfiguredOciRepositories(
      this.directory,
      {
        blobs: this.blobs,
        blobIndex: this.index,
        manifests: this.manifests,
        uploads: this.uploads,
        remoteRefs: this.refs,
        claims: this.claims,
      },
      {
        fills: this.fills,
        routes: new ConfiguredRoutes(this.proxies, undefined),
        connect: (config, proxies) =>
          createUpstream(
            {
              baseUrl: config.url,
              username: config.username,
              password: config.password,
              timeLimitMilliseconds: config.metadataRetrievalTimeoutSecs * 1000,
              idleLimitMilliseconds: config.socketTimeoutMillis,
              assumedOfflineMilliseconds: config.assumedOfflinePeriodSecs * 1000,
              allowAnyHostAuth: config.allowAnyHostAuth,
              userAgent: 'entrepot-test',
              queryParams: config.queryParams,
              localAddress: config.localAddress,
              proxies,
            },
            { clock: this.clock, logger: silentLogger },
          ),
      },
      this.clock,
      silentLogger,
    )
    const idOf = (key: string) => this.directory.find(key)?.id
    const transfer = new ManifestTransfer(this.manifests, idOf)
    this.promotion = new Promotion(transfer)
    this.itemTransfer = new ItemTransfer(transfer, this.properties, idOf)
    this.items = new ItemTree(this.times, idOf)
    const search = new InMemoryTagSearch(this.manifests, this.properties)
    this.tagFinder = new TagFinder(search, this.directory)
    this.itemProperties = new ItemProperties(this.properties, this.manifests, idOf)
    this.tagHistory = new TagHistory(new InMemoryTagEventStore(this.manifests), idOf)
  }

  async close(): Promise<void> {
    await this.repositories.close()
    await this.fills.close(0)
    this.directory.stop()
  }

  async add(...configs: readonly RepositoryConfig[]): Promise<void> {
    for (const config of configs) {
      const { id } = await this.directory.create(config)
      this.keys.set(id, config.key)
    }
  }

  repository(key: string): OciRepository {
    const repository = this.repositories.find(key)
    if (repository === undefined) throw new Error(`no repository ${key}`)
    return repository
  }

  context(changes: Partial<RequestContext> = {}): RequestContext {
    return {
      principal: userPrincipal('alice', { admin: true }),
      signal: new AbortController().signal,
      logger: silentLogger,
      deploying: false,
      metadataOnly: false,
      may: () => true,
      mayPartly: () => true,
      ...changes,
    }
  }

  /** A principal who may do `actions` in the repositories `keys` and nothing else. */
  only(actions: readonly Action[], ...keys: readonly string[]): RequestContext {
    const may = (action: Action, repository: string) => actions.includes(action) && keys.includes(repository)
    return this.context({ principal: anonymous, may, mayPartly: may })
  }

  /** `principal` may do what `grants` say, in every repository or in those named, to tags that match and nothing else. */
  toTags(name: string, ...grants: readonly TagGrant[]): RequestContext {
    const granted = (action: Action, repository: string) =>
      grants.filter(
        (grant) => grant.actions.includes(action) && (grant.in ?? [repository]).includes(repository),
      )
    return this.context({
      principal: userPrincipal(name),
      may: (action, repository, _image, tag) =>
        granted(action, repository).some(
          ({ tags }) => tags === undefined || (tag !== undefined && tags.test(tag)),
        ),
      mayPartly: (action, repository) => granted(action, repository).length > 0,
    })
  }

  async pushBlob(key: string, image: string, bytes: Buffer): Promise<Digest> {
    const writer = this.repository(key).writer
    if (writer === undefined) throw new Error(`${key} takes no push`)
    const session = await writer.startUpload(parseImageName(image), this.context())
    await session.append(Readable.from([bytes]), undefined, this.context())
    return (await session.commit(digestOf(bytes), this.context())).digest
  }

  /** Pushes a config and one layer of random bytes, and a manifest over them. */
  async pushImage(key: string, image: string, tag: string): Promise<PushedManifest> {
    const layer = randomBytes(64)
    await this.pushBlob(key, image, layer)
    await this.pushBlob(key, image, Buffer.from('{}'))
    return this.pushManifest(key, image, tag, imageOf([layer]))
  }

  async pushManifest(key: string, image: string, reference: string, bytes: Buffer): Promise<PushedManifest> {
    const writer = this.repository(key).writer
    if (writer === undefined) throw new Error(`${key} takes no push`)
    const push = { bytes, contentType: undefined, tags: [] }
    return writer.putManifest(parseImageName(image), parseReference(reference), push, this.context())
  }

  pull(
    key: string,
    image: string,
    reference: string,
    context = this.context(),
  ): ReturnType<OciReader['manifest']> {
    return this.repository(key).reader.manifest(parseImageName(image), parseReference(reference), context)
  }

  blob(key: string, image: string, digest: Digest, context = this.context()): ReturnType<OciReader['blob']> {
    return this.repository(key).reader.blob(parseImageName(image), digest, context)
  }
}

export function imageOf(layers: readonly Buffer[], more: Readonly<Record<string, unknown>> = {}): Buffer {
  const descriptor = (mediaType: string, bytes: Buffer) => ({
    mediaType,
    digest: digestOf(bytes),
    size: bytes.length,
  })
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      config: descriptor('application/vnd.oci.image.config.v1+json', Buffer.from('{}')),
      layers: layers.map((layer) => descriptor('application/vnd.oci.image.layer.v1.tar', layer)),
      ...more,
    }),
  )
}

export async function readAll(handle: BlobHandle): Promise<Buffer> {
  return drain(await handle.open())
}

export async function drain(body: BlobBody): Promise<Buffer> {
  const chunks: Buffer[] = []
  try {
    for (;;) {
      const target = Buffer.alloc(16 * 1024)
      const length = await body.read(target)
      if (length === 0) return Buffer.concat(chunks)
      chunks.push(target.subarray(0, length))
    }
  } finally {
    await body.close()
  }
}

export function nameOf(image: string): ImageName {
  return parseImageName(image)
}
