import { withDisposableChunks } from '@entrepot/blob-store'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Principal, RequestOrigin } from '@entrepot/kernel'
import type { CacheState, Found } from '@entrepot/oci-repository'
import { ClientGone } from './client-gone.js'
import { linger } from './linger.js'
import { RequestBody } from './request-body.js'

/** Names and values in turn. A name may come twice. */
export type RawHeaders = string[]

/** A change that a route makes. */
export type AuditedAction = 'push' | 'delete'

/** What was changed, told to the audit trail. */
export interface Change {
  readonly before?: object | undefined
  readonly after?: object | undefined
}

/**
 * One request and its answer. Headers are written once, by `begin`; what the access log and the metrics tell is noted
 * here on the way.
 */
export class Exchange {
  routeName = 'unmatched'
  principal: Principal | undefined
  repositoryKey: string | undefined
  image: string | undefined
  /** The reference, digest or upload id of the request, as the client wrote it. */
  item: string | undefined
  /** What the route changes when it succeeds. */
  audit: AuditedAction | 'none' = 'none'
  /** Set as soon as the change is made: whatever happens to the answer, it was. */
  change: Change | undefined
  subjectKind: 'image' | 'blob' | 'upload' = 'image'
  /** What the caller may not have is told as what isn't there; the audit trail gets to know. */
  isHidden = false
  /** The repository that holds what the request is about, or would hold it, and the image. */
  subjectName: string | undefined
  /** The user name of credentials in the request's body. */
  claimedName: string | undefined
  showsCredentials: boolean
  cache: CacheState | undefined
  bytesOut = 0
  /** Headers of every answer to this request, errors included. */
  readonly #baseHeaders: RawHeaders
  #body: RequestBody | undefined
  #abort: AbortController | undefined
  #gone = false

  constructor(
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
    readonly origin: RequestOrigin,
  ) {
    this.showsCredentials = request.headers.authorization !== undefined
    this.#baseHeaders = ['Docker-Distribution-Api-Version', 'registry/2.0', 'X-Request-Id', origin.requestId]
    response.once('close', () => {
      if (response.writableFinished) return
      this.#gone = true
      this.#abort?.abort(new ClientGone('the client closed the connection'))
    })
  }

  get requestId(): string {
    return this.origin.requestId
  }

  get method(): string {
    return this.request.method ?? ''
  }

  get isHead(): boolean {
    return this.request.method === 'HEAD'
  }

  /** The connection broke before the whole answer was handed over. */
  get isGone(): boolean {
    return this.#gone
  }

  /** Aborted when the client has gone. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController()
      if (this.#gone) this.#abort.abort(new ClientGone('the client closed the connection'))
    }
    return this.#abort.signal
  }

  get bytesIn(): number {
    return this.#body?.received ?? 0
  }

  get hasRequestBody(): boolean {
    const { headers } = this.request
    return (
      headers['transfer-encoding'] !== undefined ||
      (headers['content-length'] ?? '0').trim().replace(/^0+/, '') !== ''
    )
  }

  /**
   * The request's body, once per request. Nothing of it is read before its reader asks, which is how a server knows when
   * a client that expects `100 Continue` may be told to go on: RFC 9110 10.1.1.
   */
  openBody(stallMilliseconds: number): RequestBody {
    this.#body = withDisposableChunks(new RequestBody(this.request, stallMilliseconds))
    return this.#body
  }

  addHeader(name: string, value: string): void {
    this.#baseHeaders.push(name, value)
  }

  /** Notes and tells where an answer came from. */
  foundIn(found: Found<unknown>): void {
    this.#baseHeaders.push('X-Artifactory-Docker-Registry', found.foundIn)
    if (found.cache === undefined) return
    this.cache = found.cache
    this.#baseHeaders.push('X-Entrepot-Cache', found.cache)
  }

  begin(status: number, headers: RawHeaders): void {
    const all = this.#baseHeaders
    for (const text of headers) all.push(text)
    this.response.writeHead(status, all)
  }

  /** An answer without a body, or to HEAD. */
  reply(status: number, headers: RawHeaders): void {
    this.begin(status, headers)
    this.end(undefined)
  }

  /** `headers` say the body's Content-Length; HEAD gets them without it. */
  replyBytes(status: number, headers: RawHeaders, bytes: Buffer): void {
    this.begin(status, headers)
    if (!this.isHead) this.bytesOut = bytes.length
    this.end(this.isHead ? undefined : bytes)
  }

  replyJson(status: number, headers: RawHeaders, value: unknown, contentType = 'application/json'): void {
    const bytes = Buffer.from(JSON.stringify(value))
    headers.push('Content-Type', contentType, 'Content-Length', String(bytes.length))
    this.replyBytes(status, headers, bytes)
  }
  private end(bytes: Buffer | undefined): void {
    const { request, response } = this
    // Who expects `100 Continue` and was not told it sends nothing more, unless it is asked to.
    const isHeldBack = request.headers.expect !== undefined && this.#body === undefined
    if (request.complete || isHeldBack || !this.hasRequestBody || request.destroyed) {
      response.end(bytes)
      return
    }
    // The whole answer is sent now, but to end it would let the server close the connection under a sending client.
    if (bytes === undefined) response.flushHeaders()
    else response.write(bytes)
    linger(request, () => response.end())
  }
}
