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
import { refusal, requireInService, requirePartOf, requireRight } from '../guard.js'
import type { ManifestStore } from '../manifest-store.js'
import type {
  DeletedManifest,
  ManifestPush,
  OciRepository,
  OciWriter,
  PushedManifest,
  Surplus,
  UploadSession,
} from '../oci-repository.js'
import { ownerOf } from '../owner-of.js'
import type { Reach } from '../reach.js'
import type { RequestContext } from '../request-context.js'
import { imageLabels } from './image-labels.js'
import type { LocalUploads } from './local-uploads.js'

const pageOfTags = 1000

/** Finds the repository that holds a blob, for a mount that names no source. */
export type FindRepository = (key: RepositoryKey) => OciRepository | undefined

/** Finds a blob that is stored for another repository and may be read there. */
export type FindBlob = (digest: Digest) => Promise<StoredBlob | undefined>

/** What a local repository holds, and who may refer to it. */
export interface LocalContent {
  readonly blobs: BlobContent
  readonly manifests: ManifestStore
  readonly reach: Reach
}

export class LocalWriter implements OciWriter {
  readonly target: RepositoryKey
  readonly #filter: PathFilter

  constructor(
    private readonly config: LocalConfig,
    private readonly content: LocalContent,
    private readonly uploads: LocalUploads,
    private readonly findRepository: FindRepository,
  ) {
    this.target = config.key
    this.#filter = new PathFilter(config.includesPattern, config.excludesPattern)
  }

  get maxUniqueTags(): number {
    return this.config.maxUniqueTags
  }

  requireDeployable(image: ImageName, tag: Tag | undefined, context: RequestContext): void {
    this.#requireDeployable(image, tag === undefined ? [] : [tag], context)
  }

  requireDeletable(image: ImageName, tag: Tag | undefined, context: RequestContext): void {
    this.#requireWritable(image)
    requireRight(context, 'delete', this.target, image, tag)
  }

  async countOldTags(image: ImageName, coming: readonly Tag[], leaving: readonly Tag[]): Promise<number> {
    const { maxUniqueTags } = this.config
    if (maxUniqueTags === 0) return 0
    const { manifests, blobs } = this.content
    const gone = new Set(leaving)
    const tags = new Set(coming)
    for (let after: string | undefined; ;) {
      const page = await manifests.tags(blobs.repository, image, { limit: pageOfTags, after })
      for (const tag of page) if (!gone.has(tag)) tags.add(tag)
      after = page.at(-1)
      if (page.length <= pageOfTags) return Math.max(0, tags.size - maxUniqueTags)
    }
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
    this.#requireDeployable(image, tags, context)
    const digest = verifiedDigest(reference, push.bytes)
    const manifest = parseManifest(push.bytes, push.contentType)
    const blobs = [...new Set(manifest.blobs.map((blob) => blob.digest))]
    if (findElsewhere !== undefined) await this.#linkMissing(image, blobs, findElsewhere, context)
    await this.#requireReadable(image, manifest, context)
    await this.#requireChildren(image, manifest)
    await this.#requireSameType(image, digest, manifest.mediaType, context)
    const fixed = tags.filter((tag) => !context.may('overwrite', this.target, image, tag))
    const { taken, moved } = await this.content.manifests.put(
      this.content.blobs.repository,
      image,
      {
        digest,
        mediaType: manifest.mediaType,
        bytes: push.bytes,
        artifactType: manifest.artifactType,
        annotations: manifest.annotations,
        labels: await imageLabels(image, manifest.blobs, this.content.blobs),
        subject: manifest.subject,
        blobs,
        needsBlobs: true,
        children: [...new Set(manifest.children.map((child) => child.digest))],
      },
      tags,
      context.principal.name,
      fixed,
    )
    if (taken.length > 0) {
      throw refusal(
        context,
        'overwrite',
        this.target,
        image,
        `${image}:${taken[0]}, which is another manifest's`,
      )
    }
    await this.content.reach.claim(image, digest, context)
    const movedNames = moved.map(({ tag }) => tag)
    return {
      digest,
      subject: manifest.subject,
      tags,
      moved,
      // After the push, which stands whatever comes of this: the next one tries again.
      surplus: tags.length === 0 ? noSurplus : await this.dropSurplus(image, movedNames, []),
    }
  }

