import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { listen } from './workplace.js'

/** BindResponse with invalidCredentials, after the message's id: RFC 4511 section 4.2.2. */
const refusal = Buffer.from([0x61, 0x07, 0x0a, 0x01, 0x31, 0x04, 0x00, 0x04, 0x00])

/** An LDAP server that refuses every bind, and keeps what it was sent. */
export class RefusingDirectory {
  received = Buffer.alloc(0)
  readonly #sockets = new Set<Socket>()

  private constructor(private readonly server: Server) {}

  static async start(): Promise<RefusingDirectory> {
    const server = createServer()
    const directory = new RefusingDirectory(server)
    server.on('connection', (socket) => directory.serve(socket))
    await listen(server, 0)
    return directory
  }

  get url(): string {
    return `ldap://127.0.0.1:${(this.server.address() as AddressInfo).port}/dc=example`
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.server.close(resolve))
  }

  private serve(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('data', (bytes: Buffer) => {
      this.received = Buffer.concat([this.received, bytes])
      // LDAPMessage ::= SEQUENCE { messageID INTEGER, ...: small ids in messages of less than 128 bytes.
      const id = bytes[4] ?? 1
      const isBind = bytes[5] === 0x60
      if (isBind)
        socket.write(Buffer.concat([Buffer.from([0x30, refusal.length + 3, 0x02, 0x01, id]), refusal]))
    })
  }
}
