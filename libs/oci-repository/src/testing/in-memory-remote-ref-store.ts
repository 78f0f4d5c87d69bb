import type { ImageName } from '@entrepot/oci-model'
import type { RepositoryId } from '@entrepot/repositories'
import type { ManifestStore } from '../manifest-store.js'
import type { CachedRef, CachePart, RemoteRef, RemoteRefStore } from '../remote-ref-store.js'

export class InMemoryRemoteRefStore implements RemoteRefStore {
  readonly #refs = new Map<string, RemoteRef>()

  constructor(private readonly manifests: ManifestStore) {}

  async find(repository: RepositoryId, image: ImageName, ref: string): Promise<CachedRef | undefined> {
    const found = this.#refs.get(`${repository}/${image}/${ref}`)
    if (found === undefined) return undefined
    const manifest =
      found.digest === undefined
        ? undefined
        : await this.manifests.findByDigest(repository, image, found.digest)
    return { ref: found, manifest }
  }

  async put(repository: RepositoryId, image: ImageName, ref: RemoteRef): Promise<void> {
    this.#refs.set(`${repository}/${image}/${ref.ref}`, ref)
  }

  async hasFound(repository: RepositoryId, image: ImageName): Promise<boolean> {
    return [...this.#refs].some(
      ([key, { ref, status }]) => key === `${repository}/${image}/${ref}` && status === 'found',
    )
  }

  async invalidate(repository: RepositoryId, { image, refs }: CachePart, now: Date): Promise<number> {
    const prefix = image === undefined ? `${repository}/` : `${repository}/${image}/`
    const fresh = [...this.#refs].filter(
      ([key, entry]) =>
        key.startsWith(prefix) &&
        (image === undefined || key === prefix + entry.ref) &&
        (refs === undefined || refs.includes(entry.ref)) &&
        entry.freshUntil > now,
    )
    for (const [key, entry] of fresh) this.#refs.set(key, { ...entry, freshUntil: now })
    return fresh.length
  }
}
