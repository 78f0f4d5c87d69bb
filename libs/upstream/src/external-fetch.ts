import type { HopAnswer } from './exchange.js'
import { readPrefix } from './read-prefix.js'
import { isRedirect, maxRedirects, redirectTarget } from './redirect.js'
import type { Transport } from './transport.js'
import { badAnswer } from './upstream-error.js'

export interface ExternalRequest {
  /** Where a manifest of the upstream says that something is. */
  readonly url: string
  /** As of UpstreamRequest. */
  readonly range?: { readonly start: number; readonly end?: number | undefined } | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * GET of what lies outside an upstream: without any credentials, and only where the address guard and the rule that https
 * never leads to http let it.
 * @throws UpstreamError UPSTREAM_FAILED for a URL that is none, or that may not be asked; others as the transport
 */
export async function fetchExternal(
  transport: Transport,
  upstream: URL,
  { url: text, range, signal }: ExternalRequest,
  limitMilliseconds: number,
): Promise<HopAnswer & { readonly host: string }> {
  let url = externalUrl(text, upstream)
  const headers = range === undefined ? {} : { range: `bytes=${range.start}-${range.end ?? ''}` }
  for (let redirects = 0; redirects <= maxRedirects; redirects += 1) {
    const who = `${url.host}, where upstream ${upstream.host} says that content is,`
    const answer = await transport.send({ url, method: 'GET', headers, purpose: 'external', who, signal })
    if (answer.status === 200 || answer.status === 206) return { ...answer, host: url.host }
    await readPrefix(answer.body, limitMilliseconds)
    if (!isRedirect(answer.status)) throw badAnswer(`${who} answered ${answer.status}`)
    url = redirectTarget(url, answer.headers.get('location'), who)
  }
  throw badAnswer(`${url.host} redirects more than ${maxRedirects} times`)
}

function externalUrl(text: string, upstream: URL): URL {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw badAnswer(`upstream ${upstream.host} says that content is where no http(s) address leads`)
  }
  if (upstream.protocol === 'https:' && url.protocol === 'http:') {
    throw badAnswer(
      `upstream ${upstream.host} says that content is at ${url.host} over plain http, which is not asked`,
    )
  }
  url.username = ''
  url.password = ''
  url.hash = ''
  return url
}
