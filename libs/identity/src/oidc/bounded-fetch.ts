import { RegistryError } from '@entrepot/kernel'

const timeoutMilliseconds = 5000
const maximumBytes = 1024 * 1024
const retryAfterSeconds = 5

interface FetchOptions {
  readonly method?: string
  readonly headers?: RequestInit['headers']
  readonly body?: RequestInit['body']
  readonly signal?: AbortSignal | undefined
}

/**
 * To a provider and back within five seconds and a megabyte, without following redirects.
 * @throws RegistryError UNAVAILABLE when the provider can't be asked or fails: never taken for a refusal
 */
export async function boundedFetch(url: string, options: FetchOptions = {}): Promise<Response> {
  const { method = 'GET', headers = {}, body } = options
  const timeout = AbortSignal.timeout(timeoutMilliseconds)
  const signal = options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout])
  try {
    const response = await fetch(url, { method, headers, body: body ?? null, redirect: 'manual', signal })
    if (response.status >= 500 || response.status === 429) {
      await response.body?.cancel()
      throw new Error(`it answered ${response.status}`)
    }
    const { status, statusText } = response
    const content = status === 204 || status === 304 ? null : await readBounded(response)
    return new Response(content, { status, statusText, headers: response.headers })
  } catch (error) {
    throw providerUnavailable(new Error(`${method} ${new URL(url).origin} failed`, { cause: error }))
  }
}

/** What a client learns of a provider that can't be asked; the log has the cause. */
export function providerUnavailable(cause: unknown): RegistryError {
  return new RegistryError(
    'UNAVAILABLE',
    'the OpenID provider can not be asked at present: try again in a moment, or tell the administrator',
    { retryAfterSeconds, cause },
  )
}

async function readBounded(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength
    if (size > maximumBytes) throw new Error(`it answered more than ${maximumBytes} bytes`)
    chunks.push(chunk)
  }
  return new Uint8Array(Buffer.concat(chunks))
}
