import { Readable } from 'node:stream'
import type { Clock } from '@entrepot/kernel'
import type { Authorization, Authorizer } from './authorizer.js'
import type { Circuit } from './circuit.js'
import type { ConnectionSlots } from './connection-slots.js'
import type { HopAnswer } from './exchange.js'
import { type ExternalRequest, fetchExternal } from './external-fetch.js'
import { readPrefix } from './read-prefix.js'
import { isRedirect, maxRedirects, redirectTarget } from './redirect.js'
import { statusFailure } from './status-failure.js'
import type { Transport } from './transport.js'
import type { UpstreamClient, UpstreamProbe, UpstreamRequest, UpstreamResponse } from './upstream-client.js'
import { badAnswer, UpstreamError } from './upstream-error.js'
import type { UpstreamHistory } from './upstream-history.js'
import { upstreamName } from './upstream-proxy.js'
import type { UpstreamSettings } from './upstream-settings.js'
import type { UpstreamState } from './upstream-state.js'

interface Arrival extends HopAnswer {
  /** Where the last redirect led, or the URL that was asked for. */
  readonly url: URL
}

const returned = new Set([304, 404, 405, 410, 416, 501])
/** What hosts of signed addresses answer to a HEAD where the address was signed for GET. */
const headRefusals = new Set([401, 403, 405, 501])

/** The upstream client over HTTP/1.1. See {@link UpstreamClient} for what it promises. */
export class HttpUpstream implements UpstreamClient {
  readonly #base: URL
  readonly #who: string
  #probe: Promise<UpstreamProbe> | undefined

  constructor(
    private readonly settings: UpstreamSettings,
    private readonly clock: Clock,
    private readonly transport: Transport,
    private readonly authorizer: Authorizer,
    private readonly gate: {
      readonly circuit: Circuit
      readonly slots: ConnectionSlots
      readonly history: UpstreamHistory
      readonly ping: () => Promise<HopAnswer>
    },
  ) {
    this.#base = new URL(settings.baseUrl)
    this.#who = upstreamName(this.#base, settings.proxies)
  }

  async request(request: UpstreamRequest): Promise<UpstreamResponse> {
    const url = this.#locate(request.path)
    const { circuit, slots } = this.gate
    circuit.check()
    const release = await slots.take(request.signal)
    try {
      const attempt = circuit.admit()
      try {
        const arrival = await this.#ask(url, request)
        const response = await this.#response(request.method, arrival, release)
        attempt.succeeded()
        response.body.once('error', (error) => this.#note(request, error))
        return response
      } catch (error) {
        this.#note(request, error)
        if (error instanceof UpstreamError) attempt.failed(error)
        throw error
      } finally {
        attempt.abandoned()
      }
    } catch (error) {
      release()
      throw error
    }
  }

  async external(request: ExternalRequest): Promise<UpstreamResponse> {
    const release = await this.gate.slots.take(request.signal)
    try {
      if (this.gate.history.record().answers === 0) await this.#findHome()
      const { timeLimitMilliseconds } = this.settings
      const found = await fetchExternal(this.transport, this.#base, request, timeLimitMilliseconds)
      found.body.once('close', release)
      if (found.body.closed) release()
      return found
    } catch (error) {
      release()
      throw error
    }
  }

  requireAskable(): void {
    this.gate.circuit.check()
  }

  probe(): Promise<UpstreamProbe> {
    this.#probe ??= this.#askNow().finally(() => {
      this.#probe = undefined
    })
    return this.#probe
  }

  state(): UpstreamState {
    const { circuit, slots, history } = this.gate
    return {
      host: this.#base.host,
      ...circuit.state(),
      active: slots.active,
      waiting: slots.waiting,
      record: history.record(),
    }
  }

  async close(): Promise<void> {
    const message = `${this.#who} is no longer used: its repository was changed or the server is stopping`
    this.gate.slots.close(new UpstreamError('UPSTREAM_UNAVAILABLE', message, 'alive'))
    await this.transport.close()
  }

