import { type Clock, isRegistryError } from '@entrepot/kernel'
import { Carriers } from './carriers.js'
import { bodyFailure, connectionFailure, HeadersOverdueError, isReset } from './connection-failure.js'
import { Exchange, type HopAnswer } from './exchange.js'
import type { Network } from './network.js'
import { ProxyFailure } from './proxy-failure.js'
import { observeRateLimit } from './rate-limit.js'
import type { HopPurpose, UpstreamObserver } from './upstream-observer.js'
import type { UpstreamSettings } from './upstream-settings.js'

export interface Hop {
  readonly url: URL
  readonly method: 'GET' | 'HEAD'
  readonly headers: Readonly<Record<string, string>>
  readonly purpose: HopPurpose
  /** The other side in words, for messages. */
  readonly who: string
  readonly signal: AbortSignal | undefined
}

/** Single requests over kept connections: time limits, address guard, one repetition, failures in our own words. */
export class Transport {
  readonly #carriers: Carriers
  readonly #host: string

  constructor(
    private readonly settings: UpstreamSettings,
    private readonly clock: Clock,
    private readonly observer: UpstreamObserver,
    network: Network,
  ) {
    this.#host = new URL(settings.baseUrl).host
    this.#carriers = new Carriers(settings, network)
  }

  /** What is shown to a host that a proxy sends us on to; undefined for any other. */
  proxyCredentialsAt(url: URL): string | undefined {
    return this.#carriers.credentialsAt(url)
  }

  /**
   * Any status is an answer here, and its body is the caller's to end.
   * @throws UpstreamError for no answer
   * @throws the signal's reason
   */
  async send(hop: Hop): Promise<HopAnswer> {
    const start = this.clock.now()
    try {
      const answer = await this.#twice(hop, start)
      this.#report(hop, start, { status: answer.status, error: undefined })
      if (hop.purpose === 'registry')
        observeRateLimit(this.#host, answer.headers, this.observer, this.clock.now())
      return answer
    } catch (error) {
      hop.signal?.throwIfAborted()
      const failure = connectionFailure(hop.who, error)
      this.#report(hop, start, { status: undefined, error: failure.code })
      throw failure
    }
  }

  async close(): Promise<void> {
    await this.#carriers.close()
  }

  /** A kept connection may have been closed by the other side just now (RFC 9112 9.3.1): GET and HEAD may be repeated. */
  async #twice(hop: Hop, start: number): Promise<HopAnswer> {
    try {
      return await this.#once(hop, start)
    } catch (error) {
      if (hop.signal?.aborted === true || !isReset(error)) throw error
      return this.#once(hop, start)
    }
  }

  async #once(hop: Hop, start: number): Promise<HopAnswer> {
    hop.signal?.throwIfAborted()
    const leave = () => exchange.cancel(asError(hop.signal?.reason))
    const exchange = new Exchange({
      bodyFailure: (error, bytes) => (isRegistryError(error) ? error : bodyFailure(hop.who, error, bytes)),
      bodyEnded: (bytes, complete) => {
        hop.signal?.removeEventListener('abort', leave)
        this.#bodyEnded(hop, start, bytes, complete)
      },
    })
    const overdue = setTimeout(
      () => exchange.cancel(new HeadersOverdueError('no headers in time')),
      this.settings.timeLimitMilliseconds,
    )
    hop.signal?.addEventListener('abort', leave, { once: true })
    try {
      const headers = { 'user-agent': this.settings.userAgent, 'accept-encoding': 'identity', ...hop.headers }
      // Otherwise undici closes the connection after each HEAD, and every tag check costs a TLS handshake.
      const proxy = this.#carriers.dispatch(hop.url, { method: hop.method, headers, reset: false }, exchange)
      const answer = await exchange.answer
      if (proxy === undefined || answer.status !== 407) return answer
      answer.body.destroy()
      throw new ProxyFailure(proxy, 407)
    } catch (error) {
      hop.signal?.removeEventListener('abort', leave)
      throw error
    } finally {
      clearTimeout(overdue)
    }
  }

  #report(
    hop: Hop,
    start: number,
    outcome: Pick<Parameters<UpstreamObserver['onRequest']>[0], 'status' | 'error'>,
  ): void {
    const { purpose, method } = hop
    this.observer.onRequest({
      host: this.#host,
      purpose,
      method,
      milliseconds: this.clock.now() - start,
      ...outcome,
    })
  }

  #bodyEnded(hop: Hop, start: number, bytes: number, complete: boolean): void {
    if (hop.method === 'HEAD' || hop.purpose === 'token') return
    this.observer.onBody?.({ host: this.#host, bytes, milliseconds: this.clock.now() - start, complete })
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason })
}
