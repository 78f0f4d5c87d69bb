import { type Digest, type Listing, type Page, isRegistryError, listingOf } from '@entrepot/kernel'
import { type Descriptor, type ImageName, type Reference, type Tag, referenceText } from '@entrepot/oci-model'
import { PathFilter, type RemoteConfig, type RepositoryKey } from '@entrepot/repositories'
import { admitsReference } from '../admits-reference.js'
import { filledPage } from '../filled-page.js'
import { notePatterns, requireInService, unknownImage } from '../guard.js'
import type {
  BlobHandle,
  Found,
  ManifestBytes,
  OciReader,
  OciRepository,
  ReferrersFilter,
  StoredBlobHandle,
} from '../oci-repository.js'
import type { RequestContext } from '../request-context.js'
import { NotCachedError } from './not-cached-error.js'
import type { RemoteBlobs } from './remote-blobs.js'
import type { RemoteLists } from './remote-lists.js'
import type { RemoteCache, RemoteManifests } from './remote-manifests.js'

/** A pull-through cache of another registry. Nothing can be pushed to it. */
export class RemoteRepository implements OciRepository {
  readonly kind = 'remote'
  readonly key: RepositoryKey
  readonly leaves: readonly RepositoryKey[]
  readonly writer = undefined

  constructor(
    config: RemoteConfig,
    readonly reader: OciReader,
    readonly stored: OciReader,
  ) {
    this.key = config.key
    this.leaves = [config.key]
  }
}

/** Where a remote's content comes from: cache and upstream, or the cache alone. */
export interface RemoteContent {
  readonly manifests: RemoteManifests
  readonly blobs: RemoteBlobs
  readonly lists: RemoteLists
}

/** What can be had here, whoever asks: `GuardedReader` knows who may have it, and who may have the upstream asked for it. */
export class RemoteReader implements OciReader {
  readonly #filter: PathFilter

  /** @param refusesUncached whether what isn't in `content` may be there all the same, for those who may fetch it */
  constructor(
    private readonly config: RemoteConfig,
    private readonly cache: RemoteCache,
    private readonly content: RemoteContent,
    private readonly refusesUncached: boolean,
  ) {
    this.#filter = new PathFilter(config.includesPattern, config.excludesPattern)
  }

  async manifest(
    image: ImageName,
    reference: Reference,
    context: RequestContext,
  ): Promise<Found<ManifestBytes> | undefined> {
    requireInService(this.config)
    if (!admitsReference(this.#filter, image, reference)) {
      notePatterns(context, this.config)
      return undefined
    }
    const found = await this.content.manifests.find(image, reference, context)
    return found ?? this.#uncached(image, `manifest ${referenceText(reference)} of ${image}`, context)
  }

  async blob(
    image: ImageName,
    digest: Digest,
    context: RequestContext,
  ): Promise<Found<BlobHandle> | undefined> {
    requireInService(this.config)
    if (!this.#filter.admitsImage(image)) return undefined
    const found = await this.content.blobs.find(image, digest, context)
    return found ?? this.#uncached(image, `blob ${digest} of ${image}`, context)
  }

  async storedBlob(image: ImageName, digest: Digest): Promise<Found<StoredBlobHandle> | undefined> {
    requireInService(this.config)
    return this.#filter.admitsImage(image) ? this.content.blobs.stored(image, digest) : undefined
  }

  async holdsImage(image: ImageName): Promise<boolean> {
    if (!this.#filter.admitsImage(image)) return false
    const { manifests, refs, repository } = this.cache
    if (await manifests.hasImage(repository, image)) return true
    return !this.config.storeArtifactsLocally && refs.hasFound(repository, image)
  }

  async tags(image: ImageName, page: Page, context: RequestContext): Promise<Listing<Tag>> {
    requireInService(this.config)
    if (!this.#filter.admitsImage(image)) throw unknownImage(this.config.key, image)
    try {
      return await this.content.lists.tags(image, page, context)
    } catch (error) {
      if (isRegistryError(error, 'NAME_UNKNOWN')) this.#uncached(image, `the tag list of ${image}`, context)
      throw error
    }
  }

  async referrers(
    image: ImageName,
    subject: Digest,
    filter: ReferrersFilter,
    page: Page,
    context: RequestContext,
  ): Promise<Listing<Descriptor>> {
    requireInService(this.config)
    if (!this.#filter.admitsImage(image)) return listingOf<Descriptor>([], page.limit)
    return this.content.lists.referrers(image, subject, filter, page, context)
  }

  async images(page: Page): Promise<Listing<ImageName>> {
    if (this.config.blackedOut) return listingOf<ImageName>([], page.limit)
    return filledPage(
      page,
      (part) => this.cache.manifests.images(this.cache.repository, part),
      (image) => this.#filter.admitsImage(image),
    )
  }

  /** @throws NotCachedError where it may be fetched, but not for this principal */
  #uncached(image: ImageName, what: string, context: RequestContext): undefined {
    if (this.refusesUncached) throw new NotCachedError(this.config.key, image, what, context)
  }
}
