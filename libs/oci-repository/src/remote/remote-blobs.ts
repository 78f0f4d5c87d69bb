import type { BlobBody, OpenOptions } from '@entrepot/blob-store'
import { type Clock, type Digest, RegistryError, isRegistryError } from '@entrepot/kernel'
import { type ImageName, mediaTypes } from '@entrepot/oci-model'
import type { CacheFills, FillHandle, FillRequest, RemoteConfig } from '@entrepot/repositories'
import { abortable } from '../abortable.js'
import type { BlobContent } from '../blob-content.js'
import type { BlobHandle, CacheState, Found, StoredBlobHandle } from '../oci-repository.js'
import type { RequestContext } from '../request-context.js'
import { type ForeignLayer, ForeignLayers } from './foreign-layers.js'
import { type RemoteCache, isFreshlyMissing } from './remote-manifests.js'
import type { UpstreamRegistry } from './upstream-registry.js'

/** Blobs of a remote: cached for good, filled once for all who read, and linked without a byte where we have them. */
export class RemoteBlobs {
  /** The image that each fill asks the upstream for: another image's failure says nothing of this one. */
  readonly #askedFor = new WeakMap<FillHandle, ImageName>()

  readonly #foreign: ForeignLayers

  constructor(
    private readonly config: RemoteConfig,
    private readonly cache: RemoteCache & { readonly content: BlobContent },
    private readonly upstream: UpstreamRegistry,
    private readonly fills: CacheFills,
    private readonly clock: Clock,
  ) {
    this.#foreign = new ForeignLayers(config, cache, upstream)
  }

  /** Asks no upstream, unless the blob is opened and the store has lost its bytes: then they are fetched again. */
  async stored(image: ImageName, digest: Digest): Promise<Found<StoredBlobHandle> | undefined> {
    const handle = await this.cache.content.find(image, digest)
    return handle === undefined ? undefined : this.#hit(image, handle)
  }

