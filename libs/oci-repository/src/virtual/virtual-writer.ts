import type { UploadId } from '@entrepot/blob-store'
import { type Digest, RegistryError } from '@entrepot/kernel'
import { type Descriptor, type ImageName, type Reference, type Tag, tagReference } from '@entrepot/oci-model'
import { PathFilter, type RepositoryKey, type VirtualConfig } from '@entrepot/repositories'
import { requireInService } from '../guard.js'
import type { LocalWriter } from '../local/local-writer.js'
import type {
  DeletedManifest,
  ManifestPush,
  OciRepository,
  OciWriter,
  PushedManifest,
  Surplus,
  UploadSession,
} from '../oci-repository.js'
import type { RequestContext } from '../request-context.js'
import type { VirtualReader } from './virtual-reader.js'

/** Writes through a virtual repository land in its default deployment repository. */
export class VirtualWriter implements OciWriter {
  readonly target: RepositoryKey
  readonly #filter: PathFilter

  constructor(
    private readonly config: VirtualConfig,
    private readonly local: LocalWriter,
    private readonly reader: VirtualReader,
  ) {
    this.target = local.target
    this.#filter = new PathFilter(config.includesPattern, config.excludesPattern)
  }

  get maxUniqueTags(): number {
    return this.local.maxUniqueTags
  }

  requireDeployable(image: ImageName, tag: Tag | undefined, context: RequestContext): void {
    this.#requireAdmitted(image, tag && tagReference(tag))
    this.local.requireDeployable(image, tag, context)
  }

  requireDeletable(image: ImageName, tag: Tag | undefined, context: RequestContext): void {
    this.#requireAdmitted(image, tag && tagReference(tag))
    this.local.requireDeletable(image, tag, context)
  }

  countOldTags(image: ImageName, coming: readonly Tag[], leaving: readonly Tag[]): Promise<number> {
    return this.local.countOldTags(image, coming, leaving)
  }

  dropSurplus(image: ImageName, moved: readonly Tag[], spared: readonly Tag[]): Promise<Surplus> {
    return this.local.dropSurplus(image, moved, spared)
  }

  async putManifest(
    image: ImageName,
    reference: Reference,
    push: ManifestPush,
    context: RequestContext,
  ): Promise<PushedManifest> {
    this.#requireAdmitted(image, reference)
    return this.local.putManifest(image, reference, push, context, async (digest) => {
      const found = await this.reader.storedBlob(image, digest, context)
      return found?.value.stored
    })
  }

  async deleteManifest(
    image: ImageName,
    reference: Reference,
    context: RequestContext,
  ): Promise<DeletedManifest | undefined> {
    this.#requireAdmitted(image, reference)
    return this.local.deleteManifest(image, reference, context)
  }

  async deleteImage(image: ImageName, context: RequestContext): Promise<readonly Tag[] | undefined> {
    this.#requireAdmitted(image)
    return this.local.deleteImage(image, context)
  }

  async deleteBlob(image: ImageName, digest: Digest, context: RequestContext): Promise<boolean> {
    this.#requireAdmitted(image)
    return this.local.deleteBlob(image, digest, context)
  }

  async startUpload(image: ImageName, context: RequestContext): Promise<UploadSession> {
    this.#requireAdmitted(image)
    return this.local.startUpload(image, context)
  }

  async resumeUpload(
    image: ImageName,
    id: UploadId,
    context: RequestContext,
  ): Promise<UploadSession | undefined> {
    this.#requireAdmitted(image)
    return this.local.resumeUpload(image, id, context)
  }

  async mount(
    image: ImageName,
    digest: Digest,
    from: { readonly repository: OciRepository; readonly image: ImageName } | undefined,
    context: RequestContext,
  ): Promise<Descriptor | undefined> {
    this.#requireAdmitted(image)
    return this.local.mount(image, digest, from, context)
  }

  #requireAdmitted(image: ImageName, reference?: Reference): void {
    requireInService(this.config)
    const admitted =
      reference?.kind === 'tag'
        ? this.#filter.admitsTag(image, reference.tag)
        : this.#filter.admitsImage(image)
    if (admitted) return
    throw new RegistryError(
      'DENIED',
      `repository ${this.config.key} does not take ${image}: its includesPattern is ${JSON.stringify(this.config.includesPattern)}, its excludesPattern ${JSON.stringify(this.config.excludesPattern)}`,
    )
  }
}
