import type { UpstreamHeaders } from './upstream-headers.js'
import type { UpstreamObserver } from './upstream-observer.js'

/** A `ratelimit-reset` above this is a time in seconds since the epoch, as some send it, and no number of seconds to wait. */
const earliestTime = 1_000_000_000

/**
 * Passes on `ratelimit-limit: 100;w=21600`, `ratelimit-remaining: 20;w=21600` and `ratelimit-reset: 300`, where the upstream
 * sends the first two. draft-ietf-httpapi-ratelimit-headers; Docker Hub sends no reset.
 * @param now milliseconds since the epoch
 */
export function observeRateLimit(
  host: string,
  headers: UpstreamHeaders,
  observer: UpstreamObserver,
  now: number,
): void {
  if (observer.onRateLimit === undefined) return
  const limit = /^(\d{1,9})(?:;w=(\d{1,9}))?/.exec(headers.get('ratelimit-limit') ?? '')
  const remaining = /^\d{1,9}/.exec(headers.get('ratelimit-remaining') ?? '')
  if (limit === null || remaining === null) return
  const windowSeconds = limit[2] === undefined ? undefined : Number(limit[2])
  const reset = /^\d{1,10}/.exec(headers.get('ratelimit-reset') ?? '')
  const resetAt = reset === null ? undefined : timeOfReset(Number(reset[0]), now)
  observer.onRateLimit({
    host,
    limit: Number(limit[1]),
    remaining: Number(remaining[0]),
    windowSeconds,
    resetAt,
  })
}

function timeOfReset(seconds: number, now: number): number {
  return seconds > earliestTime ? seconds * 1000 : now + seconds * 1000
}
