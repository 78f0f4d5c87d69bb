import type { Clock, ErrorCode } from '@entrepot/kernel'
import type { UpstreamError } from './upstream-error.js'
import type { ObservedRateLimit, ObservedRequest, UpstreamObserver } from './upstream-observer.js'

/** A failure, and what had been asked. Neither has credentials or a query in it. */
export interface UpstreamFailure {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly method: 'GET' | 'HEAD'
  /** Below the upstream's URL. */
  readonly path: string
  readonly code: ErrorCode
  readonly message: string
}

/** What this process remembers of an upstream, since it knows it by its present settings. Times as in UpstreamFailure. */
export interface UpstreamRecord {
  readonly since: number
  /** Whether the last request was answered by something else than 502, 503 or 504; undefined before the first. */
  readonly reachable: boolean | undefined
  /** Since when that is so. */
  readonly reachableSince: number | undefined
  /** Requests to the upstream itself, and how many of them it answered. */
  readonly requests: number
  readonly answers: number
  readonly answeredAt: number | undefined
  /** Milliseconds until the headers of its last `count` answers were there, at most a hundred. */
  readonly latency:
    { readonly count: number; readonly last: number; readonly p50: number; readonly p95: number } | undefined
  /** As the upstream said last. */
  readonly rateLimit: (Omit<ObservedRateLimit, 'host'> & { readonly at: number }) | undefined
  /** When the upstream wants to be asked again, by its last `Retry-After`; undefined when that is over. */
  readonly retryAt: number | undefined
  /** How often a request failed, by the reason. */
  readonly failures: ReadonlyMap<ErrorCode, number>
  /** The newest first, at most twenty. */
  readonly lastFailures: readonly UpstreamFailure[]
}

const rememberedAnswers = 100
const rememberedFailures = 20
const downStatuses = new Set([502, 503, 504])

/** Writes down how an upstream does. In memory, and bounded. */
export class UpstreamHistory implements UpstreamObserver {
  readonly #since: number
  #reachable: boolean | undefined
  #reachableSince: number | undefined
  #requests = 0
  #answers = 0
  #answeredAt: number | undefined
  readonly #latencies: number[] = []
  #rateLimit: UpstreamRecord['rateLimit']
  #retryAt = 0
  readonly #failures = new Map<ErrorCode, number>()
  readonly #lastFailures: UpstreamFailure[] = []

  constructor(private readonly clock: Clock) {
    this.#since = clock.now()
  }

  onRequest({ purpose, status, milliseconds }: ObservedRequest): void {
    if (purpose !== 'registry') return
    this.#requests += 1
    const reachable = status !== undefined && !downStatuses.has(status)
    if (reachable !== this.#reachable) this.#reachableSince = this.clock.now()
    this.#reachable = reachable
    if (status === undefined) return
    this.#answers += 1
    this.#answeredAt = this.clock.now()
    this.#latencies.push(milliseconds)
    if (this.#latencies.length > rememberedAnswers) this.#latencies.shift()
  }

  onRateLimit({ host: _host, ...limit }: ObservedRateLimit): void {
    this.#rateLimit = { ...limit, at: this.clock.now() }
  }

  /** @param asked the path may have a query, which is left out */
  failed(asked: { readonly method: 'GET' | 'HEAD'; readonly path: string }, error: UpstreamError): void {
    const at = this.clock.now()
    const [path = ''] = asked.path.split('?', 1)
    const { code, message } = error
    this.#failures.set(code, (this.#failures.get(code) ?? 0) + 1)
    this.#lastFailures.unshift({ at, method: asked.method, path, code, message })
    if (this.#lastFailures.length > rememberedFailures) this.#lastFailures.pop()
    if (error.retryAfterSeconds !== undefined) this.#retryAt = at + error.retryAfterSeconds * 1000
  }

  record(): UpstreamRecord {
    const sorted = this.#latencies.toSorted((left, right) => left - right)
    const last = this.#latencies.at(-1)
    return {
      since: this.#since,
      reachable: this.#reachable,
      reachableSince: this.#reachableSince,
      requests: this.#requests,
      answers: this.#answers,
      answeredAt: this.#answeredAt,
      latency:
        last === undefined
          ? undefined
          : { count: sorted.length, last, p50: quantile(sorted, 0.5), p95: quantile(sorted, 0.95) },
      rateLimit: this.#rateLimit,
      retryAt: this.#retryAt > this.clock.now() ? this.#retryAt : undefined,
      failures: new Map(this.#failures),
      lastFailures: [...this.#lastFailures],
    }
  }
}

/** The least of the values that so large a part of them is not above. */
function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.max(Math.ceil(sorted.length * part) - 1, 0)] ?? 0
}
