import type { StorageKey, StoredBlob } from '@entrepot/blob-store'
import type { Digest } from '@entrepot/kernel'
import type { ImageName } from '@entrepot/oci-model'
import type { RepositoryId, RepositoryKey } from '@entrepot/repositories'

/** An image that holds a blob. */
export interface BlobHolder {
  readonly repository: RepositoryKey
  readonly image: ImageName
}

/**
 * Which blobs there are, where their bytes lie, and which images hold them: the link is the right to read, and belongs to
 * an image because rights can differ by image.
 */
export interface BlobIndex {
  /** @returns undefined when the image doesn't hold the blob, although the bytes may exist */
  find(repository: RepositoryId, image: ImageName, digest: Digest): Promise<StoredBlob | undefined>
  /** Those of `digests` that the image holds. */
  findAll(
    repository: RepositoryId,
    image: ImageName,
    digests: readonly Digest[],
  ): Promise<readonly StoredBlob[]>
  /** Any blob of this digest, whoever holds it: for deduplication only, never to answer a client. */
  findAnywhere(digest: Digest): Promise<StoredBlob | undefined>
  /**
   * Makes the blob known and links it. When the digest is known already, the bytes known first stay.
   * @returns the blob as it is stored: with another key than `blob`'s, the caller deletes its own bytes
   */
  link(repository: RepositoryId, image: ImageName, blob: StoredBlob): Promise<StoredBlob>
  /** Links a blob that is there already. @returns undefined when it isn't there any more: its bytes may be going */
  adopt(repository: RepositoryId, image: ImageName, digest: Digest): Promise<StoredBlob | undefined>
  /**
   * Links a blob of a cache that another image of the same repository holds, when a cached manifest of this image lists it.
   * @returns undefined when it isn't so
   */
  adoptListed(repository: RepositoryId, image: ImageName, digest: Digest): Promise<StoredBlob | undefined>
  /** After the store lost the bytes under `lost`: the digest's bytes are now at `found`. */
  replaceKey(digest: Digest, lost: StorageKey, found: StorageKey): Promise<void>
  /**
   * From this image only. @returns false when the image doesn't hold it
   * @throws RegistryError DENIED naming a manifest of the image that needs it
   */
  unlink(repository: RepositoryId, image: ImageName, digest: Digest): Promise<boolean>
  /** The images that hold the blob, by repository and name: the first `maximumHolders`. */
  holders(digest: Digest): Promise<readonly BlobHolder[]>
}

/** A base layer may be in any number of images; who finds it in none of these has to upload it. */
export const maximumHolders = 1000
