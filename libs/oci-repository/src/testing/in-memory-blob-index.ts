import type { StorageKey, StoredBlob } from '@entrepot/blob-store'
import { type Digest, RegistryError, byCodePoint } from '@entrepot/kernel'
import type { ImageName } from '@entrepot/oci-model'
import type { RepositoryId, RepositoryKey } from '@entrepot/repositories'
import { type BlobHolder, type BlobIndex, maximumHolders } from '../blob-index.js'

/** What the index has to know of manifests: which of an image needs a blob, or lists it in a cache. */
export interface ListingManifests {
  manifestNeeding(repository: RepositoryId, image: ImageName, blob: Digest): Digest | undefined
  isListedInCache(repository: RepositoryId, image: ImageName, blob: Digest): boolean
  isForeignInCache(repository: RepositoryId, image: ImageName, blob: Digest): boolean
}

interface Link {
  readonly repository: RepositoryId
  readonly image: ImageName
  readonly digest: Digest
}

export class InMemoryBlobIndex implements BlobIndex {
  readonly #blobs = new Map<Digest, StoredBlob>()
  readonly #links = new Map<string, Link>()
  /** Set by the manifest store that works beside this one. */
  manifests: ListingManifests | undefined

  /** @param keys the repositories' keys by id, for `holders` */
  constructor(private readonly keys: ReadonlyMap<RepositoryId, RepositoryKey>) {}

  /** How many blobs of images are linked. */
  get linkCount(): number {
    return this.#links.size
  }

  async find(repository: RepositoryId, image: ImageName, digest: Digest): Promise<StoredBlob | undefined> {
    return this.#links.has(nameOf({ repository, image, digest })) ? this.#blobs.get(digest) : undefined
  }

  async findAll(
    repository: RepositoryId,
    image: ImageName,
    digests: readonly Digest[],
  ): Promise<readonly StoredBlob[]> {
    const found = await Promise.all(digests.map((digest) => this.find(repository, image, digest)))
    return found.filter((blob) => blob !== undefined)
  }

  async findAnywhere(digest: Digest): Promise<StoredBlob | undefined> {
    return this.#blobs.get(digest)
  }

  async link(repository: RepositoryId, image: ImageName, blob: StoredBlob): Promise<StoredBlob> {
    const known = this.#blobs.get(blob.digest) ?? blob
    this.#blobs.set(blob.digest, known)
    const link = { repository, image, digest: blob.digest }
    this.#links.set(nameOf(link), link)
    return known
  }

  async adopt(repository: RepositoryId, image: ImageName, digest: Digest): Promise<StoredBlob | undefined> {
    const known = this.#blobs.get(digest)
    return known === undefined ? undefined : this.link(repository, image, known)
  }

  async adoptListed(
    repository: RepositoryId,
    image: ImageName,
    digest: Digest,
  ): Promise<StoredBlob | undefined> {
    const isForeign = (of: ImageName) => this.manifests?.isForeignInCache(repository, of, digest) === true
    const holders = [...this.#links.values()].filter(
      (link) => link.repository === repository && link.digest === digest,
    )
    const isListed =
      this.manifests?.isListedInCache(repository, image, digest) === true ||
      (isForeign(image) && holders.some((link) => isForeign(link.image)))
    return holders.length > 0 && isListed ? this.adopt(repository, image, digest) : undefined
  }

  async replaceKey(digest: Digest, lost: StorageKey, found: StorageKey): Promise<void> {
    const known = this.#blobs.get(digest)
    if (known?.key === lost) this.#blobs.set(digest, { ...known, key: found })
  }

  async unlink(repository: RepositoryId, image: ImageName, digest: Digest): Promise<boolean> {
    const manifest = this.manifests?.manifestNeeding(repository, image, digest)
    if (manifest !== undefined) throw new RegistryError('DENIED', `blob ${digest} is needed by ${manifest}`)
    return this.#links.delete(nameOf({ repository, image, digest }))
  }

  async holders(digest: Digest): Promise<readonly BlobHolder[]> {
    const holding = [...this.#links.values()].filter((link) => link.digest === digest)
    return holding
      .flatMap(({ repository: id, image }) => {
        const repository = this.keys.get(id)
        return repository === undefined ? [] : [{ repository, image }]
      })
      .sort(
        (left, right) =>
          byCodePoint(left.repository, right.repository) || byCodePoint(left.image, right.image),
      )
      .slice(0, maximumHolders)
  }

  /** The collector was here: nobody holds the blob, and its row is gone. */
  collect(digest: Digest): void {
    this.#blobs.delete(digest)
    for (const [name, link] of this.#links) if (link.digest === digest) this.#links.delete(name)
  }
}

function nameOf({ repository, image, digest }: Link): string {
  return `${repository}/${image}@${digest}`
}
