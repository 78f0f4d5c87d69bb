import ipaddr from 'ipaddr.js'

/**
 * What kind of place an address is: `private` is a house's own network (RFC 1918, RFC 4193, RFC 6598), `loopback` this
 * machine, `link-local` where clouds keep their metadata services, `special` everything else that is no host of the
 * internet: multicast, documentation, tunnels.
 */
export type AddressClass = 'public' | 'private' | 'loopback' | 'link-local' | 'special'

const classes: Readonly<Record<string, AddressClass>> = {
  unicast: 'public',
  private: 'private',
  uniqueLocal: 'private',
  carrierGradeNat: 'private',
  loopback: 'loopback',
  linkLocal: 'link-local',
}

/** Metadata services of clouds outside the link-local range: AWS over IPv6, Alibaba, Azure. */
const metadataServices = new Set(['fd00:ec2::254', '100.100.100.200', '168.63.129.16'])

/** IPv4-mapped addresses, and those of RFC 6052's well-known prefix, are judged by the IPv4 address inside. */
export function classifyAddress(text: string): AddressClass {
  const zoneless = text.replace(/%.*$/, '')
  if (!ipaddr.isValid(zoneless)) return 'special'
  const address = ipaddr.process(zoneless)
  if (metadataServices.has(address.toString())) return 'link-local'
  if (address instanceof ipaddr.IPv6) {
    const bytes = address.toByteArray()
    if (address.range() === 'rfc6052' && bytes[5] === 0) return classifyAddress(bytes.slice(12).join('.'))
    const loopback = address.range() === 'loopback'
    if (!loopback && bytes.slice(0, 12).every((byte) => byte === 0)) return 'special'
  }
  return classes[address.range()] ?? 'special'
}
