import type { IncomingMessage } from 'node:http'

/** The address of the connection; an IPv4 client of a dual-stack socket under its IPv4 address. */
export function clientAddressOf(request: IncomingMessage): string {
  return (request.socket.remoteAddress ?? 'unknown').replace(/^::ffff:(?=\d+\.)/, '')
}
