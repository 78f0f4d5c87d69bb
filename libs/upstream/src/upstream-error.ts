import { RegistryError, type ErrorCode, type RegistryErrorOptions } from '@entrepot/kernel'

/** What a failure says of the upstream: it is down, it wants to be left alone, or it is there and said no. */
export type FailureEffect = 'down' | 'throttled' | 'alive'

/** A RegistryError that the circuit can read. Messages name hosts and statuses; never addresses, tokens or queries. */
export class UpstreamError extends RegistryError {
  constructor(
    code: ErrorCode,
    message: string,
    readonly effect: FailureEffect,
    options: RegistryErrorOptions = {},
  ) {
    super(code, message, options)
  }

  /** The same failure where it says nothing of the upstream: that of a redirect's target. */
  asAlive(): UpstreamError {
    return new UpstreamError(this.code, this.message, 'alive', {
      cause: this.cause,
      ...(this.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: this.retryAfterSeconds }),
    })
  }
}

/** For an answer, or a rule of ours, that makes going on impossible although the upstream is there. */
export function badAnswer(message: string, cause?: unknown): UpstreamError {
  return new UpstreamError('UPSTREAM_FAILED', message, 'alive', { cause })
}
