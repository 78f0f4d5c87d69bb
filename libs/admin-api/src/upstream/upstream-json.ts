import type { UpstreamProbe, UpstreamState } from '@entrepot/oci-repository'
import type { RemoteConfig } from '@entrepot/repositories'

/**
 * What is known of the upstream of a remote repository. Times are ISO 8601, durations in milliseconds.
 * @param tellsPaths whether it is told what was asked for: for who may read all of it
 */
export function upstreamJson(config: RemoteConfig, state: UpstreamState, tellsPaths: boolean): object {
  const { record } = state
  return {
    repo: config.key,
    url: addressOf(config.url),
    offline: config.offline,
    reachable: record.reachable ?? null,
    reachable_since: timeOf(record.reachableSince),
    circuit: {
      state: state.circuit,
      since: timeOf(state.since),
      next_try: timeOf(state.until),
      failure: state.failure ?? null,
    },
    observed_since: timeOf(record.since),
    requests: {
      total: record.requests,
      answered: record.answers,
      active: state.active,
      waiting: state.waiting,
      last_answer: timeOf(record.answeredAt),
    },
    latency: record.latency ?? null,
    rate_limit: rateLimitJson(record.rateLimit),
    retry_after: timeOf(record.retryAt),
    failures: Object.fromEntries(record.failures),
    last_failures: record.lastFailures.map(({ at, method, path, code, message }) => ({
      at: timeOf(at),
      ...(tellsPaths ? { asked: `${method} ${path}` } : {}),
      code,
      message,
    })),
  }
}

export function probeJson(config: RemoteConfig, probe: UpstreamProbe): object {
  const { reachable, status, milliseconds, failure } = probe
  const url = addressOf(config.url)
  return { repo: config.key, url, reachable, status: status ?? null, milliseconds, failure: failure ?? null }
}

function rateLimitJson(limit: UpstreamState['record']['rateLimit']): object | null {
  if (limit === undefined) return null
  return {
    limit: limit.limit,
    remaining: limit.remaining,
    window_seconds: limit.windowSeconds ?? null,
    reset: timeOf(limit.resetAt),
    at: timeOf(limit.at),
  }
}

/** Whatever somebody once put into it: no credentials and no query. */
function addressOf(text: string): string {
  const url = new URL(text)
  return url.origin + url.pathname.replace(/\/$/, '')
}

function timeOf(milliseconds: number | undefined): string | null {
  return milliseconds === undefined ? null : new Date(milliseconds).toISOString()
}
