import type { Action, Logger } from '@entrepot/kernel'
import type { ImageName } from '@entrepot/oci-model'
import type { OciRepository, RequestContext } from '@entrepot/oci-repository'
import type { ClientLocation } from './client-location.js'
import type { Exchange } from './exchange.js'
import type { Caller } from './gate.js'
import type { Query } from './query.js'
import type { Rights } from './rights.js'

/** A request without an image, as its route's function gets it: parsed, authenticated, authorised. */
export interface RootCall {
  readonly exchange: Exchange
  readonly query: Query
  readonly location: ClientLocation
  readonly caller: Caller
  readonly context: RequestContext
}

/** A request about an image. */
export interface ImageCall extends RootCall {
  readonly repository: OciRepository
  readonly image: ImageName
  /** The name in the coordinates of the client: what it wrote between `/v2/` and the route's words. */
  readonly visibleName: string
  /** The reference, digest or upload id, unchecked; empty where the route has none. */
  readonly item: string
}

/** What the repositories learn of a request. */
export class CallContext implements RequestContext {
  #logger: Logger | undefined

  constructor(
    private readonly exchange: Exchange,
    private readonly caller: Caller,
    readonly deploying: boolean,
    private readonly rights: Rights,
    private readonly serverLogger: Logger,
  ) {}

  get principal(): Caller['principal'] {
    return this.caller.principal
  }

  get metadataOnly(): boolean {
    return this.exchange.isHead
  }

  get signal(): AbortSignal {
    return this.exchange.signal
  }

  get logger(): Logger {
    this.#logger ??= this.serverLogger.child({ requestId: this.exchange.requestId })
    return this.#logger
  }

  may(action: Action, repository: OciRepository['key'], image: ImageName, tag?: string): boolean {
    return this.rights.may(this.caller.principal, action, repository, image, tag)
  }

  mayPartly(action: Action, repository: OciRepository['key'], image: ImageName): boolean {
    return this.rights.mayPartly(this.caller.principal, action, repository, image)
  }
}
