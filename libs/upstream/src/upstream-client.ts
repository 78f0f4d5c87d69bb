import type { Readable } from 'node:stream'
import type { ErrorCode } from '@entrepot/kernel'
import type { ExternalRequest } from './external-fetch.js'
import type { UpstreamHeaders } from './upstream-headers.js'
import type { UpstreamState } from './upstream-state.js'

export interface UpstreamRequest {
  readonly method: 'GET' | 'HEAD'
  /** Below the base URL, from its slash on, with the query where there is one: `/v2/library/alpine/tags/list?n=100`. */
  readonly path: string
  /** `Accept`, `If-None-Match`. `Authorization` is the client's own. */
  readonly headers?: Readonly<Record<string, string>>
  /** What the token must be good for: `repository:library/alpine:pull`. */
  readonly scope: string
  /** Sent as `Range: bytes=<start>-<end>`, inclusive; without `end` from `start` to the last byte. */
  readonly range?: { readonly start: number; readonly end?: number | undefined } | undefined
  /** Stops waiting, and later the body. */
  readonly signal?: AbortSignal | undefined
}

export interface UpstreamResponse {
  readonly status: number
  readonly headers: UpstreamHeaders
  /**
   * Raw bytes as they were sent: nothing is decompressed. With a 2xx answer to GET it is the connection itself: read it
   * to the end or destroy it. Otherwise it holds at most the first 64 KiB and nothing depends on it. A body that breaks
   * off fails with a RegistryError: UPSTREAM_UNAVAILABLE for a lost connection, UPSTREAM_TIMEOUT for a silent one.
   */
  readonly body: Readable
  /** The host that answered, with its port where that is not the scheme's own: another one after a redirect. */
  readonly host: string
}

/** What a question for `/v2/` found. */
export interface UpstreamProbe {
  /** That there was an answer, and it was none of 502, 503 and 504. */
  readonly reachable: boolean
  /** Where the answer is no failure: 401 is none, as it asks for a login. */
  readonly status: number | undefined
  readonly milliseconds: number
  readonly failure: { readonly code: ErrorCode; readonly message: string } | undefined
}

/** One upstream registry, as one remote repository reaches it. */
export interface UpstreamClient {
  /**
   * Asks, with token dance, redirects (five at most) and one repetition where a kept connection turned out dead.
   *
   * Returns for 2xx, 304, 404, 405, 410, 416 and 501: the caller decides what they mean. A HEAD that was redirected to a
   * host which only serves GET (signed addresses are good for one method) returns 405.
   *
   * @throws RegistryError UPSTREAM_UNAVAILABLE: no connection (name, address, TLS, reset), or 503
   * @throws RegistryError UPSTREAM_TIMEOUT: no headers in time, or 504
   * @throws RegistryError TOO_MANY_REQUESTS: 429, with `retryAfterSeconds` where the upstream gave one
   * @throws RegistryError DENIED: 401, 403 or 451 after the token dance
   * @throws RegistryError UPSTREAM_FAILED: every other status, and an answer that can't be followed: redirects too many,
   *   to http, or to an address that is not allowed; a realm that must not get the credentials; a token that is none
   * @throws the signal's reason
   */
  request(request: UpstreamRequest): Promise<UpstreamResponse>
  /**
   * Asks by GET for what a manifest of the upstream says to lie elsewhere: without credentials, at addresses only that a
   * redirect might lead to. What comes of it says nothing of the upstream.
   * @returns 200 or 206 @throws RegistryError UPSTREAM_FAILED and the others of `request`; the signal's reason
   */
  external(request: ExternalRequest): Promise<UpstreamResponse>
  /** Claims nothing. @throws what `request` would throw at once, while the upstream is left alone */
  requireAskable(): void
  /**
   * Asks for `/v2/` at once, even while the upstream is left alone, within the time limits; however many ask, once at a time.
   * What comes of it counts as that of any other request.
   */
  probe(): Promise<UpstreamProbe>
  /** For diagnostics. */
  state(): UpstreamState
  /** Ends all connections at once; requests and bodies under way fail. */
  close(): Promise<void>
}
