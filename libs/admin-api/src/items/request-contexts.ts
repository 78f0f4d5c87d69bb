import type { AccessPolicy } from '@entrepot/access'
import type { Logger, Principal } from '@entrepot/kernel'
import type { RequestContext } from '@entrepot/oci-repository'
import type { Response } from 'express'
import type { Caller } from '../caller.js'
import { requestIdOf } from '../request-origin.js'

/** What the repositories learn of the requests of the admin API. */
export class RequestContexts {
  constructor(
    private readonly policy: AccessPolicy,
    private readonly logger: Logger,
  ) {}

  /** A registry token for some content gives no right here: it is good for nothing but the registry API. */
  of({ principal, scoped }: Caller, response: Response): RequestContext {
    const context = this.as(principal, response)
    const nothing = () => false
    return scoped ? { ...context, may: nothing, mayPartly: nothing } : context
  }

  /** For whoever an administrator asks about. */
  as(principal: Principal, response: Response): RequestContext {
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    const { policy } = this
    return {
      principal,
      signal: gone.signal,
      logger: this.logger.child({ requestId: requestIdOf(response) }),
      deploying: false,
      metadataOnly: false,
      may: (action, repositoryKey, image, tag) =>
        policy.allows(principal, action, { repositoryKey, image, tag }),
      mayPartly: (action, repositoryKey, image) =>
        policy.allowsPartOf(principal, action, { repositoryKey, image }),
    }
  }
}
