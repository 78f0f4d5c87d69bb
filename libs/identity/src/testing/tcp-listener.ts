import { once } from 'node:events'
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net'

/** Something on a free port of 127.0.0.1 that does with each connection what a test wants, and remembers what it got. */
export class TcpListener {
  readonly connections = new Set<Socket>()
  readonly #received: Buffer[] = []
  accepted = 0

  private constructor(private readonly server: Server) {}

  static async start(onConnection: (socket: Socket) => void): Promise<TcpListener> {
    const server = createServer({ allowHalfOpen: false })
    const listener = new TcpListener(server)
    server.on('connection', (socket) => {
      listener.accepted += 1
      listener.connections.add(socket)
      socket.on('error', () => undefined).on('close', () => listener.connections.delete(socket))
      socket.on('data', (chunk: Buffer) => void listener.#received.push(chunk))
      onConnection(socket)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return listener
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  /** Everything that any client has sent. */
  get received(): Buffer {
    return Buffer.concat(this.#received)
  }

  async stop(): Promise<void> {
    for (const socket of this.connections) socket.destroy()
    this.server.close()
    await once(this.server, 'close')
  }
}

/** Somebody in between: everything goes to the port and back, but for what `alter` makes of the client's messages. */
export function relayTo(
  port: number,
  alter: (chunk: Buffer, client: Socket) => Buffer | undefined = (chunk) => chunk,
) {
  return TcpListener.start((client) => {
    const server = createConnection({ host: '127.0.0.1', port })
    server.on('error', () => client.destroy()).on('close', () => client.destroy())
    client.on('close', () => server.destroy())
    server.pipe(client)
    client.on('data', (chunk: Buffer) => {
      const altered = alter(chunk, client)
      if (altered !== undefined) server.write(altered)
    })
  })
}
