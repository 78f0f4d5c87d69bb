import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { type ParsedSyslogMessage, parseSyslogMessage } from './parse-syslog-message.js'

/** A syslog server that takes octet-counted frames, to the letter, over TCP or TLS. */
export class StreamReceiver {
  readonly messages: ParsedSyslogMessage[] = []
  readonly problems: Error[] = []
  readonly sockets = new Set<Socket>()
  connections = 0
  #isPaused = false

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async start(tls?: TlsOptions, port = 0): Promise<StreamReceiver> {
    const server = tls === undefined ? createServer() : createTlsServer(tls)
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    const receiver = new StreamReceiver(server, (server.address() as AddressInfo).port)
    server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) =>
      receiver.serve(socket),
    )
    server.on('tlsClientError', (error) => receiver.problems.push(error))
    return receiver
  }

  get actors(): readonly (string | undefined)[] {
    return this.messages.map(({ structuredData }) => structuredData.get('entrepot@32473')?.get('actor'))
  }

  /** Takes no byte more until `resume`. */
  pause(): void {
    this.#isPaused = true
    for (const socket of this.sockets) socket.pause()
  }

  resume(): void {
    this.#isPaused = false
    for (const socket of this.sockets) socket.resume()
  }

  cutConnections(): void {
    for (const socket of this.sockets) socket.destroy()
  }

  async stop(): Promise<void> {
    this.cutConnections()
    if (!this.server.listening) return
    this.server.close()
    await once(this.server, 'close')
  }

  private serve(socket: Socket): void {
    this.connections += 1
    this.sockets.add(socket)
    let rest: Buffer = Buffer.alloc(0)
    socket.on('error', () => socket.destroy())
    socket.once('close', () => this.sockets.delete(socket))
    socket.on('data', (bytes: Buffer) => {
      try {
        rest = this.takeFrames(Buffer.concat([rest, bytes]))
      } catch (error) {
        this.problems.push(error as Error)
        socket.destroy()
      }
    })
    if (this.#isPaused) socket.pause()
  }

  /** RFC 6587 section 3.4.1: MSG-LEN SP SYSLOG-MSG, the length without a leading zero. */
  private takeFrames(bytes: Buffer): Buffer {
    for (let rest = bytes; ;) {
      const blank = rest.indexOf(0x20)
      const length = rest.subarray(0, blank < 0 ? rest.length : blank).toString('latin1')
      if (!/^(?:[1-9]\d{0,5})?$/.test(length)) throw new Error(`not a frame's length: ${length.slice(0, 20)}`)
      if (blank < 0 || rest.length < blank + 1 + Number(length)) return rest
      const end = blank + 1 + Number(length)
      this.messages.push(parseSyslogMessage(rest.subarray(blank + 1, end)))
      rest = rest.subarray(end)
    }
  }
}

/** A syslog server that takes one message in each datagram. */
export async function datagramReceiver(type: 'udp4' | 'udp6', port = 0) {
  const socket = createSocket(type)
  const messages: ParsedSyslogMessage[] = []
  const sizes: number[] = []
  socket.on('message', (bytes) => {
    sizes.push(bytes.length)
    messages.push(parseSyslogMessage(bytes))
  })
  socket.bind(port, type === 'udp4' ? '127.0.0.1' : '::1')
  await once(socket, 'listening')
  return { messages, sizes, port: socket.address().port, stop: () => socket.close() }
}
