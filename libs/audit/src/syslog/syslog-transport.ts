/** Carries messages to a receiver; connects by itself, and again after a failure. */
export interface SyslogTransport {
  /** The longest message, in bytes, that receivers are said to take. */
  readonly longestMessage: number
  /** Resolves when the system has taken them all: syslog has no acknowledgement. */
  send(messages: readonly Buffer[]): Promise<void>
  close(): void
}
