import { retryAfterSeconds } from './retry-after.js'
import { badAnswer, UpstreamError } from './upstream-error.js'
import type { UpstreamHeaders } from './upstream-headers.js'

/** The failure that an answer's status means. @param who the host in words: `upstream registry-1.docker.io` */
export function statusFailure(
  who: string,
  status: number,
  headers: UpstreamHeaders,
  now: number,
): UpstreamError {
  const seconds = retryAfterSeconds(headers.get('retry-after'), now)
  const wait = seconds === undefined ? {} : { retryAfterSeconds: seconds }
  switch (status) {
    case 401:
    case 403:
      return new UpstreamError(
        'DENIED',
        `${who} denies access (${status}): the content may not exist or needs credentials; ` +
          'check the name, and the user name and password of the remote repository',
        'alive',
      )
    case 451:
      return new UpstreamError('DENIED', `${who} withholds the content for legal reasons (451)`, 'alive')
    case 429:
      return new UpstreamError(
        'TOO_MANY_REQUESTS',
        `${who} answered 429 (too many requests): try again later, or give the remote repository credentials ` +
          'with a higher limit',
        'throttled',
        wait,
      )
    case 502:
      return new UpstreamError('UPSTREAM_FAILED', `${who} answered 502; try again later`, 'down', wait)
    case 503:
      return new UpstreamError('UPSTREAM_UNAVAILABLE', `${who} answered 503; try again later`, 'down', wait)
    case 504:
      return new UpstreamError('UPSTREAM_TIMEOUT', `${who} answered 504; try again later`, 'down', wait)
    default:
      return badAnswer(
        `${who} answered ${status}${status >= 500 ? '; try again later' : ', which was not expected'}`,
      )
  }
}
