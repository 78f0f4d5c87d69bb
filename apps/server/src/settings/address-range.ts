import ipaddr from 'ipaddr.js'

/** An address and how many of its first bits count. */
export type AddressRange = readonly [ipaddr.IPv4 | ipaddr.IPv6, number]

const mappedBits = 96

/**
 * `192.0.2.1`, `10.0.0.0/8`, `2001:db8::/32`. An IPv4-mapped IPv6 address is the IPv4 address inside.
 * @returns undefined for anything else: short forms such as `10.1` are read differently by different programs
 */
export function parseAddressRange(text: string): AddressRange | undefined {
  const [, address = '', digits] = /^([0-9a-fA-F:.]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const parsed = parseAddress(address)
  if (parsed === undefined) return undefined
  const longest = parsed instanceof ipaddr.IPv4 ? 32 : 128
  const isMapped = parsed instanceof ipaddr.IPv4 && address.includes(':')
  const bits = digits === undefined ? longest : Number(digits) - (isMapped ? mappedBits : 0)
  return bits < 0 || bits > longest ? undefined : [parsed, bits]
}

/** @returns undefined for what is no address; an IPv4-mapped IPv6 address is the IPv4 address inside */
export function parseAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  const zoneless = text.replace(/%[0-9a-zA-Z._-]+$/, '')
  const isAddress = zoneless.includes(':')
    ? ipaddr.IPv6.isValid(zoneless)
    : ipaddr.IPv4.isValidFourPartDecimal(zoneless)
  return isAddress ? ipaddr.process(zoneless) : undefined
}
