import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { RegistryError } from '@entrepot/kernel'

export interface ClientHost {
  /** Lower-case, without the port; an IPv6 address without its brackets. */
  readonly hostname: string
  readonly port: string | undefined
  /** `host[:port]` as it belongs into a URL. */
  readonly authority: string
  readonly isAddress: boolean
}

const hostGrammar = /^(?:([a-z0-9](?:[a-z0-9._-]{0,252}[a-z0-9])?)|\[([0-9a-f:.]{2,45})\])(?::(\d{1,5}))?$/i

/** @returns undefined for anything that is not `host[:port]` with a port of TCP */
export function parseHost(text: string): ClientHost | undefined {
  const match = hostGrammar.exec(text)
  if (match === null) return undefined
  const [, name, address, port] = match
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) return undefined
  if (address !== undefined && isIP(address) !== 6) return undefined
  const hostname = (name ?? address ?? '').toLowerCase()
  return { hostname, port, authority: text.toLowerCase(), isAddress: isIP(hostname) !== 0 }
}

/**
 * The host by which the client knows this server. RFC 9110 7.2; X-Forwarded-Host only where a proxy is trusted.
 * @throws RegistryError REQUEST_INVALID when there is none or it isn't a host
 */
export function clientHost(request: IncomingMessage, trustForwarded: boolean): ClientHost {
  const forwarded = trustForwarded ? firstOf(request.headers['x-forwarded-host']) : undefined
  const text = forwarded ?? request.headers.host ?? ''
  const host = parseHost(text)
  if (host === undefined) throw notAHost(forwarded === undefined ? 'Host' : 'X-Forwarded-Host', text)
  const port = trustForwarded ? firstOf(request.headers['x-forwarded-port']) : undefined
  if (port === undefined || forwarded === undefined || host.port !== undefined) return host
  const withPort = parseHost(`${text}:${port}`)
  if (withPort === undefined) throw notAHost('X-Forwarded-Port', port)
  const isDefault = port === (clientScheme(request, trustForwarded) === 'https' ? '443' : '80')
  return isDefault ? host : withPort
}

/** @throws RegistryError REQUEST_INVALID when a trusted proxy says anything but http or https */
export function clientScheme(request: IncomingMessage, trustForwarded: boolean): 'http' | 'https' {
  const forwarded = trustForwarded ? firstOf(request.headers['x-forwarded-proto'])?.toLowerCase() : undefined
  if (forwarded === 'http' || forwarded === 'https') return forwarded
  if (forwarded !== undefined) throw notAHost('X-Forwarded-Proto', forwarded)
  return 'encrypted' in request.socket && request.socket.encrypted === true ? 'https' : 'http'
}

/** Of a list that several proxies wrote, the first entry is what the client itself used. */
function firstOf(header: string | readonly string[] | undefined): string | undefined {
  const text = typeof header === 'string' ? header : header?.[0]
  const first = text?.split(',', 1)[0]?.trim()
  return first === '' ? undefined : first
}

function notAHost(header: string, value: string): RegistryError {
  return new RegistryError(
    'REQUEST_INVALID',
    `the request's ${header} ${JSON.stringify(value.slice(0, 160))} is not one that a client could have used`,
  )
}
