import type { ImageName } from '@entrepot/oci-model'
import type { RepositoryId } from '@entrepot/repositories'
import type { ManifestStore } from '../manifest-store.js'
import type { CachedRef, RemoteRef, RemoteRefStore } from '../remote-ref-store.js'

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
}
