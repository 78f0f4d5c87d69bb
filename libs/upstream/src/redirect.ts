import { badAnswer } from './upstream-error.js'

export const maxRedirects = 5

export function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308
}

/**
 * Where an answer sends us on to. Messages name its host only: the rest may be a signed URL.
 * @throws UpstreamError UPSTREAM_FAILED when there is no such place, or one that must not be gone to
 */
export function redirectTarget(from: URL, location: string | undefined, who: string): URL {
  if (location === undefined) throw badAnswer(`${who} answered with a redirect that has no Location`)
  const target = URL.parse(location, from.href)
  if (target === null) throw badAnswer(`${who} answered with a redirect whose Location is no URL`)
  if (target.protocol !== 'https:' && target.protocol !== 'http:') {
    throw badAnswer(
      `${who} redirects to a ${target.protocol.slice(0, 16)} address; only https and http are followed`,
    )
  }
  if (from.protocol === 'https:' && target.protocol === 'http:') {
    throw badAnswer(`${who} redirects from https to http (${target.host}), which is not followed`)
  }
  target.username = ''
  target.password = ''
  target.hash = ''
  return target
}
