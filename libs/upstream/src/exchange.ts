import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import { HopBody } from './hop-body.js'
import { UpstreamHeaders } from './upstream-headers.js'

export interface HopAnswer {
  readonly status: number
  readonly headers: UpstreamHeaders
  readonly body: HopBody
}

export interface ExchangeEvents {
  /** Turns what broke a body off into what its reader is told. */
  readonly bodyFailure: (error: unknown, bytes: number) => Error
  readonly bodyEnded: (bytes: number, complete: boolean) => void
}

/** One request on one connection, as undici reports it: first the headers, or a failure, and then the body. */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly answer: Promise<HopAnswer>
  readonly #deferred = Promise.withResolvers<HopAnswer>()
  #controller: Dispatcher.DispatchController | undefined
  #body: HopBody | undefined
  #cancelled: Error | undefined

  constructor(private readonly events: ExchangeEvents) {
    this.answer = this.#deferred.promise
  }

  /** Gives up, wherever it stands: in the queue, waiting for headers, or in the body. */
  cancel(reason: Error): void {
    this.#cancelled ??= reason
    this.#deferred.reject(reason)
    if (this.#body === undefined) this.#controller?.abort(reason)
    else this.#body.destroy(reason)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#cancelled !== undefined) controller.abort(this.#cancelled)
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (status < 200) return
    this.#body = new HopBody(controller, this.events.bodyEnded)
    this.#deferred.resolve({ status, headers: new UpstreamHeaders(headers), body: this.#body })
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#body?.receive(chunk)
  }

  onResponseEnd(): void {
    this.#body?.finish()
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (this.#body === undefined) this.#deferred.reject(error)
    else if (!this.#body.destroyed) this.#body.destroy(this.events.bodyFailure(error, this.#body.bytes))
  }
}
