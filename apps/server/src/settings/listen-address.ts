/** Where the server listens. */
export interface ListenAddress {
  /** An address or a host name, an IPv6 address without brackets; `0.0.0.0` and `::` for all. */
  readonly host: string
  /** 0 for any free one. */
  readonly port: number
}

/** `host:port`, `[::1]:8080`, or `:8080` for all addresses. @returns undefined for anything else */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]/]*)):(\d{1,5})$/.exec(text)
  if (match === null) return undefined
  const [, address, name = '', digits = ''] = match
  const port = Number(digits)
  return port > 65_535 ? undefined : { host: address ?? (name === '' ? '0.0.0.0' : name), port }
}

/** As it is written in a URL. */
export function listenAddressText({ host, port }: ListenAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
