import type { StorageKey, StoredBlob } from '@entrepot/blob-store'
import type { Digest } from '@entrepot/kernel'
import type { RepositoryId, RepositoryKey } from '@entrepot/repositories'
import type { BlobIndex } from '../blob-index.js'

export class InMemoryBlobIndex implements BlobIndex {
  readonly #blobs = new Map<Digest, StoredBlob>()
  readonly #links = new Set<string>()

  /** @param keys the repositories' keys by id, for `holders` */
  constructor(private readonly keys: ReadonlyMap<RepositoryId, RepositoryKey>) {}

  async find(repository: RepositoryId, digest: Digest): Promise<StoredBlob | undefined> {
    return this.#links.has(`${repository}/${digest}`) ? this.#blobs.get(digest) : undefined
  }

  async findAll(repository: RepositoryId, digests: readonly Digest[]): Promise<readonly StoredBlob[]> {
    const found = await Promise.all(digests.map((digest) => this.find(repository, digest)))
    return found.filter((blob) => blob !== undefined)
  }

  async findAnywhere(digest: Digest): Promise<StoredBlob | undefined> {
    return this.#blobs.get(digest)
  }

  async link(repository: RepositoryId, blob: StoredBlob): Promise<StoredBlob> {
    const known = this.#blobs.get(blob.digest) ?? blob
    this.#blobs.set(blob.digest, known)
    this.#links.add(`${repository}/${blob.digest}`)
    return known
  }

  async replaceKey(digest: Digest, lost: StorageKey, found: StorageKey): Promise<void> {
    const known = this.#blobs.get(digest)
    if (known?.key === lost) this.#blobs.set(digest, { ...known, key: found })
  }

  async unlink(repository: RepositoryId, digest: Digest): Promise<boolean> {
    return this.#links.delete(`${repository}/${digest}`)
  }

  async holders(digest: Digest): Promise<readonly RepositoryKey[]> {
    return [...this.keys].filter(([id]) => this.#links.has(`${id}/${digest}`)).map(([, key]) => key)
  }
}
