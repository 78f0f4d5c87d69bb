import { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'

/** The bytes of an answer as the connection brings them: reading slowly slows the sender down, destroying cuts it off. */
export class HopBody extends Readable {
  #bytes = 0
  #complete = false

  constructor(
    private readonly controller: Dispatcher.DispatchController,
    private readonly ended: (bytes: number, complete: boolean) => void,
  ) {
    super({ highWaterMark: 256 * 1024 })
    // A failure may come before whoever owns the body listens; it is then found on the stream.
    this.on('error', () => undefined)
  }

  get bytes(): number {
    return this.#bytes
  }

  receive(chunk: Buffer): void {
    this.#bytes += chunk.length
    if (!this.push(chunk)) this.controller.pause()
  }

  finish(): void {
    this.#complete = true
    this.push(null)
  }

  override _read(): void {
    this.controller.resume()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (!this.#complete) this.controller.abort(error ?? new Error('the body is no longer wanted'))
    this.ended(this.#bytes, this.#complete)
    callback(error)
  }
}
