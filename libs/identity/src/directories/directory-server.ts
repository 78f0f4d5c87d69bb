import { isIP } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import type { DirectorySettings } from './directory-settings.js'

/** One of the servers of a directory, and how it is talked to. */
export interface DirectoryServer {
  /** As it was configured; holds no secret. */
  readonly url: string
  readonly host: string
  readonly port: number
  readonly baseDn: string
  readonly security: 'none' | 'tls' | 'startTls'
  readonly tls: ConnectionOptions
  readonly connectTimeoutMilliseconds: number
  readonly readTimeoutMilliseconds: number
}

export function serversOf(settings: DirectorySettings): readonly DirectoryServer[] {
  return settings.urls.map((url) => serverOf(url, settings))
}

/** Whether the URL, as in a referral, is of this server: only then may it get a password. */
export function isSameServer(server: DirectoryServer, url: string): boolean {
  const other = parseLdapUrl(url)
  return (
    other !== undefined &&
    other.host === server.host &&
    other.port === server.port &&
    other.isTls === (server.security === 'tls')
  )
}

/** @returns undefined for anything but `ldap://host[:port][/dn]` and `ldaps://…` */
export function parseLdapUrl(text: string) {
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  if (url.protocol !== 'ldap:' && url.protocol !== 'ldaps:') return undefined
  if (url.hostname === '' || url.username !== '' || url.password !== '' || url.hash !== '') return undefined
  const isTls = url.protocol === 'ldaps:'
  const baseDn = decoded(url.pathname.slice(1))
  if (baseDn === undefined) return undefined
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase(),
    port: url.port === '' ? (isTls ? 636 : 389) : Number(url.port),
    baseDn,
    isTls,
    query: url.search,
  }
}

function serverOf(text: string, settings: DirectorySettings): DirectoryServer {
  const url = parseLdapUrl(text)
  if (url === undefined) throw new Error(`${settings.key} has a URL that was never checked: ${text}`)
  return {
    url: text,
    host: url.host,
    port: url.port,
    baseDn: url.baseDn,
    security: url.isTls ? 'tls' : settings.startTls ? 'startTls' : 'none',
    tls: {
      host: url.host,
      // RFC 6066 section 3: an address is not sent as a server name.
      ...(isIP(url.host) === 0 ? { servername: url.host } : {}),
      ...(settings.caCertificates === undefined ? {} : { ca: settings.caCertificates }),
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
    },
    connectTimeoutMilliseconds: settings.connectTimeoutMilliseconds,
    readTimeoutMilliseconds: settings.readTimeoutMilliseconds,
  }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
