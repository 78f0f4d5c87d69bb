import type { Digest, Page } from '@entrepot/kernel'
import type { Annotations, Descriptor, ImageName, Tag } from '@entrepot/oci-model'
import type { RepositoryId } from '@entrepot/repositories'
import type { ManifestBytes, MovedTag } from './oci-repository.js'

export interface NewManifest extends ManifestBytes {
  readonly artifactType: string | undefined
  readonly annotations: Annotations
  /** Of the config of an image, where it was looked at. */
  readonly labels?: Annotations | undefined
  readonly subject: Digest | undefined
  readonly blobs: readonly Digest[]
  /** Of a local repository: the image must hold the blobs for as long as the manifest is there. */
  readonly needsBlobs: boolean
  readonly children: readonly Digest[]
  /** Of a cache: layers that lie elsewhere. */
  readonly foreign?: readonly Digest[]
}

export interface PutOutcome {
  /** Those of `fixed` that point to another manifest: then nothing was stored. */
  readonly taken: readonly Tag[]
  readonly moved: readonly MovedTag[]
}

/** Manifests and tags of local repositories and of the caches of remotes. Lists answer up to `page.limit + 1` rows. */
export interface ManifestStore {
  /** One indexed statement: the hot path of every pull. */
  findByTag(repository: RepositoryId, image: ImageName, tag: Tag): Promise<ManifestBytes | undefined>
  findByDigest(repository: RepositoryId, image: ImageName, digest: Digest): Promise<ManifestBytes | undefined>
  /**
   * Stores the manifest (again is no error) and moves the tags to it, in one transaction; each move is an event.
   * @param fixed those of `tags` that may be set but not moved
   * @throws RegistryError MANIFEST_BLOB_UNKNOWN for each of `blobs` that is needed and not linked to the image
   */
  put(
    repository: RepositoryId,
    image: ImageName,
    manifest: NewManifest,
    tags: readonly Tag[],
    actor: string,
    fixed?: readonly Tag[],
  ): Promise<PutOutcome>
  /** Manifests of a cache that list the blob as a foreign layer: the first five by digest. */
  listingForeign(repository: RepositoryId, image: ImageName, blob: Digest): Promise<readonly ManifestBytes[]>
  /** When the tag was set or moved last; undefined when there is none. */
  tagMovedAt(repository: RepositoryId, image: ImageName, tag: Tag): Promise<Date | undefined>
  /**
   * The tags from which a manifest or blob can be reached: those at it; those at an index that lists it, at a manifest
   * that needs it, at what it refers to as its subject; and so on from there. Looks at `maximumReach` manifests at most.
   */
  tagsReaching(repository: RepositoryId, image: ImageName, digest: Digest): Promise<readonly Tag[]>
  /**
   * Deletes the tags of an image beyond the `keep` that were moved last; what they pointed to stays, by digest.
   * @param spared stay besides those
   * @returns those that went, by name
   */
  deleteOldTags(
    repository: RepositoryId,
    image: ImageName,
    keep: number,
    actor: string,
    spared?: readonly Tag[],
  ): Promise<readonly MovedTag[]>
  /**
   * Deletes what the tags pointed to before, but for the `keep` manifests that each was moved off last. Nothing goes that is
   * referred to - by a tag, an index, as a subject or with one that is stored -, that is among the last `keep` of another
   * tag, or that was pushed again since the tag was moved off it.
   * @returns the manifests that went, by digest
   */
  deleteOverwritten(
    repository: RepositoryId,
    image: ImageName,
    tags: readonly Tag[],
    keep: number,
  ): Promise<readonly Digest[]>
  /** @returns the digest it pointed to, or undefined when there was none */
  deleteTag(repository: RepositoryId, image: ImageName, tag: Tag, actor: string): Promise<Digest | undefined>
  /**
   * With all tags that point to it.
   * @param check gets these before they go, when no other can come any more; what it throws leaves everything as it is
   * @returns these tags, or undefined when there was no such manifest
   */
  deleteManifest(
    repository: RepositoryId,
    image: ImageName,
    digest: Digest,
    actor: string,
    check?: (tags: readonly Tag[]) => void,
  ): Promise<readonly Tag[] | undefined>
  /**
   * All manifests of the image that are there at the start, with the tags that point to them.
   * @param check as of deleteManifest
   * @returns these tags by name, or undefined when there was no such image
   */
  deleteImage(
    repository: RepositoryId,
    image: ImageName,
    actor: string,
    check?: (tags: readonly Tag[]) => void,
  ): Promise<readonly Tag[] | undefined>
  /** Whether any manifest of the image is stored: for a cache, whether the image was ever served from it. */
  hasImage(repository: RepositoryId, image: ImageName): Promise<boolean>
  tags(repository: RepositoryId, image: ImageName, page: Page): Promise<readonly Tag[]>
  /** By name, the first `limit` of each of the images that has any, by one statement. */
  firstTags(
    repository: RepositoryId,
    images: readonly ImageName[],
    limit: number,
  ): Promise<ReadonlyMap<ImageName, readonly Tag[]>>
  images(repository: RepositoryId, page: Page): Promise<readonly ImageName[]>
  /** By digest; `artifactTypes` empty for all. */
  referrers(
    repository: RepositoryId,
    image: ImageName,
    subject: Digest,
    artifactTypes: readonly string[],
    page: Page,
  ): Promise<readonly Descriptor[]>
}

/** A base layer may be in every manifest of an image; beyond these its tags are not looked at. */
export const maximumReach = 100_000
