import type { UpstreamHeaders } from './upstream-headers.js'
import type { UpstreamObserver } from './upstream-observer.js'

/** Passes on `ratelimit-limit: 100;w=21600` and `ratelimit-remaining: 20;w=21600`, where the upstream sends both. */
export function observeRateLimit(host: string, headers: UpstreamHeaders, observer: UpstreamObserver): void {
  if (observer.onRateLimit === undefined) return
  const limit = /^(\d{1,9})(?:;w=(\d{1,9}))?/.exec(headers.get('ratelimit-limit') ?? '')
  const remaining = /^\d{1,9}/.exec(headers.get('ratelimit-remaining') ?? '')
  if (limit === null || remaining === null) return
  const windowSeconds = limit[2] === undefined ? undefined : Number(limit[2])
  observer.onRateLimit({ host, limit: Number(limit[1]), remaining: Number(remaining[0]), windowSeconds })
}
