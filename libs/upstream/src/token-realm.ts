import { sameOwner } from './registrable-domain.js'
import { badAnswer } from './upstream-error.js'

export interface RealmRules {
  /** The URL of the upstream, as it was typed. */
  readonly upstream: URL
  readonly hasCredentials: boolean
  readonly allowAnyHostAuth: boolean
}

/**
 * The token endpoint that a challenge names, where it may be asked (protocol check list 216).
 * @throws UpstreamError UPSTREAM_FAILED for a realm that is no URL, that is http although the upstream is https, or that
 *   would get our credentials although it is not the upstream's own
 */
export function checkedRealm(realm: string | undefined, rules: RealmRules): URL {
  const who = `upstream ${rules.upstream.host}`
  const url = realm === undefined ? null : URL.parse(realm)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw badAnswer(`${who} asks for a token but its challenge names no http(s) address to get it from`)
  }
  if (rules.upstream.protocol === 'https:' && url.protocol === 'http:') {
    throw badAnswer(`${who} wants the token to be fetched over plain http from ${url.host}, which is refused`)
  }
  if (rules.hasCredentials && !rules.allowAnyHostAuth && !sameOwner(rules.upstream.hostname, url.hostname)) {
    throw badAnswer(
      `${who} wants the credentials to be sent to ${url.host}, which is not its own domain: if that is right, ` +
        'set allowAnyHostAuth on the remote repository, else remove its credentials',
    )
  }
  url.username = ''
  url.password = ''
  url.hash = ''
  return url
}
