import { type Digest, type Listing, type Page, listingOf } from '@entrepot/kernel'
import type { Descriptor, ImageName, Reference, Tag } from '@entrepot/oci-model'
import { type LocalConfig, PathFilter } from '@entrepot/repositories'
import { admitsReference } from '../admits-reference.js'
import type { BlobContent } from '../blob-content.js'
import { notePatterns, requireInService, unknownImage } from '../guard.js'
import { filledPage } from '../filled-page.js'
import type { ManifestStore } from '../manifest-store.js'
import type { Found, ManifestBytes, OciReader, ReferrersFilter, StoredBlobHandle } from '../oci-repository.js'
import type { RequestContext } from '../request-context.js'

/** What is here, whoever asks: `GuardedReader` knows who may have it. */
export class LocalReader implements OciReader {
  readonly #filter: PathFilter

  constructor(
    private readonly config: LocalConfig,
    private readonly content: BlobContent,
    private readonly manifests: ManifestStore,
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
    const { repository } = this.content
    const manifest =
      reference.kind === 'tag'
        ? await this.manifests.findByTag(repository, image, reference.tag)
        : await this.manifests.findByDigest(repository, image, reference.digest)
    const isThere = manifest !== undefined
    context.explanation?.note(
      this.config.key,
      'stored',
      isThere ? 'taken' : 'passed',
      isThere ? `it is stored here as ${manifest.digest}` : 'it is not stored here',
    )
    return this.#found(manifest)
  }

  blob(image: ImageName, digest: Digest): Promise<Found<StoredBlobHandle> | undefined> {
    return this.storedBlob(image, digest)
  }

  async storedBlob(image: ImageName, digest: Digest): Promise<Found<StoredBlobHandle> | undefined> {
    requireInService(this.config)
    if (!this.#filter.admitsImage(image)) return undefined
    return this.#found(await this.content.find(image, digest))
  }

  async holdsImage(image: ImageName): Promise<boolean> {
    return this.#filter.admitsImage(image) && this.manifests.hasImage(this.content.repository, image)
  }

  async tags(image: ImageName, page: Page): Promise<Listing<Tag>> {
    requireInService(this.config)
    if (!(await this.holdsImage(image))) throw unknownImage(this.config.key, image)
    return this.#admittedTags(image, page)
  }

  async referrers(
    image: ImageName,
    subject: Digest,
    filter: ReferrersFilter,
    page: Page,
  ): Promise<Listing<Descriptor>> {
    requireInService(this.config)
    if (!this.#filter.admitsImage(image)) return listingOf<Descriptor>([], page.limit)
    const rows = await this.manifests.referrers(
      this.content.repository,
      image,
      subject,
      filter.artifactTypes,
      page,
    )
    return listingOf(rows, page.limit)
  }

  async images(page: Page): Promise<Listing<ImageName>> {
    if (this.config.blackedOut) return listingOf<ImageName>([], page.limit)
    return filledPage(
      page,
      (part) => this.manifests.images(this.content.repository, part),
      (image) => this.#filter.admitsImage(image),
    )
  }

  /** Patterns may leave tags out, so pages are read on until one is full or the list ends. */
  async #admittedTags(image: ImageName, page: Page): Promise<Listing<Tag>> {
    return filledPage(
      page,
      (part) => this.manifests.tags(this.content.repository, image, part),
      (tag) => this.#filter.admitsTag(image, tag),
    )
  }

  #found<T>(value: T | undefined): Found<T> | undefined {
    return value === undefined ? undefined : { value, foundIn: this.config.key, cache: undefined }
  }
}
