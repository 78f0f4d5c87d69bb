import type { UpstreamObserver } from './upstream-observer.js'

/** Tells one after the other. */
export function bothObservers(first: UpstreamObserver, second: UpstreamObserver): UpstreamObserver {
  return {
    onRequest: (request) => {
      first.onRequest(request)
      second.onRequest(request)
    },
    onBody: (body) => {
      first.onBody?.(body)
      second.onBody?.(body)
    },
    onRateLimit: (limit) => {
      first.onRateLimit?.(limit)
      second.onRateLimit?.(limit)
    },
  }
}
