import type { Digest } from '@entrepot/kernel'
import type { ImageName, Tag } from '@entrepot/oci-model'
import type { RepositoryId } from '@entrepot/repositories'
import type { TagPlace } from '../tag-copier.js'

/** A text, or with `like` a glob over all of it: `?` is one character, `*` any number of them, slashes too. */
export type TextMatch = { readonly is: string } | { readonly like: string }

export interface Criterion {
  readonly key: string
  /** Any of these; none for any value. */
  readonly values: readonly TextMatch[]
}

/** All that is given has to hold. */
export interface TagQuery {
  readonly repositories: readonly RepositoryId[]
  readonly image?: TextMatch | undefined
  readonly tag?: TextMatch | undefined
  /** Of the tag, of its image, or of the last part of its image's name. */
  readonly name?: TextMatch | undefined
  /** Of the manifest. */
  readonly mediaTypes?: readonly string[] | undefined
  /**
   * Of the manifest that the tag points to, of one that this lists if it is an index, or of a blob that one of these
   * needs.
   */
  readonly digest?: Digest | undefined
  /** Of the manifest that the tag points to, and no other. */
  readonly manifest?: Digest | undefined
  readonly properties?: readonly Criterion[] | undefined
  readonly labels?: readonly Criterion[] | undefined
  readonly annotations?: readonly Criterion[] | undefined
}

export interface FoundTag {
  readonly repository: RepositoryId
  readonly image: ImageName
  readonly tag: Tag
  /** Of the manifest it points to. */
  readonly digest: Digest
  readonly mediaType: string
  /**
   * Where a `digest` or `manifest` was asked for: the manifest in whose folder it is, which is the tag's own or one that this lists. One
   * that there are several of is told once.
   */
  readonly holder?: Digest | undefined
}

export interface TagPage {
  readonly limit: number
  /** Begin behind this one, there or not. */
  readonly after: TagPlace | undefined
}

/** Tags of all repositories, whoever asks. One statement a page. */
export interface TagSearchStore {
  /**
   * By repository id, image and tag; up to `page.limit + 1`.
   * @throws RegistryError TOO_MANY_REQUESTS when too many search at once
   */
  find(query: TagQuery, page: TagPage): Promise<readonly FoundTag[]>
}

/** Criteria of one query. */
export const maximumCriteria = 20
