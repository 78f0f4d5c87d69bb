import type { BlobStore, StoredBlob } from '@entrepot/blob-store'
import { type Digest, RegistryError } from '@entrepot/kernel'
import { mediaTypes } from '@entrepot/oci-model'
import type { RepositoryId } from '@entrepot/repositories'
import type { BlobIndex } from './blob-index.js'
import type { StoredBlobHandle } from './oci-repository.js'

/** The blobs of one repository: the index says which and where, the store has the bytes, shared by all repositories. */
export class BlobContent {
  constructor(
    readonly repository: RepositoryId,
    readonly store: BlobStore,
    readonly index: BlobIndex,
  ) {}

  async find(digest: Digest): Promise<StoredBlobHandle | undefined> {
    const stored = await this.index.find(this.repository, digest)
    return stored === undefined ? undefined : this.handle(stored)
  }

  /**
   * Links bytes that were just committed. When the digest was known already, the new bytes are dropped; when the store
   * has lost the old ones, the new ones take their place, so that a push heals what was lost.
   */
  async keep(committed: StoredBlob): Promise<StoredBlob> {
    const known = await this.index.link(this.repository, committed)
    if (known.key === committed.key) return known
    if ((await this.store.stat(known.key)) === undefined) {
      await this.index.replaceKey(known.digest, known.key, committed.key)
      return committed
    }
    await this.store.delete(committed.key)
    return known
  }

  /** Links a blob that is stored for another repository: no byte is copied. */
  async adopt(stored: StoredBlob): Promise<StoredBlob> {
    return this.index.link(this.repository, stored)
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
}
