import type { StorageKey, StoredBlob } from '@entrepot/blob-store'
import type { Digest } from '@entrepot/kernel'
import type { RepositoryId, RepositoryKey } from '@entrepot/repositories'

/** Which blobs there are, where their bytes lie, and which repositories hold them: the link is the right to read. */
export interface BlobIndex {
  /** @returns undefined when the repository doesn't hold the blob, although the bytes may exist */
  find(repository: RepositoryId, digest: Digest): Promise<StoredBlob | undefined>
  /** Those of `digests` that the repository holds. */
  findAll(repository: RepositoryId, digests: readonly Digest[]): Promise<readonly StoredBlob[]>
  /** Any blob of this digest, whoever holds it: for deduplication only, never to answer a client. */
  findAnywhere(digest: Digest): Promise<StoredBlob | undefined>
  /**
   * Makes the blob known and links it. When the digest is known already, the bytes known first stay.
   * @returns the blob as it is stored: with another key than `blob`'s, the caller deletes its own bytes
   */
  link(repository: RepositoryId, blob: StoredBlob): Promise<StoredBlob>
  /** After the store lost the bytes under `lost`: the digest's bytes are now at `found`. */
  replaceKey(digest: Digest, lost: StorageKey, found: StorageKey): Promise<void>
  /**
   * @returns false when the repository doesn't hold it
   * @throws RegistryError DENIED naming a manifest of the repository that needs it
   */
  unlink(repository: RepositoryId, digest: Digest): Promise<boolean>
  /** The repositories that hold the blob. */
  holders(digest: Digest): Promise<readonly RepositoryKey[]>
}
