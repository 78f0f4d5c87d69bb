import type { Readable } from 'node:stream'

/** Error pages and tokens are small; what is longer is cut off. */
export const prefixBytes = 64 * 1024

/**
 * Reads a small body to its end, so that its connection can be kept; one that is longer, or takes longer, is destroyed.
 * @returns its first 64 KiB, or what came before it broke off
 */
export async function readPrefix(body: Readable, milliseconds: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  const timer = setTimeout(() => body.destroy(), milliseconds)
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes >= prefixBytes) break
    }
  } catch {
    // The status has said what matters; whoever needs the whole body notices that it is not whole.
  } finally {
    clearTimeout(timer)
  }
  return Buffer.concat(chunks).subarray(0, prefixBytes)
}
