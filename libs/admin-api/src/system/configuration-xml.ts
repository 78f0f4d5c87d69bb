import type { LockPolicy } from '@entrepot/identity'
import type { ProxyConfig } from '@entrepot/repositories'
import { xmlDocument, type XmlElement } from './xml.js'

export interface ShownConfiguration {
  readonly anonymousAccess: boolean
  readonly lockPolicy: Pick<LockPolicy, 'enabled' | 'loginAttempts'>
  readonly publicUrl: string | undefined
  readonly proxies: readonly ProxyConfig[]
}

const namespace = 'http://artifactory.jfrog.org/xsd/3.1.26'

/** Artifactory's descriptor of the whole, as far as there is something of it here. Never with a password. */
export function configurationXml({
  anonymousAccess,
  lockPolicy,
  publicUrl,
  proxies,
}: ShownConfiguration): string {
  const { enabled, loginAttempts } = lockPolicy
  const content: readonly XmlElement[] = [
    {
      name: 'security',
      content: [
        { name: 'anonAccessEnabled', content: anonymousAccess },
        {
          name: 'userLockPolicy',
          content: [
            { name: 'enabled', content: enabled },
            { name: 'loginAttempts', content: loginAttempts },
          ],
        },
      ],
    },
    ...given('urlBase', publicUrl ?? ''),
    { name: 'proxies', content: proxies.map((proxy) => ({ name: 'proxy', content: proxyElements(proxy) })) },
  ]
  return xmlDocument({ name: 'config', content }, namespace)
}

function proxyElements(proxy: ProxyConfig): readonly XmlElement[] {
  const { key, host, port, username, ntHost, domain, platformDefault, redirectedToHosts, services } = proxy
  return [
    { name: 'key', content: key },
    { name: 'host', content: host },
    { name: 'port', content: port },
    ...given('username', username),
    ...given('ntHost', ntHost),
    ...given('domain', domain),
    { name: 'platformDefault', content: platformDefault },
    ...given('redirectedToHosts', redirectedToHosts.join(',')),
    ...given('services', services.join(',')),
  ]
}

function given(name: string, content: string): readonly XmlElement[] {
  return content === '' ? [] : [{ name, content }]
}
