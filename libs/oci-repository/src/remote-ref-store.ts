import type { Digest } from '@entrepot/kernel'
import type { ImageName } from '@entrepot/oci-model'
import type { RepositoryId } from '@entrepot/repositories'
import type { ManifestBytes } from './oci-repository.js'

/** What an upstream last said of a reference. */
export interface RemoteRef {
  /** A tag, a manifest's digest, or `blob:` and a blob's digest. */
  readonly ref: string
  /** `missing`: the upstream answered 404. */
  readonly status: 'found' | 'missing'
  /** What the tag pointed to when it was last seen; kept when the tag goes missing. */
  readonly digest: Digest | undefined
  readonly etag: string | undefined
  readonly checkedAt: Date
  /** Until then the upstream isn't asked again. */
  readonly freshUntil: Date
}

export interface CachedRef {
  readonly ref: RemoteRef
  /** The manifest that `ref.digest` names, where it is stored. */
  readonly manifest: ManifestBytes | undefined
}

export interface RemoteRefStore {
  /** The reference and its manifest by one statement: the hot path of a cached pull. */
  find(repository: RepositoryId, image: ImageName, ref: string): Promise<CachedRef | undefined>
  put(repository: RepositoryId, image: ImageName, ref: RemoteRef): Promise<void>
  /** Whether any reference of the image was found when the upstream was asked for it last. */
  hasFound(repository: RepositoryId, image: ImageName): Promise<boolean>
  /**
   * From `now` on nothing of it is fresh any more, what was found and what was missing alike; what it is stays.
   * @returns how many references were fresh
   */
  invalidate(repository: RepositoryId, part: CachePart, now: Date): Promise<number>
}

/** Of the cache of a remote: all of it, an image, or some references of an image. */
export interface CachePart {
  readonly image?: ImageName | undefined
  /** As `RemoteRef.ref` has them. */
  readonly refs?: readonly string[] | undefined
}
