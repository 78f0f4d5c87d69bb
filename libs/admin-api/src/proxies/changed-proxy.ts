import { RegistryError } from '@entrepot/kernel'
import type { ProxyConfig } from '@entrepot/repositories'
import { entriesOf, type ProxyDto } from './proxy.dto.js'

/**
 * `current`, or a new one, with what the DTO gives; what it doesn't give stays.
 * @throws RegistryError REQUEST_INVALID for a new one without host or port
 */
export function changedProxy(key: string, current: ProxyConfig | undefined, dto: ProxyDto): ProxyConfig {
  const { host = current?.host, port = current?.port } = dto
  if (host === undefined) throw missing(key, 'host', 'proxy.example')
  if (port === undefined) throw missing(key, 'port', '3128')
  const username = dto.username ?? current?.username ?? ''
  const hosts = entriesOf(dto.redirectedToHosts ?? dto.redirectToHosts) ?? current?.redirectedToHosts ?? []
  return {
    key,
    host,
    port,
    username,
    password: username === '' ? '' : passwordOf(current, dto),
    ntHost: dto.ntHost ?? current?.ntHost ?? '',
    domain: dto.domain ?? current?.domain ?? '',
    platformDefault: dto.platformDefault ?? current?.platformDefault ?? false,
    redirectedToHosts: hosts.map((each) => each.toLowerCase()),
    services: entriesOf(dto.services) ?? current?.services ?? [],
  }
}

/** Never shown, so a client that sends back what it read sends it empty: that means "keep". But it goes to no other place. */
function passwordOf(current: ProxyConfig | undefined, { host, port, password }: ProxyDto): string {
  if (password !== undefined && password !== '') return password
  const isMoved =
    current !== undefined &&
    ((host ?? current.host) !== current.host || (port ?? current.port) !== current.port)
  return isMoved ? '' : (current?.password ?? '')
}

function missing(key: string, field: string, example: string): RegistryError {
  return new RegistryError(
    'REQUEST_INVALID',
    `proxies.${key}.${field} is missing, expected one such as ${example}`,
  )
}
