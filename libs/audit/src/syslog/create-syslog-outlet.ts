import { isIP, connect as connectTcp } from 'node:net'
import { hostname } from 'node:os'
import { connect as connectTls } from 'node:tls'
import { DatagramTransport } from './datagram-transport.js'
import { type StreamLimits, streamLimits, StreamTransport } from './stream-transport.js'
import { SyslogOutlet } from './syslog-outlet.js'
import type { SyslogTarget } from './syslog-target.js'
import type { SyslogTransport } from './syslog-transport.js'

/**
 * @param ca certificates (PEM) that the receiver's must come from, instead of those that the system trusts
 */
export function createSyslogOutlet(target: SyslogTarget, ca?: string, limits = streamLimits): SyslogOutlet {
  const sender = { hostname: hostname(), processId: process.pid }
  return new SyslogOutlet(transportTo(target, ca, limits), sender)
}

function transportTo(target: SyslogTarget, ca: string | undefined, limits: StreamLimits): SyslogTransport {
  const { protocol, host, port } = target
  switch (protocol) {
    case 'udp':
      return new DatagramTransport(target)
    case 'tcp':
      return new StreamTransport({ ready: 'connect', dial: () => connectTcp({ host, port }) }, limits)
    case 'tls': {
      // A name indication must not be an address: RFC 6066 section 3.
      const name = isIP(host) === 0 ? { servername: host } : {}
      const trust = ca === undefined ? {} : { ca }
      const dial = () => connectTls({ host, port, minVersion: 'TLSv1.2', ...name, ...trust })
      return new StreamTransport({ ready: 'secureConnect', dial }, limits)
    }
  }
}