  #hit(image: ImageName, handle: StoredBlobHandle): Found<StoredBlobHandle> {
    const open = async (options?: OpenOptions) =>
      (await this.cache.content.store.open(handle.stored.key, options)) ??
      this.#fetchedAgain(image, handle, options)
    return this.#found({ ...handle, open }, 'hit')
  }

  async find(
    image: ImageName,
    digest: Digest,
    context: RequestContext,
  ): Promise<Found<BlobHandle> | undefined> {
    const stored = (await this.stored(image, digest)) ?? (await this.#listed(image, digest))
    if (stored !== undefined) return stored
    if (this.config.offline) return undefined
    const foreign = await this.#foreign.find(image, digest)
    if (foreign !== undefined && foreign.allowed.length > 0) return this.#elsewhere(image, foreign, context)
    const { refs, repository } = this.cache
    if (
      foreign === undefined &&
      isFreshlyMissing(await refs.find(repository, image, missingRef(digest)), this.clock)
    ) {
      return undefined
    }
    const found =
      (await this.#linkedFromElsewhere(image, digest, context)) ?? (await this.#cold(image, digest, context))
    if (found === undefined && foreign !== undefined) throw foreign.refusal
    // Some upstreams, caches themselves, find by HEAD only what they have cached already: GET may still find it.
    if (found === undefined && !context.metadataOnly) await this.#rememberMissing(image, digest)
    return found
  }

  /** A layer that images share comes once: what another image brought here, and a manifest of this one lists, is its own. */
  async #listed(image: ImageName, digest: Digest): Promise<Found<StoredBlobHandle> | undefined> {
    const { content, repository } = this.cache
    if (!this.config.storeArtifactsLocally) return undefined
    const listed = await content.index.adoptListed(repository, image, digest)
    return listed === undefined ? undefined : this.#hit(image, content.handle(listed))
  }

  /** The bytes are here for another image: once the upstream says that it has the blob too, they serve this one. */
  async #linkedFromElsewhere(
    image: ImageName,
    digest: Digest,
    context: RequestContext,
  ): Promise<Found<BlobHandle> | undefined> {
    const { content } = this.cache
    const elsewhere = await content.whenPresent(await content.index.findAnywhere(digest))
    if (elsewhere === undefined) return undefined
    if ((await this.upstream.headBlob(image, digest, context.signal)) === undefined) return undefined
    if (!this.config.storeArtifactsLocally) return this.#found(content.handle(elsewhere), 'revalidated')
    const adopted = await content.adopt(image, digest)
    return adopted === undefined ? undefined : this.#found(content.handle(adopted), 'revalidated')
  }

  /** A layer that its registry does not hold. */
  async #elsewhere(
    image: ImageName,
    layer: ForeignLayer,
    context: RequestContext,
  ): Promise<Found<BlobHandle>> {
    const { digest, size } = layer
    if (context.metadataOnly) return this.#found(unreadHandle(digest, size), 'miss')
    const fetched = () =>
      this.#fillFrom(image, digest, `foreign ${this.cache.repository}/${digest}`, {
        size,
        fetch: (fromOffset, signal) => this.#foreign.fetch(layer, fromOffset, signal),
      })
    const fill = await fetched()
    const known = await abortable(fill.size(), context.signal)
    return this.#found(this.#reading(fill, digest, known, fetched), 'miss')
  }

  async #cold(
    image: ImageName,
    digest: Digest,
    context: RequestContext,
  ): Promise<Found<BlobHandle> | undefined> {
    if (context.metadataOnly) {
      const size = await this.upstream.headBlob(image, digest, context.signal)
      return size === undefined ? undefined : this.#found(unreadHandle(digest, size), 'miss')
    }
    const fill = await this.#fillFor(image, digest, context)
    try {
      const size = await abortable(fill.size(), context.signal)
      const again = () => this.#fill(image, digest, `${this.cache.repository}/${image}@${digest}`)
      return this.#found(this.#reading(fill, digest, size, again), 'miss')
    } catch (error) {
      if (context.signal.aborted) throw error
      if (this.#askedFor.get(fill) !== image) return this.#cold(image, digest, context)
      if (isRegistryError(error, 'BLOB_UNKNOWN')) return undefined
      throw error
    }
  }

  async #fetchedAgain(
    image: ImageName,
    lost: StoredBlobHandle,
    options: OpenOptions | undefined,
  ): Promise<BlobBody> {
    if (this.config.offline) return lost.open(options)
    try {
      const { digest } = lost.stored
      const fill = await this.#fill(image, digest, `${this.cache.repository}/${digest}`)
      return await fill.open(options)
    } catch (error) {
      // Not there any more upstream: what is told is the loss.
      return isRegistryError(error, 'BLOB_UNKNOWN') ? lost.open(options) : Promise.reject(error)
    }
  }

  /** What comes for another image is followed only where the upstream says that this one has the blob too. */
  async #fillFor(image: ImageName, digest: Digest, context: RequestContext): Promise<FillHandle> {
    const { repository } = this.cache
    const fill = await this.#fill(image, digest, `${repository}/${digest}`)
    if (this.#askedFor.get(fill) === image) return fill
    const size = await this.upstream.headBlob(image, digest, context.signal)
    return size === undefined ? this.#fill(image, digest, `${repository}/${image}@${digest}`) : fill
  }

  async #fill(image: ImageName, digest: Digest, key: string): Promise<FillHandle> {
    const fill = await this.#fillFrom(image, digest, key, {
      fetch: async (fromOffset, signal) => {
        const source = await this.upstream.blob(image, digest, fromOffset, signal)
        if (source !== undefined) return source
        throw new RegistryError(
          'BLOB_UNKNOWN',
          `the upstream of ${this.config.key} has no blob ${digest} in ${image}`,
        )
      },
    })
    if (!this.#askedFor.has(fill)) this.#askedFor.set(fill, image)
    return fill
  }

  #fillFrom(
    image: ImageName,
    digest: Digest,
    key: string,
    source: Pick<FillRequest, 'fetch' | 'size'>,
  ): Promise<FillHandle> {
    const { content, repository } = this.cache
    const isKept = this.config.storeArtifactsLocally
    return this.fills.fill(isKept ? key : `passed ${key}`, {
      ...source,
      digest,
      isKept,
      stored: async () => content.whenPresent(await content.index.find(repository, image, digest)),
      commit: (stored) => content.keep(image, stored),
    })
  }

  /** @param again what is not kept may be gone when it is opened at last: then it is fetched again */
  #reading(fill: FillHandle, digest: Digest, size: number, again: () => Promise<FillHandle>): BlobHandle {
    return {
      descriptor: { mediaType: mediaTypes.octetStream, digest, size },
      open: async (options) => (fill.gone ? await again() : fill).open(options),
    }
  }

  async #rememberMissing(image: ImageName, digest: Digest): Promise<void> {
    const now = this.clock.now()
    await this.cache.refs.put(this.cache.repository, image, {
      ref: missingRef(digest),
      status: 'missing',
      digest: undefined,
      etag: undefined,
      checkedAt: new Date(now),
      freshUntil: new Date(now + this.config.missedRetrievalCachePeriodSecs * 1000),
    })
  }

  #found<T extends BlobHandle>(value: T, cache: CacheState): Found<T> {
    return { value, foundIn: this.config.key, cache }
  }
}

function missingRef(digest: Digest): string {
  return `blob:${digest}`
}

function unreadHandle(digest: Digest, size: number): BlobHandle {
  return {
    descriptor: { mediaType: mediaTypes.octetStream, digest, size },
    open: () => Promise.reject(new Error('a blob that was asked for by HEAD has no bytes to read')),
  }
}
