import type { ErrorCode } from '@entrepot/kernel'

/** What a hop was for; `external` is what a manifest says to lie elsewhere. A redirect's target counts under the host that sent us there, so that labels stay few. */
export type HopPurpose = 'registry' | 'token' | 'redirect' | 'external'

export interface ObservedRequest {
  /** The upstream's own host, whichever host the hop went to. */
  readonly host: string
  readonly purpose: HopPurpose
  readonly method: 'GET' | 'HEAD'
  /** Undefined when there was no answer: then `error` says why. */
  readonly status: number | undefined
  readonly error: ErrorCode | undefined
  /** Until the headers were there or the hop had failed. */
  readonly milliseconds: number
}

export interface ObservedBody {
  readonly host: string
  readonly bytes: number
  readonly milliseconds: number
  /** False when it broke off or its reader left. */
  readonly complete: boolean
}

/** What the upstream says of its quota: `ratelimit-limit: 100;w=21600` (Docker Hub). */
export interface ObservedRateLimit {
  readonly host: string
  readonly limit: number
  readonly remaining: number
  readonly windowSeconds: number | undefined
  /** When the quota is whole again, in milliseconds since the epoch, where the upstream says. */
  readonly resetAt: number | undefined
}

/** Told what happens, for metrics. Must not throw. */
export interface UpstreamObserver {
  /** One hop: a request of a caller is several with its token and redirects. */
  onRequest(request: ObservedRequest): void
  /** The body of a successful GET has ended. */
  onBody?(body: ObservedBody): void
  onRateLimit?(limit: ObservedRateLimit): void
}

export const silentObserver: UpstreamObserver = { onRequest: () => undefined }
