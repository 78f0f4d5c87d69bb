import { type Digest, type Listing, type Page, listingOf } from '@entrepot/kernel'
import type { Descriptor, ImageName, Reference, Tag } from '@entrepot/oci-model'
import { PathFilter, type RemoteConfig, type RepositoryKey } from '@entrepot/repositories'
import { filledPage } from '../filled-page.js'
import { requireInService, unknownImage } from '../guard.js'
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
    readonly reader: RemoteReader,
  ) {
    this.key = config.key
    this.leaves = [config.key]
  }
}

export class RemoteReader implements OciReader {
  readonly #filter: PathFilter

  constructor(
    private readonly config: RemoteConfig,
    private readonly cache: RemoteCache,
    private readonly manifests: RemoteManifests,
    private readonly blobs: RemoteBlobs,
    private readonly lists: RemoteLists,
  ) {
    this.#filter = new PathFilter(config.includesPattern, config.excludesPattern)
  }

  async manifest(
    image: ImageName,
    reference: Reference,
    context: RequestContext,
  ): Promise<Found<ManifestBytes> | undefined> {
    requireInService(this.config)
    const admitted =
      reference.kind === 'tag'
        ? this.#filter.admitsTag(image, reference.tag)
        : this.#filter.admitsImage(image)
    return admitted ? this.manifests.find(image, reference, context) : undefined
  }

  async blob(
    image: ImageName,
    digest: Digest,
    context: RequestContext,
  ): Promise<Found<BlobHandle> | undefined> {
    requireInService(this.config)
    return this.#filter.admitsImage(image) ? this.blobs.find(image, digest, context) : undefined
  }

  async storedBlob(image: ImageName, digest: Digest): Promise<Found<StoredBlobHandle> | undefined> {
    requireInService(this.config)
    return this.#filter.admitsImage(image) ? this.blobs.stored(image, digest) : undefined
  }

  async holdsImage(image: ImageName): Promise<boolean> {
    return this.#filter.admitsImage(image) && this.cache.manifests.hasImage(this.cache.repository, image)
  }

  async tags(image: ImageName, page: Page, context: RequestContext): Promise<Listing<Tag>> {
    requireInService(this.config)
    if (!this.#filter.admitsImage(image)) throw unknownImage(this.config.key, image)
    return this.lists.tags(image, page, context)
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
    return this.lists.referrers(image, subject, filter, page, context)
  }

  async images(page: Page, context: RequestContext): Promise<Listing<ImageName>> {
    if (this.config.blackedOut) return listingOf<ImageName>([], page.limit)
    return filledPage(
      page,
      (part) => this.cache.manifests.images(this.cache.repository, part),
      (image) => this.#filter.admitsImage(image) && context.may('read', this.config.key, image),
    )
  }
}
