import type { IncomingMessage } from 'node:http'
import { type AddressRange, parseAddress } from '../settings/address-range.js'
import { forwardedFor } from './forwarded-for.js'

/** The reverse proxies in front of this server, which are believed when they say who their client is. */
export class TrustedProxies {
  constructor(private readonly ranges: readonly AddressRange[]) {}

  /** Whether the connection comes from one of them: only then do `X-Forwarded-*` count. */
  readonly isFromProxy = (request: IncomingMessage): boolean => {
    const peer = request.socket.remoteAddress
    return this.ranges.length > 0 && peer !== undefined && this.isTrusted(peer)
  }

  /**
   * The address of the connection; from a trusted proxy, the rightmost address of `X-Forwarded-For` (without one, of
   * `Forwarded`, RFC 7239) that is not a trusted proxy's either: what stands left of it, anybody could have written. An
   * entry that is no address ends the search at the proxy that passed it on.
   */
  readonly clientAddressOf = (request: IncomingMessage): string => {
    const peer = request.socket.remoteAddress
    if (peer === undefined) return 'unknown'
    let client = peer
    if (this.isFromProxy(request)) {
      for (const entry of forwardedFor(request).toReversed()) {
        if (parseAddress(entry) === undefined) break
        client = entry
        if (!this.isTrusted(entry)) break
      }
    }
    return plain(client)
  }

  private isTrusted(text: string): boolean {
    const address = parseAddress(text)
    if (address === undefined) return false
    return this.ranges.some(([range, bits]) => address.kind() === range.kind() && address.match(range, bits))
  }
}

/** One way to write each address; an IPv4 client of a dual-stack socket under its IPv4 address. */
function plain(address: string): string {
  return parseAddress(address)?.toString() ?? address
}
