import type { BlobBody, OpenOptions, UploadId } from '@entrepot/blob-store'
import {
  algorithmOf,
  byCodePoint,
  type Digest,
  digestOf,
  type Listing,
  listingOf,
  type Page,
  RegistryError,
} from '@entrepot/kernel'
import {
  type Descriptor,
  type ImageName,
  mediaTypes,
  parseManifest,
  type Reference,
  type Tag,
} from '@entrepot/oci-model'
import type {
  BlobHandle,
  CacheState,
  Found,
  ManifestBytes,
  ManifestPush,
  Surplus,
  OciReader,
  OciRepository,
  OciWriter,
  DeletedManifest,
  PushedManifest,
  ReferrersFilter,
  RequestContext,
  UploadSession,
} from '@entrepot/oci-repository'
import type { RepositoryKey, RepositoryKind } from '@entrepot/repositories'
import { BufferBody, type BufferBodyOptions } from './buffer-body.js'
import { FakeUploadSession } from './fake-upload-session.js'

interface FakeImage {
  readonly manifests: Map<Digest, ManifestBytes>
  readonly tags: Map<Tag, Digest>
  readonly blobs: Map<Digest, Buffer>
}

export interface FakeRepositoryOptions {
  readonly kind?: RepositoryKind
  readonly isWritable?: boolean
  readonly leaves?: readonly string[]
  /** The repository whose content is read and written: of a virtual, its member. */
  readonly member?: FakeRepository
}

/** A repository in memory, with switches for what tests need to go wrong. */
export class FakeRepository implements OciRepository, OciReader {
  readonly key: RepositoryKey
  readonly kind: RepositoryKind
  readonly leaves: readonly RepositoryKey[]
  readonly writer: OciWriter | undefined
  readonly reader: OciReader
  readonly stored: OciReader
  readonly content = new Map<ImageName, FakeImage>()
  readonly uploads = new Map<UploadId, FakeUploadSession>()
  /** The contexts of the calls so far. */
  readonly contexts: RequestContext[] = []
  readonly bodies: BufferBody[] = []
  cache: CacheState | undefined
  warnings: readonly string[] = []
  failure: Error | undefined
  /** What the pushes from now on say has gone. */
  surplus: Surplus = { tags: [], manifests: [] }
  bodyOptions: BufferBodyOptions = {}

  constructor(key: string, options: FakeRepositoryOptions = {}) {
    this.key = key as RepositoryKey
    this.kind = options.kind ?? 'local'
    this.leaves = (options.leaves ?? [key]) as readonly RepositoryKey[]
    const member = options.member ?? this
    this.reader = member
    this.stored = member
    this.writer = (options.isWritable ?? this.kind === 'local') ? new FakeWriter(member) : undefined
  }

  addBlob(image: string, bytes: Buffer, digest: Digest = digestOf(bytes)): Digest {
    this.imageNamed(image).blobs.set(digest, bytes)
    return digest
  }

  addManifest(image: string, bytes: Buffer, mediaType: string, ...tags: readonly string[]): Digest {
    const digest = digestOf(bytes)
    this.imageNamed(image).manifests.set(digest, { digest, mediaType, bytes })
    for (const tag of tags) this.imageNamed(image).tags.set(tag as Tag, digest)
    return digest
  }

  addTags(image: string, ...tags: readonly string[]): void {
    for (const tag of tags) this.imageNamed(image).tags.set(tag as Tag, digestOf(Buffer.from(tag)))
  }

  imageNamed(name: string): FakeImage {
    const known = this.content.get(name as ImageName)
    if (known !== undefined) return known
    const made: FakeImage = { manifests: new Map(), tags: new Map(), blobs: new Map() }
    this.content.set(name as ImageName, made)
    return made
  }

  async manifest(
    image: ImageName,
    reference: Reference,
    context: RequestContext,
  ): Promise<Found<ManifestBytes> | undefined> {
    const held = this.held(image, context)
    const digest = reference.kind === 'tag' ? held?.tags.get(reference.tag) : reference.digest
    const value = digest === undefined ? undefined : held?.manifests.get(digest)
    return value === undefined ? undefined : this.found(value)
  }

  async blob(
    image: ImageName,
    digest: Digest,
    context: RequestContext,
  ): Promise<Found<BlobHandle> | undefined> {
    const bytes = this.held(image, context)?.blobs.get(digest)
    if (bytes === undefined) return undefined
    const descriptor = { mediaType: mediaTypes.octetStream, digest, size: bytes.length }
    return this.found({ descriptor, open: (options) => this.open(bytes, options) })
  }

  storedBlob(): Promise<undefined> {
    return Promise.resolve(undefined)
  }

  holdsImage(image: ImageName): Promise<boolean> {
    return Promise.resolve(this.content.has(image))
  }

  async tags(image: ImageName, page: Page, context: RequestContext): Promise<Listing<Tag>> {
    const held = this.held(image, context)
    if (held === undefined) throw new RegistryError('NAME_UNKNOWN', 'repository name not known to registry')
    return this.listing([...held.tags.keys()], page)
  }

  async referrers(
    image: ImageName,
    subject: Digest,
    filter: ReferrersFilter,
    page: Page,
    context: RequestContext,
  ): Promise<Listing<Descriptor>> {
    const manifests = [...(this.held(image, context)?.manifests.values() ?? [])]
    const referring = manifests.flatMap(({ digest, mediaType, bytes }) => {
      const parsed = parseManifest(bytes, mediaType)
      const isWanted =
        filter.artifactTypes.length === 0 || filter.artifactTypes.includes(parsed.artifactType ?? '')
      const { artifactType, annotations } = parsed
      const named = artifactType === undefined ? {} : { artifactType }
      return parsed.subject === subject && isWanted
        ? [{ mediaType, digest, size: bytes.length, ...named, annotations }]
        : []
    })
    const byDigest = new Map(referring.map((descriptor) => [descriptor.digest, descriptor]))
    const digests = this.listing([...byDigest.keys()], page)
    return { ...digests, items: digests.items.flatMap((digest) => byDigest.get(digest) ?? []) }
  }