  async dropSurplus(image: ImageName, moved: readonly Tag[], spared: readonly Tag[]): Promise<Surplus> {
    const { key, maxUniqueTags, dockerTagRetention } = this.config
    const { manifests, blobs } = this.content
    const { repository } = blobs
    const actor = (field: string) => `${field} of ${key}`
    const others = Math.max(0, maxUniqueTags - new Set(spared).size)
    const tags =
      maxUniqueTags === 0
        ? []
        : await manifests.deleteOldTags(repository, image, others, actor('maxUniqueTags'), spared)
    const kept = dockerTagRetention
    // 1 is what Artifactory has where nobody said anything: what others may have pinned is not deleted for that.
    if (kept <= 1 || moved.length === 0) return { tags, manifests: [] }
    const dropped = await manifests.deleteOverwritten(repository, image, moved, kept)
    return { tags, manifests: dropped }
  }

  async deleteManifest(
    image: ImageName,
    reference: Reference,
    context: RequestContext,
  ): Promise<DeletedManifest | undefined> {
    this.#requireWritable(image)
    const { manifests, reach } = this.content
    const { repository } = this.content.blobs
    if (reference.kind === 'tag') {
      requireRight(context, 'delete', this.target, image, reference.tag)
      const pointedTo = await manifests.deleteTag(repository, image, reference.tag, context.principal.name)
      return pointedTo === undefined ? undefined : { digest: pointedTo, tags: [reference.tag] }
    }
    const { digest } = reference
    const what = `${image}@${digest} with all its tags`
    const refused = () => refusal(context, 'delete', this.target, image, what)
    if (!(await reach.coversAllOf('delete', image, digest, context))) throw refused()
    // A tag may have been set since.
    const check = (tags: readonly Tag[]) => {
      if (!tags.every((tag) => reach.hasTag('delete', image, tag, context))) throw refused()
    }
    const actor = context.principal.name
    const late = reach.hasWhole('delete', image, context) ? undefined : check
    const tags = await manifests.deleteManifest(repository, image, digest, actor, late)
    return tags === undefined ? undefined : { digest, tags }
  }

  async deleteImage(image: ImageName, context: RequestContext): Promise<readonly Tag[] | undefined> {
    this.#requireWritable(image)
    const { manifests, reach, blobs } = this.content
    const refused = () => refusal(context, 'delete', this.target, image, `all of ${image}`)
    if (!reach.hasPart('delete', image, context)) throw refused()
    const check = (tags: readonly Tag[]) => {
      const all = tags.length > 0 && tags.every((tag) => reach.hasTag('delete', image, tag, context))
      if (!all) throw refused()
    }
    const needed = reach.hasWhole('delete', image, context) ? undefined : check
    return manifests.deleteImage(blobs.repository, image, context.principal.name, needed)
  }

  async deleteBlob(image: ImageName, digest: Digest, context: RequestContext): Promise<boolean> {
    this.#requireWritable(image)
    requireRight(context, 'delete', this.target, image)
    return this.content.blobs.index.unlink(this.content.blobs.repository, image, digest)
  }

  async startUpload(image: ImageName, context: RequestContext): Promise<UploadSession> {
    this.#requireWritable(image)
    requirePartOf(context, 'deploy', this.target, image)
    return this.uploads.start(image, ownerOf(context.principal))
  }

  async resumeUpload(
    image: ImageName,
    id: UploadId,
    context: RequestContext,
  ): Promise<UploadSession | undefined> {
    this.#requireWritable(image)
    requirePartOf(context, 'deploy', this.target, image)
    return this.uploads.resume(image, id, ownerOf(context.principal))
  }

