import type { Digest } from '@entrepot/kernel'
import type { ImageName, Tag } from '@entrepot/oci-model'
import type { RepositoryId } from '@entrepot/repositories'

/** A tag of an image in a repository. */
export interface TagPlace {
  readonly repository: RepositoryId
  readonly image: ImageName
  readonly tag: Tag
}

/** A manifest of an image in a repository, whatever its tags are. */
export interface ManifestPlace {
  readonly repository: RepositoryId
  readonly image: ImageName
  readonly digest: Digest
}

/** Where the copy goes; without a tag it is there by its digest alone. */
export interface CopyTarget {
  readonly repository: RepositoryId
  readonly image: ImageName
  readonly tag: Tag | undefined
}

export interface TagCopy {
  readonly from: TagPlace | ManifestPlace
  /** Another place, in a local repository. */
  readonly to: CopyTarget
  /**
   * What is at `from` goes: the tag; a manifest only when nothing else of its image leads to it, and it is not the image that
   * it is moved in.
   */
  readonly move: boolean
  /** Whether a tag at `to` that points to another manifest may be moved. */
  readonly mayOverwrite: boolean
  readonly actor: string
  /** Everything is done to see how it goes, and then undone. */
  readonly dryRun?: boolean
}

export type TagCopyOutcome =
  | { readonly kind: 'copied'; readonly digest: Digest; readonly replaced: Digest | undefined }
  /** There is nothing at `from`. */
  | { readonly kind: 'absent' }
  /** The tag at `to` is another manifest's, and may not be moved. */
  | { readonly kind: 'taken' }
  /** What the manifest needs and the source does not hold: then nothing is copied. */
  | { readonly kind: 'incomplete'; readonly missing: readonly Digest[] }
  /** Tags, and digests of indexes, that lead to the manifest which was to be moved by its digest: the first few. */
  | { readonly kind: 'held'; readonly holders: readonly string[] }

export interface TagCopier {
  /**
   * Copies a manifest with all that belongs to it - the manifests that an index lists, the referrers of any of them, the
   * links to their blobs - and sets the tag at `to`; all of it or nothing.
   */
  copy(copy: TagCopy): Promise<TagCopyOutcome>
}
