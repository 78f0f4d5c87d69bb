import type { AuditEvent } from '../audit-event.js'
import type { AuditOutlet } from '../audit-outlet.js'
import { syslogMessage, type SyslogSender } from './syslog-message.js'
import type { SyslogTransport } from './syslog-transport.js'

/** Messages of RFC 5424 to one receiver. */
export class SyslogOutlet implements AuditOutlet {
  readonly name = 'syslog'

  constructor(
    private readonly transport: SyslogTransport,
    private readonly sender: SyslogSender,
  ) {}

  write(events: readonly AuditEvent[]): Promise<void> {
    const { longestMessage } = this.transport
    return this.transport.send(events.map((event) => syslogMessage(event, this.sender, longestMessage)))
  }

  close(): Promise<void> {
    this.transport.close()
    return Promise.resolve()
  }
}
