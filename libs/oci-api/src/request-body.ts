import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { ClientGone } from './client-gone.js'

/** How much may wait for its reader: enough for a disk to be written in large pieces. */
const highWaterMark = 1024 * 1024

/**
 * A request's body for one reader. Destroying it leaves the connection alone, so that an error can still be told;
 * destroying an IncomingMessage itself would cut the client off (protocol check list 130). A client that stalls or leaves
 * makes it fail with ClientGone.
 */
export class RequestBody extends Readable {
  /** Bytes that have arrived. */
  received = 0
  #timer: NodeJS.Timeout | undefined
  #started = false

  constructor(
    private readonly request: IncomingMessage,
    private readonly stallMilliseconds: number,
  ) {
    super({ highWaterMark })
    // A reader learns of a failure by its read; when it has stopped reading, the failure must not end the process.
    this.on('error', () => undefined)
  }

  override _read(): void {
    if (!this.#started) this.start()
    if (this.#timer === undefined) this.#timer = setTimeout(this.onStall, this.stallMilliseconds)
    this.request.resume()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.stop()
    callback(error)
  }

  private start(): void {
    this.#started = true
    const { request } = this
    request.on('data', this.onData).on('end', this.onEnd)
    request.on('aborted', this.onGone).on('error', this.onGone).on('close', this.onGone)
    if (request.destroyed && !request.complete) this.onGone()
  }

  private stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (!this.#started) return
    const { request } = this
    request.off('data', this.onData).off('end', this.onEnd)
    request.off('aborted', this.onGone).off('error', this.onGone).off('close', this.onGone)
    request.pause()
  }

  private readonly onData = (chunk: Buffer): void => {
    this.received += chunk.length
    if (this.push(chunk)) {
      this.#timer?.refresh()
      return
    }
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.request.pause()
  }

  private readonly onEnd = (): void => {
    this.stop()
    this.push(null)
  }

  private readonly onGone = (): void => {
    this.destroy(new ClientGone(`the client stopped sending after ${this.received} bytes`))
  }

  private readonly onStall = (): void => {
    this.destroy(
      new ClientGone(`the client sent nothing for ${this.stallMilliseconds} ms after ${this.received} bytes`),
    )
  }
}
