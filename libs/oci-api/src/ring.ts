import type { ServerResponse } from 'node:http'
import type { BlobBody } from '@entrepot/blob-store'
import { bufferBytes, type BufferPool } from './buffer-pool.js'
import { ClientGone } from './client-gone.js'

/** A body up to this size goes out in one piece, in a buffer of just its size. */
const smallBodyBytes = 64 * 1024
/** One being read into, one being sent, one in between. */
const ringLength = 3
/** What a transfer lives on while the pool is empty. */
const spareBufferBytes = 64 * 1024

export interface TransferOptions {
  readonly pool: BufferPool
  /** How long the client may take none of the bytes that are waiting for it. */
  readonly stallMilliseconds: number
  /** Called with the number of bytes each time some are handed to the connection. */
  readonly onSent: (bytes: number) => void
}

/**
 * Sends all of `body` after headers that have been written; does not end the response. The body is closed whatever
 * happens. Reading and sending overlap: bytes are read into a ring of reused buffers, and a buffer is free again when the
 * connection says that it has taken it.
 * @throws ClientGone when the client left or stalled; the body's own error when it failed half-way
 */
export async function sendBody(
  response: ServerResponse,
  body: BlobBody,
  options: TransferOptions,
): Promise<void> {
  try {
    if (body.size === 0) return
    if (body.size <= smallBodyBytes) await sendSmall(response, body, options)
    else await new Ring(response, body, options).run()
  } finally {
    await body.close()
  }
}

async function sendSmall(response: ServerResponse, body: BlobBody, options: TransferOptions): Promise<void> {
  const bytes = Buffer.allocUnsafeSlow(body.size)
  let filled = 0
  while (filled < bytes.length) {
    const count = await body.read(filled === 0 ? bytes : bytes.subarray(filled))
    if (count === 0) throw endedEarly(filled, body.size)
    filled += count
  }
  if (response.destroyed) throw new ClientGone('the client closed the connection')
  response.write(bytes)
  options.onSent(bytes.length)
}

class Ring {
  readonly #idle: Buffer[] = []
  readonly #borrowed = new Set<Buffer>()
  #inFlight = 0
  #failure: Error | undefined
  #wake: (() => void) | undefined

  constructor(
    private readonly response: ServerResponse,
    private readonly body: BlobBody,
    private readonly options: TransferOptions,
  ) {}

  async run(): Promise<void> {
    const { response, body, options } = this
    const timer = setTimeout(this.onStall, options.stallMilliseconds)
    response.on('close', this.onClose)
    try {
      if (response.destroyed) this.onClose()
      let unsent = body.size
      while (unsent > 0) {
        const buffer = await this.idleBuffer()
        const count = await body.read(unsent < buffer.length ? buffer.subarray(0, unsent) : buffer)
        if (count === 0) throw endedEarly(body.size - unsent, body.size)
        if (this.#failure !== undefined) throw this.#failure
        unsent -= count
        this.#inFlight += 1
        timer.refresh()
        response.write(count === buffer.length ? buffer : buffer.subarray(0, count), (error) => {
          timer.refresh()
          this.onTaken(buffer, error)
        })
        options.onSent(count)
      }
      while (this.#inFlight > 0) await this.nextTaken()
    } catch (error) {
      throw this.#failure ?? error
    } finally {
      clearTimeout(timer)
      response.off('close', this.onClose)
      this.release()
    }
  }

  private async idleBuffer(): Promise<Buffer> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure
      const idle = this.#idle.pop() ?? this.borrow()
      if (idle !== undefined) return idle
      if (this.#inFlight === 0) return Buffer.allocUnsafeSlow(spareBufferBytes)
      await this.nextTaken()
    }
  }

  private borrow(): Buffer | undefined {
    const wanted = Math.min(ringLength, Math.ceil(this.body.size / bufferBytes))
    if (this.#borrowed.size >= wanted) return undefined
    const buffer = this.options.pool.take()
    if (buffer !== undefined) this.#borrowed.add(buffer)
    return buffer
  }

  private async nextTaken(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
    if (this.#failure !== undefined) throw this.#failure
  }

  private onTaken(buffer: Buffer, error: Error | null | undefined): void {
    this.#inFlight -= 1
    if (error) this.fail(new ClientGone('the client closed the connection', { cause: error }))
    else this.#idle.push(buffer)
    this.#wake?.()
  }

  private readonly onClose = (): void => {
    this.fail(new ClientGone('the client closed the connection'))
  }

  private readonly onStall = (): void => {
    if (this.#inFlight === 0) return
    this.fail(new ClientGone(`the client took nothing for ${this.options.stallMilliseconds} ms`))
    this.response.destroy()
  }

  /** Closing the body ends a read that waits for an upstream; whether it closed well, `sendBody`'s own close tells. */
  private fail(failure: ClientGone): void {
    if (this.#failure !== undefined) return
    this.#failure = failure
    this.#wake?.()
    this.body.close().catch(() => undefined)
  }

  /** A buffer that has not come back may still be read by the connection, so nobody else may write to it. */
  private release(): void {
    for (const buffer of this.#borrowed) {
      if (this.#failure === undefined && this.#inFlight === 0) this.options.pool.giveBack(buffer)
      else this.options.pool.forget()
    }
    this.#borrowed.clear()
  }
}

function endedEarly(sent: number, size: number): Error {
  return new Error(`the blob's bytes ended after ${sent} of ${size}`)
}
