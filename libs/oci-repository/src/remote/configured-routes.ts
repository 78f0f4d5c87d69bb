import type { Proxies, ProxyConfig, RemoteConfig } from '@entrepot/repositories'
import { alwaysThrough, type ProxyRules, throughMissing } from '@entrepot/upstream'

/** What is between this server and the upstreams of remote repositories. */
export interface UpstreamRoutes {
  /** @returns undefined for an upstream that is reached directly */
  of(config: Pick<RemoteConfig, 'proxy' | 'disableProxy'>): ProxyRules | undefined
  /** Calls back when any of them may have changed. */
  onChange(listener: () => void): void
}

/**
 * The proxy that a repository names; else the default one; else what the environment of the process says. None for a
 * repository that is to go without.
 */
export class ConfiguredRoutes implements UpstreamRoutes {
  constructor(
    private readonly proxies: Pick<Proxies, 'find' | 'default' | 'onChange'>,
    private readonly environment: ProxyRules | undefined,
  ) {}

  of({ proxy: key, disableProxy }: Pick<RemoteConfig, 'proxy' | 'disableProxy'>): ProxyRules | undefined {
    if (disableProxy) return undefined
    if (key === '') {
      const proxy = this.proxies.default()
      return proxy === undefined ? this.environment : alwaysThrough(upstreamProxyOf(proxy))
    }
    const proxy = this.proxies.find(key)
    return proxy === undefined ? throughMissing(key) : alwaysThrough(upstreamProxyOf(proxy))
  }

  onChange(listener: () => void): void {
    this.proxies.onChange(listener)
  }
}

function upstreamProxyOf({ key, host, port, username, password, redirectedToHosts }: ProxyConfig) {
  return { name: key, host, port, username, password, redirectedToHosts }
}
