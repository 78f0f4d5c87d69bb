import type { Socket } from 'node:net'
import type { SyslogTransport } from './syslog-transport.js'

/** Times in milliseconds. */
export interface StreamLimits {
  readonly connect: number
  /** How long the receiver may take nothing while something is to be sent. */
  readonly stall: number
}

export const streamLimits: StreamLimits = { connect: 10_000, stall: 30_000 }

/** How a connection is made, and the event by which it is one: `connect` of TCP, `secureConnect` of TLS. */
export interface StreamDialer {
  readonly ready: 'connect' | 'secureConnect'
  dial(): Socket
}

/** One connection, with messages in octet-counted frames: RFC 6587 section 3.4.1, RFC 5425 section 4.3. */
export class StreamTransport implements SyslogTransport {
  /** RFC 5425 section 4.3.1: what receivers should take. */
  readonly longestMessage = 8192
  #socket: Socket | undefined

  constructor(
    private readonly dialer: StreamDialer,
    private readonly limits: StreamLimits = streamLimits,
  ) {}

  async send(messages: readonly Buffer[]): Promise<void> {
    const socket = this.#socket?.writable === true ? this.#socket : await this.connect()
    const frames = messages.flatMap((message) => [Buffer.from(`${message.length} `), message])
    await this.handOver(socket, Buffer.concat(frames))
  }

  close(): void {
    const socket = this.#socket
    this.#socket = undefined
    socket?.destroySoon()
  }

  private connect(): Promise<Socket> {
    const socket = this.dialer.dial()
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => socket.destroy(new Error('no connection in time')), this.limits.connect)
      socket.once('error', reject)
      socket.once('close', () => {
        clearTimeout(timer)
        if (this.#socket === socket) this.#socket = undefined
        reject(new Error('the receiver closed the connection'))
      })
      socket.once(this.dialer.ready, () => {
        clearTimeout(timer)
        this.watch(socket)
        resolve(socket)
      })
    })
  }

  private watch(socket: Socket): void {
    this.#socket = socket
    socket.setKeepAlive(true, 60_000)
    socket.unref()
    // The failure of a write is told to whoever waits for it; a connection that breaks while idle is made anew.
    socket.on('error', () => socket.destroy())
    // The receiver has nothing to say: what it says is dropped, so that its end is noticed.
    socket.resume()
    socket.once('end', () => {
      this.#socket = undefined
      socket.destroy()
    })
    socket.setTimeout(this.limits.stall, () => {
      if (socket.writableLength > 0) socket.destroy(new Error('the receiver takes nothing any more'))
    })
  }

  private handOver(socket: Socket, bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      const onClose = () => reject(new Error('the receiver closed the connection'))
      socket.once('close', onClose)
      socket.write(bytes, (error) => {
        socket.off('close', onClose)
        if (error === null || error === undefined) resolve()
        else reject(error)
      })
    })
  }
}
