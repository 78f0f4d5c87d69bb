import { createHash, type Hash } from 'node:crypto'
import { readSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import type { HashAnswer, HashRequest } from './hash-messages.js'

/** Small enough for a core's own cache: bytes are hashed there, not fetched from memory again. */
const buffer = Buffer.allocUnsafeSlow(256 * 1024)

const hashes = new Map<number, Hash>()

/** Node runs this file from its source too, so it imports nothing but Node's own modules and types. */
parentPort?.on('message', (request: HashRequest) => {
  if (request.kind === 'forget') hashes.delete(request.id)
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
  else parentPort?.postMessage(answerTo(request))
})

function answerTo(request: Exclude<HashRequest, { readonly kind: 'forget' }>): HashAnswer {
  const { id } = request
  try {
    if (request.kind === 'digest') return { id, hex: hashOf(id).copy().digest('hex') }
    if (request.start === 0) hashes.set(id, createHash(request.algorithm))
    read(hashOf(id), request.descriptor, request.start, request.end)
    return { id }
  } catch (error) {
    return { id, error }
  }
}

function hashOf(id: number): Hash {
  const hash = hashes.get(id)
  if (hash === undefined) throw new Error(`hash ${id} was never begun`)
  return hash
}

function read(hash: Hash, descriptor: number, start: number, end: number): void {
  for (let position = start; position < end;) {
    const count = readSync(descriptor, buffer, 0, Math.min(buffer.length, end - position), position)
    if (count === 0) throw new Error(`the file ends at ${position}, expected ${end} bytes`)
    hash.update(buffer.subarray(0, count))
    position += count
  }
}
