import { type Digest, type Listing, type Page, listingOf } from '@entrepot/kernel'
import type { Descriptor, ImageName, Reference, Tag } from '@entrepot/oci-model'
import { filteredListing } from './filtered-listing.js'
import { unknownImage } from './guard.js'
import type {
  BlobHandle,
  Found,
  ManifestBytes,
  OciReader,
  ReferrersFilter,
  StoredBlobHandle,
} from './oci-repository.js'
import type { Reach } from './reach.js'
import type { RequestContext } from './request-context.js'

/** The readers of one repository that are guarded. */
export interface GuardedReaders {
  readonly full: OciReader
  /** Of a remote, for whoever may not add to its cache: asks no upstream. */
  readonly cacheOnly: OciReader | undefined
  /** Of a remote that keeps nothing: which images it has served is known, and none of their tags. */
  readonly knowsNoTags?: boolean
}

/**
 * Reading from a local or remote repository: the one place where it is decided what of an image the principal may read.
 * What they may not read is answered as what isn't there.
 */
export class GuardedReader implements OciReader {
  constructor(
    private readonly reach: Reach,
    private readonly readers: GuardedReaders,
  ) {}

  async manifest(
    image: ImageName,
    reference: Reference,
    context: RequestContext,
  ): Promise<Found<ManifestBytes> | undefined> {
    if (reference.kind === 'digest') {
      if (!(await this.reach.covers('read', image, reference.digest, context)))
        return this.#unreadable(context)
      const reader = await this.#forDigest(image, reference.digest, context)
      this.#noteReader(reader, context)
      return reader.manifest(image, reference, context)
    }
    if (!(await this.reach.coversTag('read', image, reference.tag, context))) return this.#unreadable(context)
    const { full, cacheOnly } = this.readers
    const mayAdd =
      cacheOnly === undefined || (await this.reach.coversTag('deploy', image, reference.tag, context))
    const reader = mayAdd ? full : cacheOnly
    this.#noteReader(reader, context)
    return reader.manifest(image, reference, context)
  }

  async blob(
    image: ImageName,
    digest: Digest,
    context: RequestContext,
  ): Promise<Found<BlobHandle> | undefined> {
    if (!(await this.reach.covers('read', image, digest, context))) return undefined
    return (await this.#forDigest(image, digest, context)).blob(image, digest, context)
  }

  async storedBlob(
    image: ImageName,
    digest: Digest,
    context: RequestContext,
  ): Promise<Found<StoredBlobHandle> | undefined> {
    if (!(await this.reach.covers('read', image, digest, context))) return undefined
    return (await this.#forDigest(image, digest, context)).storedBlob(image, digest, context)
  }

  async holdsImage(image: ImageName, context: RequestContext): Promise<boolean> {
    if (this.reach.hasWhole('read', image, context)) return this.readers.full.holdsImage(image, context)
    if (await this.reach.hasReadableTag(image, context)) return true
    if (this.readers.knowsNoTags !== true || !this.reach.hasPart('read', image, context)) return false
    return this.readers.full.holdsImage(image, context)
  }

  async tags(image: ImageName, page: Page, context: RequestContext): Promise<Listing<Tag>> {
    const reader = this.#forLists(image, context)
    if (this.reach.hasWhole('read', image, context)) return reader.tags(image, page, context)
    if (!this.reach.hasPart('read', image, context)) throw unknownImage(this.reach.key, image)
    const mayRead = (tag: Tag) => this.reach.hasTag('read', image, tag, context)
    const read = (part: Page) => reader.tags(image, part, context)
    const listing = await filteredListing(page, read, mayRead)
    if (listing.items.length > 0) return listing
    const whole = await filteredListing({ limit: 1, after: undefined }, read, mayRead)
    if (whole.items.length === 0) throw unknownImage(this.reach.key, image)
    return listing
  }

  async referrers(
    image: ImageName,
    subject: Digest,
    filter: ReferrersFilter,
    page: Page,
    context: RequestContext,
  ): Promise<Listing<Descriptor>> {
    if (!(await this.reach.covers('read', image, subject, context)))
      return listingOf<Descriptor>([], page.limit)
    return this.#forLists(image, context).referrers(image, subject, filter, page, context)
  }

  async images(page: Page, context: RequestContext): Promise<Listing<ImageName>> {
    let readable: ReadonlySet<ImageName> = new Set()
    const read = async (part: Page) => {
      const listing = await this.readers.full.images(part, context)
      readable = await this.reach.readable(listing.items, context)
      return listing
    }
    return filteredListing(page, read, (image) => readable.has(image))
  }

  #unreadable({ explanation, principal }: RequestContext): undefined {
    explanation?.note(this.reach.key, 'permission', 'passed', `${principal.name} may not read it here`)
  }

  #noteReader(reader: OciReader, { explanation, principal }: RequestContext): void {
    const message =
      reader === this.readers.cacheOnly
        ? `${principal.name} may read it here, and without the right to deploy gets only what is cached already`
        : `${principal.name} may read it here`
    explanation?.note(this.reach.key, 'permission', 'noted', message)
  }

  async #forDigest(image: ImageName, digest: Digest, context: RequestContext): Promise<OciReader> {
    const { full, cacheOnly } = this.readers
    if (cacheOnly === undefined || (await this.reach.covers('deploy', image, digest, context))) return full
    return cacheOnly
  }

  /** A list is of the whole upstream: who may add any of it to the cache may look. */
  #forLists(image: ImageName, context: RequestContext): OciReader {
    const { full, cacheOnly } = this.readers
    return cacheOnly === undefined || this.reach.hasPart('deploy', image, context) ? full : cacheOnly
  }
}
