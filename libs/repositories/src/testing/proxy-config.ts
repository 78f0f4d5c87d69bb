import type { ProxyConfig } from '../proxy-config.js'

export function proxyConfig(key: string, changes: Partial<ProxyConfig> = {}): ProxyConfig {
  return {
    key,
    host: 'proxy.example',
    port: 3128,
    username: '',
    password: '',
    ntHost: '',
    domain: '',
    platformDefault: false,
    redirectedToHosts: [],
    services: [],
    ...changes,
  }
}
