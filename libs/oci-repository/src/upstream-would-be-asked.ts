import type { RepositoryKey } from '@entrepot/repositories'
import type { ManifestBytes } from './oci-repository.js'

/** In place of a question to the upstream. Its answer decides what happens, so that nothing after it can be told. */
export class UpstreamWouldBeAsked extends Error {
  constructor(
    readonly repository: RepositoryKey,
    message: string,
    /** What would be served if the upstream could not be asked, or had nothing new. */
    readonly fallback: ManifestBytes | undefined,
  ) {
    super(message)
  }
}
