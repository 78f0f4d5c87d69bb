export interface SyslogTarget {
  readonly protocol: 'tcp' | 'tls' | 'udp'
  /** A name or an address, an IPv6 address without brackets. */
  readonly host: string
  readonly port: number
}

/** As IANA has them; `tcp` never got one of its own, and 601 is that of RFC 3195, which everybody uses. */
const defaultPorts = { tcp: 601, tls: 6514, udp: 514 } as const

/** `tcp://host:601`, `tls://host:6514`, `udp://[2001:db8::1]`. @returns undefined for anything else */
export function parseSyslogTarget(text: string): SyslogTarget | undefined {
  const match = /^(tcp|tls|udp):\/\/(?:\[([0-9a-fA-F:.]+)\]|([a-zA-Z0-9._-]+))(?::(\d{1,5}))?\/?$/.exec(text)
  if (match === null) return undefined
  const protocol = match[1] as SyslogTarget['protocol']
  const port = match[4] === undefined ? defaultPorts[protocol] : Number(match[4])
  if (port < 1 || port > 65_535) return undefined
  return { protocol, host: match[2] ?? match[3] ?? '', port }
}
