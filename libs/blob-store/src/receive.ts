import { finished, type Readable } from 'node:stream'
import { dispose, hasDisposableChunks } from './disposable-chunks.js'
import { holdErrors } from './hold-errors.js'

export interface ReceiveOptions {
  /** Small chunks are gathered until a batch has this many bytes. */
  readonly batchBytes: number
  /** Sees each chunk as it arrives, before it is written. */
  readonly onChunk: (chunk: Buffer) => void
  readonly signal?: AbortSignal | undefined
}

/** A batch that does not fill is written after this long, so that readers of a slow source get what is there. */
const flushMilliseconds = 20

/**
 * Writes all of `source` in batches: one write runs while the next batch gathers, then the source is paused, so that at
 * most two batches are held. The source is never destroyed here: it is its owner's.
 *
 * When the source breaks off or the signal aborts, what had arrived is written before this rejects with the source's
 * error or the signal's reason; when a write fails, this rejects with that, and nothing more is written.
 */
export function receive(
  source: Readable,
  write: (batch: readonly Buffer[], length: number) => Promise<void>,
  options: ReceiveOptions,
): Promise<void> {
  const { batchBytes, onChunk, signal } = options
  holdErrors(source)
  const disposable = hasDisposableChunks(source)
  return new Promise((resolve, reject) => {
    let batch: Buffer[] = []
    let length = 0
    let writing = false
    let end: { readonly failure?: unknown } | undefined

    const onData = (data: Uint8Array | string) => {
      const chunk = Buffer.isBuffer(data) ? data : Buffer.from(data as Uint8Array)
      if (chunk.length === 0) return
      onChunk(chunk)
      if (length === 0) flushTimer.refresh()
      batch.push(chunk)
      length += chunk.length
      if (length >= batchBytes) {
        if (writing) source.pause()
        else writeBatch()
      }
    }
    const writeBatch = () => {
      const full = batch
      const fullLength = length
      batch = []
      length = 0
      writing = true
      write(full, fullLength).then(
        () => onWritten(full),
        (error: Error) => {
          detach()
          reject(error)
        },
      )
    }
    const onWritten = (written: readonly Buffer[]) => {
      writing = false
      if (disposable) for (const chunk of written) dispose(chunk)
      if (length >= batchBytes || (end !== undefined && length > 0)) writeBatch()
      else if (end !== undefined) settle(end)
      else if (length > 0) flushTimer.refresh()
      if (end === undefined) source.resume()
    }
    const stop = (reason: { readonly failure?: unknown }) => {
      if (end !== undefined) return
      end = reason
      detach()
      if (writing) return
      if (length > 0) writeBatch()
      else settle(reason)
    }
    const settle = (reason: { readonly failure?: unknown }) => {
      if ('failure' in reason) reject(reason.failure)
      else resolve()
    }
    const onAbort = () => stop({ failure: signal?.reason })
    const detach = () => {
      clearTimeout(flushTimer)
      source.off('data', onData)
      source.pause()
      signal?.removeEventListener('abort', onAbort)
      unfollow()
    }
    const flushTimer = setTimeout(() => {
      if (!writing && length > 0) writeBatch()
    }, flushMilliseconds)
    const unfollow = finished(source, { writable: false }, (error) =>
      stop(error === null || error === undefined ? {} : { failure: error }),
    )

    if (signal?.aborted === true) {
      onAbort()
      return
    }
    signal?.addEventListener('abort', onAbort)
    source.on('data', onData)
    source.resume()
  })
}
