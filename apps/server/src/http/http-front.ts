import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '@entrepot/kernel'
import { isRegistryUrl } from '@entrepot/oci-api'
import { StartupError } from '../lifecycle/startup-error.js'
import { type ListenAddress, listenAddressText } from '../settings/listen-address.js'
import { answerClientError } from './answer-client-error.js'
import { continueWhenRead } from './continue-when-read.js'
import { pathOf } from './path-of.js'

/** Answers a request on its own, errors included. */
export type PlainHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>

export interface HttpFrontHandlers {
  /** `/v2` and everything else that speaks the registry protocol. */
  readonly registry: PlainHandler
  /** `/healthz`, `/readyz`, `/metrics`. */
  readonly operations: PlainHandler
  /** The rest: the admin API. */
  readonly application: RequestListener
}

/** Of the admin API, although it lies where the registry API does; no route of that is called so. */
const promotePath = /^\/artifactory\/api\/docker\/[^/]+\/v2\/promote\/?$/

const operationsPath = /^\/(?:healthz|readyz|metrics)$/

const idleCheckMilliseconds = 50

/**
 * The HTTP server, ahead of Nest's router: that would parse manifests as JSON and decode `%2F` in paths. Its time limits
 * are those of a registry, where one request may carry gigabytes.
 */
export class HttpFront {
  readonly #server: Server
  #draining = false

  constructor(
    private readonly handlers: HttpFrontHandlers,
    private readonly logger: Logger,
  ) {
    this.#server = createServer(
      {
        // A request may take hours; how long a body may be silent is watched where it is read.
        requestTimeout: 0,
        headersTimeout: 60_000,
        // Longer than the idle time of a load balancer, which else sends into a connection being closed.
        keepAliveTimeout: 75_000,
        // Bearer tokens with many scopes don't fit into Node's 16 KiB.
        maxHeaderSize: 64 * 1024,
      },
      (request, response) => this.route(request, response),
    )
    this.#server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
      continueWhenRead(request, response)
      this.route(request, response)
    })
    this.#server.on('clientError', answerClientError)
  }

  /**
   * @returns where it listens, with the port that was found for port 0
   * @throws StartupError naming the setting, when the address can't be had
   */
  async listen(address: ListenAddress): Promise<ListenAddress> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(address, error)))
      this.#server.listen({ host: address.host, port: address.port }, resolve)
    })
    this.#server.removeAllListeners('error')
    this.#server.on('error', (error) => this.logger.error({ err: error }, 'the HTTP server reports an error'))
    const { port } = this.#server.address() as AddressInfo
    return { host: address.host, port }
  }

  /**
   * Accepts no more connections, lets running requests finish for as long as `graceMilliseconds`, then cuts them off.
   * @param signal cuts them off at once
   * @returns false when something had to be cut off
   */
  async drain(graceMilliseconds: number, signal?: AbortSignal): Promise<boolean> {
    this.#draining = true
    if (!this.#server.listening) return true
    const closed = new Promise<true>((resolve) => this.#server.close(() => resolve(true)))
    const patience = AbortSignal.any([
      AbortSignal.timeout(graceMilliseconds),
      ...(signal === undefined ? [] : [signal]),
    ])
    while (!patience.aborted) {
      this.#server.closeIdleConnections()
      if (await Promise.race([closed, delay(idleCheckMilliseconds, false)])) return true
    }
    this.#server.closeAllConnections()
    await closed
    return false
  }

  private route(request: IncomingMessage, response: ServerResponse): void {
    if (this.#draining) response.shouldKeepAlive = false
    const path = pathOf(request)
    if (isRegistryUrl(path) && !promotePath.test(path)) this.handle(this.handlers.registry, request, response)
    else if (operationsPath.test(path)) this.handle(this.handlers.operations, request, response)
    else this.handlers.application(request, response)
  }

  private handle(handler: PlainHandler, request: IncomingMessage, response: ServerResponse): void {
    handler(request, response).catch((error: unknown) => {
      this.logger.error({ err: error, method: request.method }, 'a request handler failed')
      if (response.headersSent) response.destroy()
      else
        response.writeHead(500, { 'content-type': 'text/plain', connection: 'close' }).end('internal error\n')
    })
  }
}

function listenError(address: ListenAddress, error: NodeJS.ErrnoException): StartupError {
  const reasons: Record<string, string> = {
    EADDRINUSE: 'another program listens there',
    EACCES: 'that port needs more rights',
    EADDRNOTAVAIL: 'this machine has no such address',
    ENOTFOUND: 'this host name is not known',
  }
  const reason = reasons[error.code ?? ''] ?? error.message
  return new StartupError(
    `ENTREPOT_LISTEN is ${listenAddressText(address)}: ${reason}. Choose another, such as ENTREPOT_LISTEN=:8081`,
    { cause: error },
  )
}