  async mount(
    image: ImageName,
    digest: Digest,
    from: { readonly repository: OciRepository; readonly image: ImageName } | undefined,
    context: RequestContext,
  ): Promise<Descriptor | undefined> {
    this.#requireWritable(image)
    requirePartOf(context, 'deploy', this.target, image)
    const stored =
      from === undefined
        ? await this.#anyReadable(digest, context)
        : await readable(from.repository, from.image, digest, context)
    const { blobs, reach } = this.content
    const adopted = stored === undefined ? undefined : await blobs.adopt(image, stored.digest)
    if (adopted === undefined) return undefined
    await reach.claim(image, digest, context)
    return blobs.handle(adopted).descriptor
  }

  async #linkMissing(
    image: ImageName,
    wanted: readonly Digest[],
    find: FindBlob,
    context: RequestContext,
  ): Promise<void> {
    const { blobs, reach } = this.content
    const { index, repository } = blobs
    const held = new Set((await index.findAll(repository, image, wanted)).map((blob) => blob.digest))
    const unreadable = new Set(await reach.unreadable(image, wanted, context))
    for (const digest of wanted.filter((wish) => !held.has(wish) || unreadable.has(wish))) {
      if ((await find(digest)) === undefined) continue
      await blobs.adopt(image, digest)
      await reach.claim(image, digest, context)
    }
  }

  /** Or a manifest could be pushed over what its pusher may not read, and give them the right. */
  async #requireReadable(image: ImageName, manifest: ParsedManifest, context: RequestContext): Promise<void> {
    const referred = [...manifest.blobs, ...manifest.children].map(({ digest }) => digest)
    // What has a subject is shown to whoever may read that.
    if (manifest.subject !== undefined) referred.push(manifest.subject)
    const unreadable = await this.content.reach.unreadable(image, [...new Set(referred)], context)
    if (unreadable.length > 0) throw unknownContent(unreadable)
  }

  async #anyReadable(digest: Digest, context: RequestContext): Promise<StoredBlob | undefined> {
    for (const holder of await this.content.blobs.index.holders(digest)) {
      const repository = this.findRepository(holder.repository)
      const stored =
        repository === undefined ? undefined : await readable(repository, holder.image, digest, context)
      if (stored !== undefined) return stored
    }
    return undefined
  }

  #requireDeployable(image: ImageName, tags: readonly Tag[], context: RequestContext): void {
    this.#requireWritable(image)
    if (tags.length === 0) requirePartOf(context, 'deploy', this.target, image)
    for (const tag of tags) {
      if (!this.#filter.admitsTag(image, tag)) throw this.#notAdmitted(`${image}:${tag}`)
      requireRight(context, 'deploy', this.target, image, tag)
    }
  }

  /** Children come before their index; one of an old build cache may be a blob. */
  async #requireChildren(image: ImageName, manifest: ParsedManifest): Promise<void> {
    const { manifests, blobs } = this.content
    const { repository, index } = blobs
    const missing: Digest[] = []
    for (const child of manifest.children) {
      const known =
        (await manifests.findByDigest(repository, image, child.digest)) ??
        (await index.find(repository, image, child.digest))
      if (known === undefined) missing.push(child.digest)
    }
    if (missing.length > 0) throw unknownContent(missing)
  }

  /** The type is no part of the bytes: a push that changes it changes what every tag of the manifest answers. */
  async #requireSameType(
    image: ImageName,
    digest: Digest,
    mediaType: string,
    context: RequestContext,
  ): Promise<void> {
    const { blobs, manifests, reach } = this.content
    if (reach.hasWhole('overwrite', image, context)) return
    const known = await manifests.findByDigest(blobs.repository, image, digest)
    if (known === undefined || known.mediaType === mediaType) return
    if (await reach.coversAllOf('overwrite', image, digest, context)) return
    const what = `${image}@${digest}, which is a ${known.mediaType},`
    throw refusal(context, 'overwrite', this.target, image, what)
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

const noSurplus: Surplus = { tags: [], manifests: [] }

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
  return found?.value.stored
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
