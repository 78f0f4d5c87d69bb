import type { Digest } from '@entrepot/kernel'
import type { ImageName, Tag } from '@entrepot/oci-model'
import type { RepositoryId } from '@entrepot/repositories'

/** A tag of an image in a repository. */
export interface TagPlace {
  readonly repository: RepositoryId
  readonly image: ImageName
  readonly tag: Tag
}

export interface TagCopy {
  readonly from: TagPlace
  /** Another place, in a local repository. */
  readonly to: TagPlace
  /** The tag at `from` goes. */
  readonly move: boolean
  /** Whether a tag at `to` that points to another manifest may be moved. */
  readonly mayOverwrite: boolean
  readonly actor: string
}

export type TagCopyOutcome =
  | { readonly kind: 'copied'; readonly digest: Digest; readonly replaced: Digest | undefined }
  /** There is no tag at `from`. */
  | { readonly kind: 'absent' }
  /** The tag at `to` is another manifest's, and may not be moved. */
  | { readonly kind: 'taken' }
  /** What the manifest needs and the source does not hold: then nothing is copied. */
  | { readonly kind: 'incomplete'; readonly missing: readonly Digest[] }

export interface TagCopier {
  /**
   * Copies the manifest of a tag with all that belongs to it - the manifests that an index lists, the referrers of any of
   * them, the links to their blobs - and sets the tag at `to`; all of it or nothing.
   */
  copy(copy: TagCopy): Promise<TagCopyOutcome>
}
