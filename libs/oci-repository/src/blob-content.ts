import type { BlobStore, StoredBlob } from '@entrepot/blob-store'
import { type Digest, RegistryError, isRegistryError } from '@entrepot/kernel'
import { type ImageName, mediaTypes } from '@entrepot/oci-model'
import type { RepositoryId } from '@entrepot/repositories'
import type { BlobIndex } from './blob-index.js'
import type { StoredBlobHandle } from './oci-repository.js'

/** The blobs of one repository's images: the index says which and where, the store has the bytes, shared by all. */
export class BlobContent {
  constructor(
    readonly repository: RepositoryId,
    readonly store: BlobStore,
    readonly index: BlobIndex,
  ) {}

  async find(image: ImageName, digest: Digest): Promise<StoredBlobHandle | undefined> {
    const stored = await this.index.find(this.repository, image, digest)
    return stored === undefined ? undefined : this.handle(stored)
  }

  /**
   * Links bytes that were just committed. When the digest was known already, the new bytes are dropped; when the store
   * has lost the old ones, the new ones take their place, so that a push heals what was lost.
   */
  async keep(image: ImageName, committed: StoredBlob): Promise<StoredBlob> {
    const known = await this.#link(image, committed)
    if (known.key === committed.key) return known
    if ((await this.whenPresent(known)) === undefined) {
      await this.index.replaceKey(known.digest, known.key, committed.key)
      return committed
    }
    await this.store.delete(committed.key)
    return known
  }

  /** @returns undefined when the store has lost the bytes */
  async whenPresent(stored: StoredBlob | undefined): Promise<StoredBlob | undefined> {
    if (stored === undefined) return undefined
    return (await this.store.stat(stored.key)) === undefined ? undefined : stored
  }

  /** Links a blob that is stored for another image: no byte is copied. @returns undefined when it is going away */
  async adopt(image: ImageName, digest: Digest): Promise<StoredBlob | undefined> {
    return this.index.adopt(this.repository, image, digest)
  }

  handle(stored: StoredBlob): StoredBlobHandle {
    return {
      stored,
      descriptor: { mediaType: mediaTypes.octetStream, digest: stored.digest, size: stored.size },
      open: async (options) => {
        const body = await this.store.open(stored.key, options)
        if (body !== undefined) return body
        throw new RegistryError(
          'UNAVAILABLE',
          `the bytes of ${stored.digest} are missing from the blob store although the database knows them: restore them or push the blob again`,
        )
      },
    }
  }

  /** Bytes of a repository that is gone belong to nobody. After any other failure they may be linked: they stay. */
  async #link(image: ImageName, committed: StoredBlob): Promise<StoredBlob> {
    try {
      return await this.index.link(this.repository, image, committed)
    } catch (error) {
      if (isRegistryError(error, 'NAME_UNKNOWN')) await this.store.delete(committed.key)
      throw error
    }
  }
}
