import type { CacheState } from '@entrepot/oci-repository'

/** A request that is over, as metrics count it. */
export interface FinishedRequest {
  /** The route's name, or `unmatched`: never anything of the client's. */
  readonly route: string
  readonly method: string
  /** 499 when the client went before an answer was begun. */
  readonly status: number
  /** The key of a repository that exists; undefined where the request meant none. */
  readonly repository: string | undefined
  /** Bytes of the request's body that arrived. */
  readonly bytesIn: number
  /** Bytes of the answer's body that were handed to the connection. */
  readonly bytesOut: number
  readonly cache: CacheState | undefined
  readonly milliseconds: number
}

export interface RequestObserver {
  requestFinished(request: FinishedRequest): void
}
