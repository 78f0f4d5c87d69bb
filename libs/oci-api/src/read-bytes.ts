import { type ErrorCode, RegistryError } from '@entrepot/kernel'
import type { Exchange } from './exchange.js'

export interface ReadBytesOptions {
  readonly limit: number
  readonly tooLarge: ErrorCode
  readonly stallMilliseconds: number
}

/**
 * Takes a small body whole.
 * @throws RegistryError `tooLarge` as soon as it is known to have more than `limit` bytes
 */
export async function readBytes(exchange: Exchange, options: ReadBytesOptions): Promise<Buffer> {
  if (!exchange.hasRequestBody) return Buffer.alloc(0)
  if (Number(exchange.request.headers['content-length'] ?? 0) > options.limit) throw tooLarge(options)
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of exchange.openBody(options.stallMilliseconds)) {
    const bytes = chunk as Buffer
    size += bytes.length
    if (size > options.limit) throw tooLarge(options)
    chunks.push(bytes)
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, size)
}

function tooLarge(options: ReadBytesOptions): RegistryError {
  return new RegistryError(options.tooLarge, `the body has more than ${options.limit} bytes`)
}
