import type { Action, Logger, Principal } from '@entrepot/kernel'
import type { ImageName } from '@entrepot/oci-model'
import type { RepositoryKey } from '@entrepot/repositories'
import type { Explanation } from './explanation.js'

/** What travels with a request through the repositories. */
export interface RequestContext {
  readonly principal: Principal
  /** Aborted when the client has gone: stops waiting and sending, never a fill that others may be reading. */
  readonly signal: AbortSignal
  readonly logger: Logger
  /**
   * The client asked for the right to push to this name as well, so what it looks up is whether it has to upload: an
   * upstream must not be asked for that, and a down upstream must not stop a push to a local repository.
   */
  readonly deploying: boolean
  /** The client asked by HEAD: nobody will read the bytes, so nothing is fetched for them. */
  readonly metadataOnly: boolean
  /** Somebody only wants to know what would be done: it is told here, and nothing is fetched or changed. */
  readonly explanation?: Explanation | undefined
  /**
   * Whether the principal may do `action` in the repository that holds, or will hold, the item: to that tag, or without
   * one to all of the image, whatever its tags are.
   */
  may(action: Action, repository: RepositoryKey, image: ImageName, tag?: string): boolean
  /** Whether they may for some tag of the image at least; what they reach by digest is then looked at more closely. */
  mayPartly(action: Action, repository: RepositoryKey, image: ImageName): boolean
}
