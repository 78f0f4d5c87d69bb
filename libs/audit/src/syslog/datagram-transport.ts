import { createSocket, type Socket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import type { SyslogTarget } from './syslog-target.js'
import type { SyslogTransport } from './syslog-transport.js'

/** One datagram for each message: RFC 5426. */
export class DatagramTransport implements SyslogTransport {
  /** RFC 5426 section 3.2: what receivers should take. */
  readonly longestMessage = 2048
  #socket: Socket | undefined

  constructor(private readonly target: SyslogTarget) {}

  async send(messages: readonly Buffer[]): Promise<void> {
    const socket = this.#socket ?? (await this.open())
    try {
      for (const message of messages) await handOver(socket, message)
    } catch (error) {
      this.close()
      throw error
    }
  }

  close(): void {
    this.#socket?.close()
    this.#socket = undefined
  }

  /** Connected, so that the system tells of a receiver that is not there. */
  private async open(): Promise<Socket> {
    const { address, family } = await lookup(this.target.host)
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4')
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.once('connect', resolve)
      socket.connect(this.target.port, address)
    })
    socket.unref()
    // Somebody said that nobody listens there; the next name lookup may know better.
    socket.on('error', () => {
      if (this.#socket === socket) this.close()
    })
    this.#socket = socket
    return socket
  }
}

function handOver(socket: Socket, message: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(message, (error) => (error === null ? resolve() : reject(error)))
  })
}
