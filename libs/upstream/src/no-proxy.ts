import ipaddr from 'ipaddr.js'
import { hostClass } from './inside-names.js'
import { classifyAddress } from './address-class.js'

/**
 * Whether `NO_PROXY` excepts the URL: `*`, hosts and what is below them (`example.org`, `.example.org`), addresses and their
 * ranges, each perhaps with a port; and this machine, which nobody means to ask through a proxy.
 */
export function isExcepted(except: string, url: URL): boolean {
  const hostname = bare(url.hostname)
  if (hostClass(hostname, classifyAddress) === 'loopback') return true
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port
  return except
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => matches(entry.toLowerCase(), hostname, port))
}

function matches(entry: string, hostname: string, port: string): boolean {
  if (entry === '*') return true
  if (entry.includes('/')) return isInRange(entry, hostname)
  const withPort = /^(\[.*\]|[^:]*):(\d+)$/.exec(entry)
  if (withPort !== null && withPort[2] !== port) return false
  const host = bare(withPort?.[1] ?? entry)
  if (ipaddr.isValid(host)) return ipaddr.isValid(hostname) && sameAddress(host, hostname)
  const suffix = host.replace(/^\*?\.?/, '')
  return suffix !== '' && (hostname === suffix || hostname.endsWith(`.${suffix}`))
}

function isInRange(entry: string, hostname: string): boolean {
  if (!ipaddr.isValid(hostname) || !ipaddr.isValidCIDR(entry)) return false
  const address = ipaddr.process(hostname)
  const range = ipaddr.parseCIDR(entry)
  return address.kind() === range[0].kind() && address.match(range)
}

function sameAddress(one: string, other: string): boolean {
  return ipaddr.process(one).toString() === ipaddr.process(other).toString()
}

function bare(hostname: string): string {
  return hostname
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
}
