import { RegistryError } from '@entrepot/kernel'
import type { UpstreamResponse } from '@entrepot/upstream'

/** The most bytes of one page of a list that are read from an upstream. */
const maximumPageBytes = 8 * 1024 * 1024

/** @throws RegistryError UPSTREAM_FAILED when the body is longer than `limit` bytes, or breaks off */
export async function readLimited(response: UpstreamResponse, limit: number, host: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      length += chunk.length
      if (length > limit) {
        throw new RegistryError(
          'UPSTREAM_FAILED',
          `upstream ${host} sent more than ${limit} bytes where that is the limit`,
        )
      }
      chunks.push(chunk)
    }
  } catch (cause) {
    if (cause instanceof RegistryError) throw cause
    throw new RegistryError(
      'UPSTREAM_FAILED',
      `upstream ${host} broke off its answer after ${length} bytes`,
      { cause },
    )
  }
  return Buffer.concat(chunks, length)
}

export interface JsonPage {
  readonly body: Readonly<Record<string, unknown>>
  /** How long it was. */
  readonly bytes: number
}

/** @throws RegistryError UPSTREAM_FAILED when the body is no JSON object */
export async function readJson(response: UpstreamResponse, host: string): Promise<JsonPage> {
  const bytes = await readLimited(response, maximumPageBytes, host)
  try {
    const value = JSON.parse(bytes.toString('utf8')) as unknown
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return { body: value as Record<string, unknown>, bytes: bytes.length }
  } catch (cause) {
    throw new RegistryError('UPSTREAM_FAILED', `upstream ${host} sent a list that is not JSON`, { cause })
  }
  throw new RegistryError('UPSTREAM_FAILED', `upstream ${host} sent a list that is not a JSON object`)
}
