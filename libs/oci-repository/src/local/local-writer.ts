import type { StoredBlob, UploadId } from '@entrepot/blob-store'
import { type Digest, RegistryError, algorithmOf, canonicalAlgorithm, digestOf } from '@entrepot/kernel'
import {
  type Descriptor,
  type ImageName,
  type ParsedManifest,
  type Reference,
  type Tag,
  parseManifest,
} from '@entrepot/oci-model'
import { type LocalConfig, PathFilter, type RepositoryKey } from '@entrepot/repositories'
import type { BlobContent } from '../blob-content.js'
import { requireInService, requireRight } from '../guard.js'
import type { ManifestStore } from '../manifest-store.js'
import type {
  ManifestPush,
  OciRepository,
  OciWriter,
  PushedManifest,
  UploadSession,
} from '../oci-repository.js'
import type { RequestContext } from '../request-context.js'
import type { LocalUploads } from './local-uploads.js'

/** Finds the repository that holds a blob, for a mount that names no source. */
export type FindRepository = (key: RepositoryKey) => OciRepository | undefined

/** Finds a blob that is stored for another repository and may be read there. */
export type FindBlob = (digest: Digest) => Promise<StoredBlob | undefined>

export class LocalWriter implements OciWriter {
  readonly target: RepositoryKey
  readonly #filter: PathFilter

  constructor(
    private readonly config: LocalConfig,
    private readonly content: BlobContent,
    private readonly manifests: ManifestStore,
    private readonly uploads: LocalUploads,
    private readonly findRepository: FindRepository,
  ) {
    this.target = config.key
    this.#filter = new PathFilter(config.includesPattern, config.excludesPattern)
  }

  /**
   * @param findElsewhere for blobs of the manifest that this repository lacks: what it finds is linked, so that a client
   *   that saw a layer through a virtual repository doesn't upload it again
   */
  async putManifest(
    image: ImageName,
    reference: Reference,
    push: ManifestPush,
    context: RequestContext,
    findElsewhere?: FindBlob,
  ): Promise<PushedManifest> {
    const tags = reference.kind === 'tag' ? [reference.tag, ...push.tags] : push.tags
    await this.#requireTagRights(image, tags, context)
    const digest = verifiedDigest(reference, push.bytes)
    const manifest = parseManifest(push.bytes, push.contentType)
    await this.#requireChildren(image, manifest)
    const blobs = [...new Set(manifest.blobs.map((blob) => blob.digest))]
    if (findElsewhere !== undefined) await this.#linkMissing(image, blobs, findElsewhere)
    await this.manifests.put(
      this.content.repository,
      image,
      {
        digest,
        mediaType: manifest.mediaType,
        bytes: push.bytes,
        artifactType: manifest.artifactType,
        annotations: manifest.annotations,
        subject: manifest.subject,
        blobs,
        needsBlobs: true,
        children: [...new Set(manifest.children.map((child) => child.digest))],
      },
      tags,
      context.principal.name,
    )
    return { digest, subject: manifest.subject, tags }
  }

  async deleteManifest(image: ImageName, reference: Reference, context: RequestContext): Promise<boolean> {
    this.#requireWritable(image)
    const { repository } = this.content
    if (reference.kind === 'tag') {
      requireRight(context, 'delete', this.target, image, reference.tag)
      return this.manifests.deleteTag(repository, image, reference.tag, context.principal.name)
    }
    requireRight(context, 'delete', this.target, image)
    return this.manifests.deleteManifest(repository, image, reference.digest, context.principal.name)
  }

  async deleteBlob(image: ImageName, digest: Digest, context: RequestContext): Promise<boolean> {
    this.#requireWritable(image)
    requireRight(context, 'delete', this.target, image)
    return this.content.index.unlink(this.content.repository, image, digest)
  }

  async startUpload(image: ImageName, context: RequestContext): Promise<UploadSession> {
    this.#requireWritable(image)
    requireRight(context, 'deploy', this.target, image)
    return this.uploads.start(image, context.principal.name)
  }

  async resumeUpload(
    image: ImageName,
    id: UploadId,
    context: RequestContext,
  ): Promise<UploadSession | undefined> {
    this.#requireWritable(image)
    requireRight(context, 'deploy', this.target, image)
    return this.uploads.resume(image, id, context.principal.name)
  }

