import type { Readable } from 'node:stream'

const disposableChunks = Symbol('disposableChunks')

/**
 * Says of a stream that nobody but its reader holds its chunks, as with the body of an HTTP request, whose parser copies
 * every chunk for it.
 */
export function withDisposableChunks<T extends Readable>(source: T): T {
  return Object.assign(source, { [disposableChunks]: true })
}

export function hasDisposableChunks(source: Readable): boolean {
  return disposableChunks in source
}

/**
 * Gives the memory of a written chunk back at once. Left to the collector, an upload fills V8's allowance of memory
 * outside the heap every 64 MiB, and each time the whole heap is marked: that took more CPU than hashing did.
 */
export function dispose(chunk: Buffer): void {
  const memory = chunk.buffer
  if (memory instanceof ArrayBuffer && memory.byteLength === chunk.byteLength) memory.transfer(0)
}
