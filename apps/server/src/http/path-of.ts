import type { IncomingMessage } from 'node:http'

/**
 * The path as it was sent, still encoded and without the query. A target in absolute form, as proxies send it, is first
 * cut down to its path: RFC 9112 section 3.2.2 has every server take it.
 */
export function pathOf(request: IncomingMessage): string {
  const target = request.url ?? '/'
  const absolute = /^https?:\/\/[^/?#]*/i.exec(target)?.[0]
  if (absolute !== undefined) {
    const rest = target.slice(absolute.length)
    request.url = rest.startsWith('/') ? rest : `/${rest}`
  }
  const url = request.url ?? '/'
  const query = url.indexOf('?')
  return query < 0 ? url : url.slice(0, query)
}
