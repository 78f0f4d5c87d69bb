import type { RepositoryId } from '@entrepot/repositories'
import type { ItemTimes, ItemTimesStore, ManifestKey, TagKey } from '../items/item-times.js'
import type { ManifestStore } from '../manifest-store.js'

/** Everything in the store came and was changed at the same moment. */
export class InMemoryItemTimes implements ItemTimesStore {
  readonly always: ItemTimes = {
    created: new Date('2026-01-01T00:00:00Z'),
    createdBy: 'ann',
    modified: new Date('2026-01-02T00:00:00Z'),
    modifiedBy: 'bob',
  }

  constructor(private readonly manifests: Pick<ManifestStore, 'findByTag' | 'findByDigest'>) {}

  async ofTags(
    repository: RepositoryId,
    keys: readonly TagKey[],
  ): Promise<readonly (ItemTimes | undefined)[]> {
    const found = keys.map(({ image, tag }) => this.manifests.findByTag(repository, image, tag))
    return (await Promise.all(found)).map((manifest) => manifest && this.always)
  }

  async ofManifests(
    repository: RepositoryId,
    keys: readonly ManifestKey[],
  ): Promise<readonly (ItemTimes | undefined)[]> {
    const found = keys.map(({ image, digest }) => this.manifests.findByDigest(repository, image, digest))
    return (await Promise.all(found)).map((manifest) => manifest && this.always)
  }
}