  async images(page: Page, context: RequestContext): Promise<Listing<ImageName>> {
    const readable = [...this.content.keys()].filter((image) => context.mayPartly('read', this.key, image))
    return this.listing(readable, page)
  }

  private held(image: ImageName, context: RequestContext): FakeImage | undefined {
    this.contexts.push(context)
    if (this.failure !== undefined) throw this.failure
    return context.mayPartly('read', this.key, image) ? this.content.get(image) : undefined
  }

  private found<T>(value: T): Found<T> {
    return { value, foundIn: this.key, cache: this.cache }
  }

  private async open(bytes: Buffer, options: OpenOptions = {}): Promise<BlobBody> {
    const { range } = options
    const part = range === undefined ? bytes : bytes.subarray(range.start, range.end + 1)
    const body = new BufferBody(part, this.bodyOptions)
    this.bodies.push(body)
    return body
  }

  private listing<T extends string>(keys: T[], page: Page): Listing<T> {
    const { after } = page
    const sorted = keys.sort(byCodePoint).filter((key) => after === undefined || key > after)
    return listingOf(sorted, page.limit, this.warnings)
  }
}

class FakeWriter implements OciWriter {
  readonly target: RepositoryKey

  constructor(private readonly content: FakeRepository) {
    this.target = content.key
  }

  dropSurplus(): Promise<Surplus> {
    return Promise.resolve(this.content.surplus)
  }

  async putManifest(
    image: ImageName,
    reference: Reference,
    push: ManifestPush,
    context: RequestContext,
  ): Promise<PushedManifest> {
    this.content.contexts.push(context)
    const parsed = parseManifest(push.bytes, push.contentType)
    const missing = parsed.blobs.filter(({ digest }) => !this.content.imageNamed(image).blobs.has(digest))
    const errors = missing.map(
      ({ digest }) => new RegistryError('MANIFEST_BLOB_UNKNOWN', 'blob unknown', { detail: digest }),
    )
    const [first, ...siblings] = errors
    if (first !== undefined)
      throw new RegistryError(first.code, first.message, { detail: first.detail, siblings })
    const digest =
      reference.kind === 'digest' ? digestOf(push.bytes, algorithmOf(reference.digest)) : digestOf(push.bytes)
    if (reference.kind === 'digest' && digest !== reference.digest) {
      throw new RegistryError('DIGEST_INVALID', 'the manifest has another digest')
    }
    const held = this.content.imageNamed(image)
    held.manifests.set(digest, { digest, mediaType: parsed.mediaType, bytes: push.bytes })
    const tags = reference.kind === 'tag' ? [reference.tag] : push.tags
    const moved = tags.flatMap((tag) => {
      const from = held.tags.get(tag)
      return from === undefined || from === digest ? [] : [{ tag, from }]
    })
    for (const tag of tags) held.tags.set(tag, digest)
    const { surplus } = this.content
    return { digest, subject: parsed.subject, tags: push.tags, moved, surplus }
  }

  async deleteManifest(image: ImageName, reference: Reference): Promise<DeletedManifest | undefined> {
    const held = this.content.imageNamed(image)
    if (reference.kind === 'tag') {
      const digest = held.tags.get(reference.tag)
      held.tags.delete(reference.tag)
      return digest === undefined ? undefined : { digest, tags: [reference.tag] }
    }
    const { digest } = reference
    const tags = [...held.tags].filter(([, target]) => target === digest).map(([tag]) => tag)
    for (const tag of tags) held.tags.delete(tag)
    return held.manifests.delete(digest) ? { digest, tags } : undefined
  }

  readonly maxUniqueTags = 0

  async countOldTags(): Promise<number> {
    return 0
  }

  requireDeployable(): void {}

  requireDeletable(): void {}

  async deleteImage(image: ImageName): Promise<readonly Tag[] | undefined> {
    const tags = this.content.content.get(image)?.tags.keys()
    this.content.content.delete(image)
    return tags === undefined ? undefined : [...tags]
  }

  async deleteBlob(image: ImageName, digest: Digest): Promise<boolean> {
    return this.content.imageNamed(image).blobs.delete(digest)
  }

  async startUpload(image: ImageName, context: RequestContext): Promise<UploadSession> {
    const { uploads } = this.content
    const id = `upload-${uploads.size + 1}` as UploadId
    const session = new FakeUploadSession(id, image, context.principal.name, (bytes, digest) =>
      this.content.addBlob(image, bytes, digest),
    )
    uploads.set(id, session)
    return session
  }

  async resumeUpload(
    image: ImageName,
    id: UploadId,
    context: RequestContext,
  ): Promise<UploadSession | undefined> {
    const session = this.content.uploads.get(id)
    const isTheirs = session?.image === image && session.owner === context.principal.name
    return isTheirs && !session.isOver ? session : undefined
  }

  async mount(
    image: ImageName,
    digest: Digest,
    from: { readonly repository: OciRepository; readonly image: ImageName } | undefined,
    context: RequestContext,
  ): Promise<Descriptor | undefined> {
    const source = from ?? { repository: this.content, image }
    const found = await source.repository.reader.blob(source.image, digest, context)
    if (found === undefined) return undefined
    const body = await found.value.open()
    const bytes = Buffer.alloc(body.size)
    await body.read(bytes)
    this.content.addBlob(image, bytes, digest)
    return found.value.descriptor
  }
}
