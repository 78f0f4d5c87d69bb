import { Agent, type buildConnector, type Dispatcher } from 'undici'
import { AddressRefusedError } from './address-refused-error.js'
import { basicAuthorization } from './credentials.js'
import { type ConnectorOptions, guardedConnector } from './guarded-connector.js'
import { hostClass, mayLeadTo } from './inside-names.js'
import type { Network } from './network.js'
import { proxyConnector, tunnelConnector } from './tunnel-connector.js'
import { hostText, proxyFor, type UpstreamProxy } from './upstream-proxy.js'
import type { UpstreamSettings } from './upstream-settings.js'

export const defaultMaxConnections = 64

/** What is sent, but for where. */
export type Dispatched = Pick<Dispatcher.DispatchOptions, 'method' | 'reset'> & {
  readonly headers: Readonly<Record<string, string>>
}

interface ProxyAgents {
  readonly plain: Agent
  readonly tunnels: Agent
}

/**
 * The kept connections of one upstream: to it and where it leads, or to the proxy that is between. Through a proxy the
 * address is not known that a name has there; what can be told from the name is refused before the proxy is asked.
 */
export class Carriers {
  readonly #direct: Agent
  readonly #proxies = new Map<UpstreamProxy, ProxyAgents>()
  readonly #typed: URL
  readonly #connector: Omit<ConnectorOptions, 'typed'>

  constructor(
    private readonly settings: UpstreamSettings,
    private readonly network: Network,
  ) {
    this.#typed = new URL(settings.baseUrl)
    this.#connector = {
      connectMilliseconds: settings.timeLimitMilliseconds,
      trustedCertificates: settings.trustedCertificates,
      localAddress: settings.localAddress ?? '',
    }
    this.#direct = this.#agent(guardedConnector({ ...this.#connector, typed: this.#typed }, network))
  }

  /**
   * @returns the proxy that reads the request and may answer it itself
   * @throws AddressRefusedError, UpstreamError as `proxyFor`
   */
  dispatch(url: URL, request: Dispatched, handler: Dispatcher.DispatchHandler): UpstreamProxy | undefined {
    const proxy = proxyFor(this.settings.proxies, url)
    const there = { ...request, origin: url.origin, path: url.pathname + url.search }
    if (proxy === undefined) {
      this.#direct.dispatch(there, handler)
      return undefined
    }
    this.#requireOutside(url, proxy)
    const { plain, tunnels } = this.#agentsOf(proxy)
    if (url.protocol === 'https:') {
      tunnels.dispatch(there, handler)
      return undefined
    }
    const { username, password } = proxy
    const headers = {
      ...request.headers,
      host: url.host,
      ...(username === '' ? {} : { 'proxy-authorization': basicAuthorization({ username, password }) }),
    }
    const origin = `http://${hostText(proxy.host)}:${proxy.port}`
    plain.dispatch({ ...request, headers, origin, path: url.origin + there.path }, handler)
    return proxy
  }

  /** What proves ourselves to a host that the proxy sends us on to; undefined for any other host. */
  credentialsAt(url: URL): string | undefined {
    const proxy = proxyFor(this.settings.proxies, url)
    if (proxy === undefined || proxy.username === '' || !isRedirectedTo(proxy, url)) return undefined
    return basicAuthorization(proxy)
  }

  /** Ends all connections at once. */
  async close(): Promise<void> {
    const agents = [...this.#proxies.values()].flatMap(({ plain, tunnels }) => [plain, tunnels])
    await Promise.all([this.#direct, ...agents].map((agent) => agent.destroy()))
  }

  #requireOutside(url: URL, proxy: UpstreamProxy): void {
    if (url.origin === this.#typed.origin || isRedirectedTo(proxy, url)) return
    const classOf = ({ hostname }: URL) => {
      return hostClass(hostname.replace(/^\[|\]$/g, ''), (address) => this.network.classify(address))
    }
    if (!mayLeadTo(classOf(url), classOf(this.#typed))) {
      throw new AddressRefusedError(url.hostname, url.hostname)
    }
  }

  #agentsOf(proxy: UpstreamProxy): ProxyAgents {
    const known = this.#proxies.get(proxy)
    if (known !== undefined) return known
    const agents = {
      plain: this.#agent(proxyConnector(proxy, this.#connector, this.network)),
      tunnels: this.#agent(tunnelConnector(proxy, this.#connector, this.network)),
    }
    this.#proxies.set(proxy, agents)
    return agents
  }

  #agent(connect: buildConnector.connector): Agent {
    const { localAddress = '', maxConnections = defaultMaxConnections, idleLimitMilliseconds } = this.settings
    return new Agent({
      connect,
      connections: maxConnections,
      pipelining: 1,
      ...(localAddress === '' ? {} : { localAddress }),
      allowH2: false,
      keepAliveTimeout: 20_000,
      maxHeaderSize: 64 * 1024,
      headersTimeout: 0,
      bodyTimeout: idleLimitMilliseconds,
    })
  }
}

function isRedirectedTo({ redirectedToHosts }: UpstreamProxy, { hostname }: URL): boolean {
  return redirectedToHosts.includes(hostname.toLowerCase())
}