  /** Where the upstream is decides what is reached from it; when it can't be asked, what is public still is. */
  async #findHome(): Promise<void> {
    try {
      await this.gate.ping()
    } catch (error) {
      this.#note({ method: 'GET', path: '/v2/' }, error)
      if (!(error instanceof UpstreamError)) throw error
    }
  }

  async #askNow(): Promise<UpstreamProbe> {
    const start = this.clock.now()
    const attempt = this.gate.circuit.force()
    try {
      const { status } = await this.gate.ping()
      attempt.succeeded()
      return { reachable: true, status, milliseconds: this.clock.now() - start, failure: undefined }
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error
      this.#note({ method: 'GET', path: '/v2/' }, error)
      attempt.failed(error)
      const { code, message, effect } = error
      const milliseconds = this.clock.now() - start
      return { reachable: effect !== 'down', status: undefined, milliseconds, failure: { code, message } }
    } finally {
      attempt.abandoned()
    }
  }

  #note(asked: Pick<UpstreamRequest, 'method' | 'path'>, error: unknown): void {
    if (error instanceof UpstreamError) this.gate.history.failed(asked, error)
  }

  /** @throws TypeError for a path that would lead out of the base URL: names are checked long before they come here */
  #locate(path: string): URL {
    const prefix = this.#base.pathname.replace(/\/+$/, '')
    const url = new URL(prefix + path, this.#base)
    const asWritten = prefix + (path.split('?', 1)[0] ?? '')
    if (!path.startsWith('/') || url.origin !== this.#base.origin || url.pathname !== asWritten) {
      throw new TypeError(`${JSON.stringify(path)} is no path below an upstream`)
    }
    return withParams(url, this.settings.queryParams ?? '')
  }

  /** The token dance around the request: asks, and asks again as long as a refusal leaves something to try. */
  async #ask(url: URL, request: UpstreamRequest): Promise<Arrival> {
    const { scope, signal } = request
    let authorization = await this.authorizer.forScope(scope, signal)
    for (let refusals = 0; ; refusals += 1) {
      const arrival = await this.#follow(url, request, authorization)
      const refused = arrival.status === 401 || arrival.status === 403
      if (!refused || refusals === 2 || this.#isElsewhere(arrival.url)) return arrival
      await readPrefix(arrival.body, this.settings.timeLimitMilliseconds)
      const next = await this.authorizer.afterRefusal(arrival, scope, authorization, signal)
      if (next === undefined) return arrival
      authorization = next
    }
  }

  async #follow(start: URL, request: UpstreamRequest, authorization: Authorization): Promise<Arrival> {
    let url = start
    let credentials = authorization.header
    for (let redirects = 0; redirects <= maxRedirects; redirects += 1) {
      const ofProxy = this.#isElsewhere(url) ? this.transport.proxyCredentialsAt(url) : undefined
      const answer = await this.#hop(url, request, ofProxy ?? credentials)
      if (!isRedirect(answer.status)) return { ...answer, url }
      await readPrefix(answer.body, this.settings.timeLimitMilliseconds)
      url = redirectTarget(url, answer.headers.get('location'), this.#who)
      if (this.#isElsewhere(url) && !this.settings.allowAnyHostAuth) credentials = undefined
    }
    throw badAnswer(`${this.#who} redirects more than ${maxRedirects} times`)
  }

  async #hop(url: URL, request: UpstreamRequest, authorization: string | undefined): Promise<HopAnswer> {
    const { method, range, signal } = request
    const elsewhere = this.#isElsewhere(url)
    const headers = {
      ...request.headers,
      ...(range === undefined ? {} : { range: `bytes=${range.start}-${range.end ?? ''}` }),
      ...(authorization === undefined ? {} : { authorization }),
    }
    const who = this.#nameOf(url)
    try {
      const purpose = elsewhere ? 'redirect' : 'registry'
      return await this.transport.send({ url, method, headers, purpose, who, signal })
    } catch (error) {
      throw elsewhere && error instanceof UpstreamError ? error.asAlive() : error
    }
  }

  async #response(method: 'GET' | 'HEAD', arrival: Arrival, release: () => void): Promise<UpstreamResponse> {
    const { status, headers, body, url } = arrival
    if (method === 'GET' && status >= 200 && status < 300) {
      body.once('close', release)
      if (body.closed) release()
      return { status, headers, body, host: url.host }
    }
    const text = await readPrefix(body, this.settings.timeLimitMilliseconds)
    const elsewhere = this.#isElsewhere(url)
    const headElsewhere = method === 'HEAD' && elsewhere && headRefusals.has(status)
    if (!headElsewhere && !returned.has(status) && !(status >= 200 && status < 300)) {
      throw this.#failure(arrival)
    }
    release()
    return {
      status: headElsewhere ? 405 : status,
      headers,
      body: Readable.from(text.length === 0 ? [] : [text]),
      host: url.host,
    }
  }

  #failure({ status, headers, url }: Arrival): UpstreamError {
    if (!this.#isElsewhere(url)) return statusFailure(this.#who, status, headers, this.clock.now())
    if (status !== 401 && status !== 403) {
      return statusFailure(this.#nameOf(url), status, headers, this.clock.now()).asAlive()
    }
    const advice =
      url.hostname === this.#base.hostname
        ? `if it has moved there, make ${url.origin} the url of the remote repository`
        : 'no credentials are sent there unless allowAnyHostAuth is set on the remote repository'
    return badAnswer(`${this.#nameOf(url)} answered ${status}: ${advice}`)
  }

  #isElsewhere(url: URL): boolean {
    return url.origin !== this.#base.origin
  }

  #nameOf(url: URL): string {
    return this.#isElsewhere(url) ? `${url.host}, to which ${this.#who} redirects,` : this.#who
  }
}

/** Those that the URL has already stay as they are: a `Link` to the next page may repeat what was sent. */
function withParams(url: URL, params: string): URL {
  const added = params.split('&').filter((param) => {
    const [name] = new URLSearchParams(param).keys()
    return name !== undefined && !url.searchParams.has(name)
  })
  if (added.length > 0) url.search = [url.search.slice(1), ...added].filter((part) => part !== '').join('&')
  return url
}
