import type { Digest } from '@entrepot/kernel'
import type { ImageName } from '@entrepot/oci-model'
import type { RepositoryId } from '@entrepot/repositories'

/**
 * Who brought which blobs and manifests to an image lately. Where rights differ by tag, who knows a digest is not yet who
 * may read it: a manifest may refer only to what its pusher can read, or has brought.
 */
export interface PushClaims {
  /** Once more only renews it. The repository may be gone: then there is nothing to remember. */
  add(claim: PushClaim): Promise<void>
  /** Those of `digests` that the owner brought, and whose time isn't over. */
  held(
    repository: RepositoryId,
    image: ImageName,
    owner: string,
    digests: readonly Digest[],
    now: Date,
  ): Promise<readonly Digest[]>
}

export interface PushClaim {
  readonly repository: RepositoryId
  readonly image: ImageName
  readonly digest: Digest
  /** The id of a user; see `ownerOf`. */
  readonly owner: string
  readonly expiresAt: Date
}
