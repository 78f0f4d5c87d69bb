import {
  createServer,
  type IncomingMessage,
  request as httpRequest,
  type Server,
  type ServerResponse,
} from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'

export interface ProxiedRequest {
  /** `CONNECT`, or the method of a request that the proxy can read. */
  readonly method: string
  /** `host:port`, or a whole URL. */
  readonly target: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

/** An HTTP proxy in this process, on a real socket of 127.0.0.1 (RFC 9110 7.6, 9.3.6). */
export class ForwardProxy {
  readonly port: number
  readonly requests: ProxiedRequest[] = []
  /** What it wants to be shown. */
  credentials: { readonly username: string; readonly password: string } | undefined
  /** Where names are really, as in a network of its own. */
  readonly names = new Map<string, string>()
  /** Answers every request with this instead. */
  status: number | undefined
  /** Takes requests and answers none. */
  silent = false
  readonly #sockets = new Set<Socket>()
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
    this.port = (server.address() as AddressInfo).port
    server.on('connection', (socket) => this.#keep(socket))
    server.on('request', (request, response) => this.#forward(request, response))
    server.on('connect', (request: IncomingMessage, socket: Socket, head: Buffer) =>
      this.#tunnel(request, socket, head),
    )
  }

  static async start(): Promise<ForwardProxy> {
    const server = createServer()
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(0, '127.0.0.1', resolve)
    })
    return new ForwardProxy(server)
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => this.#sockets.delete(socket))
  }

  #refusal(request: IncomingMessage, target: string): number | undefined {
    this.requests.push({ method: request.method ?? '', target, headers: { ...request.headers } })
    if (this.credentials !== undefined) {
      const { username, password } = this.credentials
      const expected = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
      if (request.headers['proxy-authorization'] !== expected) return 407
    }
    return this.status
  }

  #forward(request: IncomingMessage, response: ServerResponse): void {
    const target = request.url ?? ''
    const status = this.#refusal(request, target)
    if (this.silent) return
    const url = URL.parse(target)
    if (status !== undefined || url === null) {
      const challenge = status === 407 ? { 'proxy-authenticate': 'Basic realm="proxy"' } : {}
      response.writeHead(status ?? 400, challenge).end()
      return
    }
    const { 'proxy-authorization': _mine, ...headers } = request.headers
    const onward = httpRequest(
      {
        host: this.names.get(url.hostname) ?? url.hostname,
        port: url.port === '' ? 80 : url.port,
        path: url.pathname + url.search,
        method: request.method,
        headers,
      },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      },
    )
    onward.on('error', () => response.headersSent || response.writeHead(502).end())
    response.on('close', () => onward.destroy())
    request.pipe(onward)
  }

  #tunnel(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const target = request.url ?? ''
    const status = this.#refusal(request, target)
    if (this.silent) return
    if (status !== undefined) {
      socket.end(`HTTP/1.1 ${status} Refused\r\nContent-Length: 0\r\n\r\n`)
      return
    }
    const [, host = '', port = ''] = /^\[?([^\]]*)\]?:(\d+)$/.exec(target) ?? []
    const onward = connect(Number(port), this.names.get(host) ?? host, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      onward.write(head)
      onward.pipe(socket).pipe(onward)
    })
    this.#keep(onward)
    onward.on('error', () => socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'))
    socket.on('close', () => onward.destroy())
    onward.on('close', () => socket.destroy())
  }
}
