import { createHash, type Hash } from 'node:crypto'
import type { BlobSpec } from './tasks.js'

export const mebibyte = 1024 * 1024

/** What docker hands to one chunk of a chunked request: the buffer of Go's io.Copy. */
const chunkBytes = 32 * 1024

const block = blockOf('block')
const framedBlock = framed(block)

/** Hashes of 0, 1, 2 ... of the repeated block, so that a digest costs one block and not a gibibyte. */
const prefixes: Hash[] = [createHash('sha256')]

export interface Content {
  readonly size: number
  readonly digest: string
  /** MiB by MiB, in buffers that all contents share. */
  readonly pieces: readonly Buffer[]
  /** The same bytes as the chunks of a chunked request, without the last, empty one. RFC 9112 7.1. */
  readonly framedPieces: readonly Buffer[]
}

export function contentOf(spec: BlobSpec): Content {
  const last = blockOf(spec.name)
  const repeated = spec.mebibytes - 1
  const hash = prefixOf(repeated).copy().update(last)
  return {
    size: spec.mebibytes * mebibyte,
    digest: `sha256:${hash.digest('hex')}`,
    pieces: [...Array.from({ length: repeated }, () => block), last],
    framedPieces: [...Array.from({ length: repeated }, () => framedBlock), framed(last)],
  }
}

function prefixOf(blocks: number): Hash {
  for (;;) {
    const known = prefixes[blocks]
    if (known !== undefined) return known
    prefixes.push((prefixes.at(-1) as Hash).copy().update(block))
  }
}

/** Noise, so that no disk, file system or connection can make it smaller. */
function blockOf(name: string): Buffer {
  const bytes = Buffer.allocUnsafeSlow(mebibyte)
  for (let offset = 0, counter = 0; offset < mebibyte; offset += 32, counter += 1) {
    createHash('sha256').update(`${name} ${counter}`).digest().copy(bytes, offset)
  }
  return bytes
}

function framed(bytes: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let offset = 0; offset < bytes.length; offset += chunkBytes) {
    parts.push(Buffer.from(`${chunkBytes.toString(16)}\r\n`), bytes.subarray(offset, offset + chunkBytes))
    parts.push(Buffer.from('\r\n'))
  }
  return Buffer.concat(parts)
}
