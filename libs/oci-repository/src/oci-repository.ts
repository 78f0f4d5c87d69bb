import type { Readable } from 'node:stream'
import type { BlobBody, OpenOptions, StoredBlob, UploadId } from '@entrepot/blob-store'
import type { Digest, Listing, Page } from '@entrepot/kernel'
import type { Descriptor, ImageName, Reference, Tag } from '@entrepot/oci-model'
import type { RepositoryKey, RepositoryKind } from '@entrepot/repositories'
import type { RequestContext } from './request-context.js'

/** Local, remote and virtual repositories have this one face; a virtual holds a list of the same face. */
export interface OciRepository {
  readonly key: RepositoryKey
  readonly kind: RepositoryKind
  readonly reader: OciReader
  /** The same without any upstream: of a remote what its cache has, however old. */
  readonly stored: OciReader
  /** A remote has none; a virtual's is its default deployment member's. */
  readonly writer: OciWriter | undefined
  /** The local and remote repositories that reads may be answered from: rights are checked on these, in this order. */
  readonly leaves: readonly RepositoryKey[]
}

/** Where in the cache of a remote an answer was found; undefined for a local repository. */
export type CacheState = 'hit' | 'miss' | 'revalidated' | 'stale'

export interface Found<T> {
  readonly value: T
  /** The local or remote repository that answered. */
  readonly foundIn: RepositoryKey
  readonly cache: CacheState | undefined
}

export interface ManifestBytes {
  readonly digest: Digest
  readonly mediaType: string
  /** Exactly as they were pushed or fetched. */
  readonly bytes: Buffer
}

export interface BlobHandle {
  readonly descriptor: Descriptor
  /** The caller closes the body. `range` lies inside the blob. */
  open(options?: OpenOptions): Promise<BlobBody>
}

/** A blob whose bytes are in the blob store. */
export interface StoredBlobHandle extends BlobHandle {
  readonly stored: StoredBlob
}

export interface ReferrersFilter {
  /** Any of these; empty for all. */
  readonly artifactTypes: readonly string[]
}

/**
 * Absence is `undefined` (or, for a list of an unknown image, NAME_UNKNOWN); every failure throws a RegistryError and is
 * never shown as absence.
 */
export interface OciReader {
  manifest(
    image: ImageName,
    reference: Reference,
    context: RequestContext,
  ): Promise<Found<ManifestBytes> | undefined>
  blob(image: ImageName, digest: Digest, context: RequestContext): Promise<Found<BlobHandle> | undefined>
  /** A blob that is in the store already: no upstream is asked. For mounts and for linking on push. */
  storedBlob(
    image: ImageName,
    digest: Digest,
    context: RequestContext,
  ): Promise<Found<StoredBlobHandle> | undefined>
  /**
   * Whether any manifest of the image is stored that the principal may read: of a remote, whether it was ever served from
   * it.
   */
  holdsImage(image: ImageName, context: RequestContext): Promise<boolean>
  /** By code point. @throws RegistryError NAME_UNKNOWN for an unknown image */
  tags(image: ImageName, page: Page, context: RequestContext): Promise<Listing<Tag>>
  /** Empty for an unknown image or subject; by digest. */
  referrers(
    image: ImageName,
    subject: Digest,
    filter: ReferrersFilter,
    page: Page,
    context: RequestContext,
  ): Promise<Listing<Descriptor>>
  /** The images of the repository that the principal may read, by code point; of a remote those cached. */
  images(page: Page, context: RequestContext): Promise<Listing<ImageName>>
}

export interface ManifestPush {
  readonly bytes: Buffer
  /** The request's `Content-Type`, undefined where there was none. */
  readonly contentType: string | undefined
  /** Tags to set besides the reference: `?tag=` of a push by digest. */
  readonly tags: readonly Tag[]
}

/** A tag that pointed to another manifest before. */
export interface MovedTag {
  readonly tag: Tag
  readonly from: Digest
}

export interface PushedManifest {
  readonly digest: Digest
  readonly subject: Digest | undefined
  readonly tags: readonly Tag[]
  /** Those of the tags that pointed to another manifest before. */
  readonly moved: readonly MovedTag[]
  readonly surplus: Surplus
}

