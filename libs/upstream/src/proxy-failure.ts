import type { UpstreamProxy } from './upstream-proxy.js'

/** A proxy that could not be reached, or that did not let us through. */
export class ProxyFailure extends Error {
  override readonly name = 'ProxyFailure'

  /** @param status what it answered; undefined where it did not */
  constructor(
    readonly proxy: UpstreamProxy,
    readonly status: number | undefined,
    cause?: unknown,
  ) {
    super(`proxy ${proxy.name} answered ${status ?? 'nothing'}`, cause === undefined ? undefined : { cause })
  }
}
