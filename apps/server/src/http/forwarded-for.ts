import type { IncomingMessage } from 'node:http'

/**
 * The addresses that proxies say they had a request from, the client's own first: of `X-Forwarded-For`, and where there
 * is none, the `for` of each element of `Forwarded` (RFC 7239). What is written there is anybody's; an element without
 * an address is one too, as an empty text.
 */
export function forwardedFor({ headers }: IncomingMessage): string[] {
  const list = headers['x-forwarded-for']
  if (list !== undefined) return [list].flat().join(',').split(',').map(withoutPort)
  const { forwarded } = headers
  return forwarded === undefined ? [] : elements(forwarded).map((element) => withoutPort(forOf(element)))
}

/** Split at commas outside of quotes; RFC 7239 section 4. */
function elements(header: string): string[] {
  return header.match(/(?:"(?:[^"\\]|\\.)*"|[^,"])+/g) ?? []
}

function forOf(element: string): string {
  const [, quoted, token] = /(?:^|;)\s*for=(?:"([^"\\]*)"|([^\s;"]+))\s*(?:;|$)/i.exec(element) ?? []
  return quoted ?? token ?? ''
}

/** `192.0.2.1:4711` and `[2001:db8::1]:4711`; an IPv6 address without brackets has no port. */
function withoutPort(text: string): string {
  const trimmed = text.trim()
  const [, bracketed, dotted] = /^(?:\[([^\]]*)\]|([\d.]+))(?::\w+)?$/.exec(trimmed) ?? []
  return bracketed ?? dotted ?? trimmed
}
