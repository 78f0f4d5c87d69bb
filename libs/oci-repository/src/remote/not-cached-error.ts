import { RegistryError } from '@entrepot/kernel'
import type { ImageName } from '@entrepot/oci-model'
import type { RepositoryKey } from '@entrepot/repositories'
import type { RequestContext } from '../request-context.js'

/** It may be there upstream; but only who may deploy to a remote repository may have its cache filled. */
export class NotCachedError extends RegistryError {
  constructor(repository: RepositoryKey, image: ImageName, what: string, context: RequestContext) {
    super(
      'DENIED',
      `${what} is not in the cache of remote repository ${repository}, and ${context.principal.name} may not add it: that needs the right to deploy ${image} there`,
      { detail: { repository, name: image, action: 'deploy' } },
    )
  }
}
