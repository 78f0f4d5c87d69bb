import { isIP, type LookupFunction } from 'node:net'
import { getCACertificates } from 'node:tls'
import { buildConnector } from 'undici'
import type { AddressClass } from './address-class.js'
import { AddressRefusedError } from './address-refused-error.js'
import { mayLeadTo } from './inside-names.js'
import type { Network } from './network.js'

export interface ConnectorOptions {
  /** What the administrator typed: its scheme, host and port may be anywhere. */
  readonly typed: URL
  readonly connectMilliseconds: number
  readonly trustedCertificates: string | undefined
  /** Where connections are made from: only addresses of its family are connected to. Empty for any. */
  readonly localAddress: string
}

/**
 * Connects to the typed address wherever it is, and to any other only where it is allowed: public addresses, and, when
 * the typed one turned out to be inside the house, the house's network too; this machine only when the typed one is on
 * it; link-local and other special addresses only when the typed one is of the very same kind. Addresses are checked before the
 * connection (literals, every result of the name look-up) and after it, so that no second look-up can differ.
 */
export function guardedConnector(options: ConnectorOptions, network: Network): buildConnector.connector {
  const { typed } = options
  /** Fixed by the first connection, so that a name which later resolves to another place opens nothing. */
  let home: AddressClass | undefined
  const allowed = (address: string): boolean => mayLeadTo(network.classify(address), home)
  const guardedLookup: LookupFunction = (hostname, lookupOptions, callback) => {
    network.lookup(hostname, lookupOptions, (error, found, family) => {
      const addresses = typeof found === 'string' ? [found] : (found ?? []).map((each) => each.address)
      const refused = error === null ? addresses.find((address) => !allowed(address)) : undefined
      callback(refused === undefined ? error : new AddressRefusedError(hostname, refused), found, family)
    })
  }
  const common = {
    timeout: options.connectMilliseconds,
    allowH2: false,
    ...(options.localAddress === '' ? {} : { family: isIP(options.localAddress) }),
    ...(options.trustedCertificates === undefined
      ? {}
      : { ca: [...getCACertificates('default'), options.trustedCertificates] }),
  }
  const toTyped = buildConnector({ ...common, lookup: network.lookup })
  const toOther = buildConnector({ ...common, lookup: guardedLookup })

  return (target, callback) => {
    const hostname = bare(target.hostname)
    if (
      target.protocol === typed.protocol &&
      hostname === bare(typed.hostname) &&
      target.port === typed.port
    ) {
      toTyped(target, (error, socket) => {
        if (error !== null) {
          callback(error, null)
          return
        }
        if (socket.remoteAddress !== undefined) home ??= network.classify(socket.remoteAddress)
        callback(null, socket)
      })
      return
    }
    if (isIP(hostname) !== 0 && !allowed(hostname)) {
      callback(new AddressRefusedError(hostname, hostname), null)
      return
    }
    toOther(target, (error, socket) => {
      if (error !== null) {
        callback(error, null)
      } else if (allowed(socket.remoteAddress ?? '')) {
        callback(null, socket)
      } else {
        socket.destroy()
        callback(new AddressRefusedError(hostname, socket.remoteAddress ?? 'nowhere'), null)
      }
    })
  }
}

function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '')
}