/** What went because a repository keeps only so much. */
export interface Surplus {
  /** Older tags of the image, and what they pointed to. */
  readonly tags: readonly MovedTag[]
  /** Manifests that a tag pointed to before. */
  readonly manifests: readonly Digest[]
}

export interface DeletedManifest {
  readonly digest: Digest
  /** The tags that went. */
  readonly tags: readonly Tag[]
}

export interface OciWriter {
  /** The local repository that takes the content. */
  readonly target: RepositoryKey
  /** How many tags an image may have there; 0: any number. */
  readonly maxUniqueTags: number
  /**
   * @param tag undefined for a push by digest
   * @throws RegistryError DENIED where a push of this tag would be refused, but for overwriting
   */
  requireDeployable(image: ImageName, tag: Tag | undefined, context: RequestContext): void
  /**
   * @param tag undefined for all of the image
   * @throws RegistryError DENIED where the deletion of this tag would be refused
   */
  requireDeletable(image: ImageName, tag: Tag | undefined, context: RequestContext): void
  /** How many older tags `dropSurplus` would drop, had `coming` been set and `leaving` been deleted. */
  countOldTags(image: ImageName, coming: readonly Tag[], leaving: readonly Tag[]): Promise<number>
  /**
   * Lets go what the repository does not keep any more, after tags were set otherwise than by a push.
   * @param moved those of the tags that pointed to another manifest before
   * @param spared at most `maxUniqueTags` tags that stay whatever their age
   */
  dropSurplus(image: ImageName, moved: readonly Tag[], spared: readonly Tag[]): Promise<Surplus>
  /** @throws RegistryError MANIFEST_INVALID, MANIFEST_BLOB_UNKNOWN, DIGEST_INVALID, or DENIED for a pattern or right */
  putManifest(
    image: ImageName,
    reference: Reference,
    push: ManifestPush,
    context: RequestContext,
  ): Promise<PushedManifest>
  /**
   * By tag: only the tag goes. By digest: the manifest and all its tags.
   * @returns undefined when there was none
   */
  deleteManifest(
    image: ImageName,
    reference: Reference,
    context: RequestContext,
  ): Promise<DeletedManifest | undefined>
  /**
   * All manifests and tags of the image at once.
   * @returns the tags that went, or undefined when there was no such image
   * @throws RegistryError DENIED when one of the tags may not be deleted: then nothing is
   */
  deleteImage(image: ImageName, context: RequestContext): Promise<readonly Tag[] | undefined>
  /** @returns false when there was none @throws RegistryError DENIED while a manifest of the image needs it */
  deleteBlob(image: ImageName, digest: Digest, context: RequestContext): Promise<boolean>
  startUpload(image: ImageName, context: RequestContext): Promise<UploadSession>
  /** @returns undefined when there is none with this id for this image, repository and user */
  resumeUpload(image: ImageName, id: UploadId, context: RequestContext): Promise<UploadSession | undefined>
  /**
   * Links a blob that the store has already. With `from`, from that repository and image; without, from any image that
   * the principal may read. @returns undefined when it can't be had so, and an upload has to be started
   */
  mount(
    image: ImageName,
    digest: Digest,
    from: { readonly repository: OciRepository; readonly image: ImageName } | undefined,
    context: RequestContext,
  ): Promise<Descriptor | undefined>
}

/** One upload, held by one request at a time; a second request on it waits. */
export interface UploadSession {
  readonly id: UploadId
  /** Bytes received so far. */
  readonly offset: number
  /**
   * @param expectedOffset where the client says this chunk starts; undefined for "at the end"
   * @returns the new offset
   * @throws RegistryError RANGE_INVALID when the chunk starts elsewhere: nothing is written and the session lives
   */
  append(chunk: Readable, expectedOffset: number | undefined, context: RequestContext): Promise<number>
  /** @throws RegistryError DIGEST_INVALID when the bytes have another digest: the session is then gone */
  commit(expected: Digest, context: RequestContext): Promise<Descriptor>
  cancel(): Promise<void>
}