  async mount(
    image: ImageName,
    digest: Digest,
    from: { readonly repository: OciRepository; readonly image: ImageName } | undefined,
    context: RequestContext,
  ): Promise<Descriptor | undefined> {
    this.#requireWritable(image)
    requireRight(context, 'deploy', this.target, image)
    const stored =
      from === undefined
        ? await this.#anyReadable(digest, context)
        : await readable(from.repository, from.image, digest, context)
    const adopted = stored === undefined ? undefined : await this.content.adopt(image, stored.digest)
    return adopted === undefined ? undefined : this.content.handle(adopted).descriptor
  }

  async #linkMissing(image: ImageName, wanted: readonly Digest[], find: FindBlob): Promise<void> {
    const { index, repository } = this.content
    const held = new Set((await index.findAll(repository, image, wanted)).map((blob) => blob.digest))
    for (const digest of wanted) {
      const stored = held.has(digest) ? undefined : await find(digest)
      if (stored !== undefined) await this.content.adopt(image, stored.digest)
    }
  }

  async #anyReadable(digest: Digest, context: RequestContext): Promise<StoredBlob | undefined> {
    for (const holder of await this.content.index.holders(digest)) {
      const repository = this.findRepository(holder.repository)
      const stored =
        repository === undefined ? undefined : await readable(repository, holder.image, digest, context)
      if (stored !== undefined) return stored
    }
    return undefined
  }

  async #requireTagRights(image: ImageName, tags: readonly Tag[], context: RequestContext): Promise<void> {
    this.#requireWritable(image)
    if (tags.length === 0) requireRight(context, 'deploy', this.target, image)
    for (const tag of tags) {
      if (!this.#filter.admitsTag(image, tag)) throw this.#notAdmitted(`${image}:${tag}`)
      requireRight(context, 'deploy', this.target, image, tag)
    }
    const unsure = tags.filter((tag) => !context.may('overwrite', this.target, image, tag))
    const existing =
      unsure.length === 0 ? [] : await this.manifests.existingTags(this.content.repository, image, unsure)
    for (const tag of existing) requireRight(context, 'overwrite', this.target, image, tag)
  }

  /** Children come before their index; one of an old build cache may be a blob. */
  async #requireChildren(image: ImageName, manifest: ParsedManifest): Promise<void> {
    const { repository, index } = this.content
    const missing: Digest[] = []
    for (const child of manifest.children) {
      const known =
        (await this.manifests.findByDigest(repository, image, child.digest)) ??
        (await index.find(repository, image, child.digest))
      if (known === undefined) missing.push(child.digest)
    }
    if (missing.length > 0) throw unknownContent(missing)
  }

  #requireWritable(image: ImageName): void {
    requireInService(this.config)
    if (!this.#filter.admitsImage(image)) throw this.#notAdmitted(image)
  }

  #notAdmitted(what: string): RegistryError {
    return new RegistryError(
      'DENIED',
      `repository ${this.target} does not take ${what}: its includesPattern is ${JSON.stringify(this.config.includesPattern)}, its excludesPattern ${JSON.stringify(this.config.excludesPattern)}`,
    )
  }
}

/** One MANIFEST_BLOB_UNKNOWN per digest, as the distribution-spec lists them. */
export function unknownContent(digests: readonly Digest[]): RegistryError {
  const [first, ...others] = digests.map((digest) => ({
    digest,
    message: `${digest} is not in this repository: push it before the manifest`,
  }))
  if (first === undefined) throw new RangeError('unknownContent needs at least one digest')
  return new RegistryError('MANIFEST_BLOB_UNKNOWN', first.message, {
    detail: { digest: first.digest },
    siblings: others.map(
      ({ digest, message }) => new RegistryError('MANIFEST_BLOB_UNKNOWN', message, { detail: { digest } }),
    ),
  })
}

async function readable(
  repository: OciRepository,
  image: ImageName,
  digest: Digest,
  context: RequestContext,
): Promise<StoredBlob | undefined> {
  const found = await repository.reader.storedBlob(image, digest, context)
  return found !== undefined && context.may('read', found.foundIn, image) ? found.value.stored : undefined
}

function verifiedDigest(reference: Reference, bytes: Buffer): Digest {
  if (reference.kind === 'tag') return digestOf(bytes, canonicalAlgorithm)
  const actual = digestOf(bytes, algorithmOf(reference.digest))
  if (actual !== reference.digest) {
    throw new RegistryError(
      'DIGEST_INVALID',
      `the manifest's digest is ${actual}, not ${reference.digest} as the URL says`,
      {
        detail: { expected: reference.digest, actual },
      },
    )
  }
  return actual
}
