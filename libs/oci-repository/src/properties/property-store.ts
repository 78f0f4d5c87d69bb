import type { Digest } from '@entrepot/kernel'
import type { ImageName, Tag } from '@entrepot/oci-model'
import type { RepositoryId } from '@entrepot/repositories'
import type { ManifestKey } from '../items/item-times.js'
import type { Properties, PropertyChange } from './properties.js'

/** What has properties of its own: a tag, a manifest by digest, an image, a repository. */
export type PropertyPlace =
  | { readonly kind: 'tag'; readonly image: ImageName; readonly tag: Tag }
  | { readonly kind: 'manifest'; readonly image: ImageName; readonly digest: Digest }
  | { readonly kind: 'image'; readonly image: ImageName }
  | { readonly kind: 'repository' }

/** What a manifest says of itself, as far as it can be searched for. */
export interface ManifestLabels {
  readonly annotations: Properties
  /** Of the config of its image. */
  readonly labels: Properties
}

/**
 * The properties of items. Those of a tag belong to what it points to: they go when it is moved or deleted, and along when
 * it is copied. Those of a manifest go with it, those of an image with its last manifest, all with the repository.
 */
export interface PropertyStore {
  /** In the order of the places, by key; empty for what has none, or is not there. One statement. */
  find(repository: RepositoryId, places: readonly PropertyPlace[]): Promise<readonly Properties[]>
  /**
   * Sets and removes properties of all these places at once; what is not there is left out.
   * @returns those that were there
   * @throws RegistryError REQUEST_INVALID when one would have more than `maximumProperties`, or than
   *   `maximumPropertyBytes` of them: then nothing is changed
   */
  change(
    repository: RepositoryId,
    places: readonly PropertyPlace[],
    change: PropertyChange,
  ): Promise<readonly PropertyPlace[]>
  /** In the order of the manifests; empty for what is not there. One statement. */
  labelsOf(repository: RepositoryId, manifests: readonly ManifestKey[]): Promise<readonly ManifestLabels[]>
}
