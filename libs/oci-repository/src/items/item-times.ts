import type { Digest } from '@entrepot/kernel'
import type { ImageName, Tag } from '@entrepot/oci-model'
import type { RepositoryId } from '@entrepot/repositories'

/** When an item came and when it was changed last. The names are those of the users then. */
export interface ItemTimes {
  readonly created: Date
  readonly createdBy: string | undefined
  readonly modified: Date
  readonly modifiedBy: string | undefined
}

export interface TagKey {
  readonly image: ImageName
  readonly tag: Tag
}

export interface ManifestKey {
  readonly image: ImageName
  readonly digest: Digest
}

/** Each answers in the order of the keys, undefined for what is not there, by one statement. */
export interface ItemTimesStore {
  /** Of a tag: when there was first one of this name, and when it was moved last. */
  ofTags(repository: RepositoryId, keys: readonly TagKey[]): Promise<readonly (ItemTimes | undefined)[]>
  ofManifests(
    repository: RepositoryId,
    keys: readonly ManifestKey[],
  ): Promise<readonly (ItemTimes | undefined)[]>
}
