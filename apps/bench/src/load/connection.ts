import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Target } from './tasks.js'

export interface Response {
  readonly status: number
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>
  readonly bodyBytes: number
}

interface Pending {
  readonly resolve: (response: Response) => void
  readonly reject: (error: Error) => void
  readonly onBody: ((bytes: Uint8Array) => void) | undefined
  readonly isHead: boolean
}

/** All connections read into this one: what arrives is looked at before the next read, and never copied. */
const readBuffer = Buffer.allocUnsafeSlow(512 * 1024)

/**
 * One keep-alive connection that costs as little as Node can do: a raw socket that reads into a reused buffer. It knows
 * no more HTTP than the answers of a registry need: a status line, headers, and a body of Content-Length bytes.
 */
export class Connection {
  #pending: Pending | undefined
  #head = ''
  #status = 0
  #headers = new Map<string, string>()
  #inBody = false
  #bodyBytes = 0
  #missing = 0
  #failure: Error | undefined

  private constructor(
    private readonly target: Target,
    private readonly socket: Socket,
  ) {
    socket.on('error', (error) => this.fail(error))
    socket.on('close', () => this.fail(new Error('the server closed the connection')))
  }

  static async open(target: Target): Promise<Connection> {
    let connection: Connection | undefined
    const socket = connect({
      host: target.host,
      port: target.port,
      noDelay: true,
      onread: {
        buffer: readBuffer,
        callback: (count, bytes) => {
          connection?.receive(bytes.subarray(0, count))
          return true
        },
      },
    })
    connection = new Connection(target, socket)
    await once(socket, 'connect')
    return connection
  }

  /**
   * Sends a request and waits for the whole answer.
   * @param body called after the head has been written; what it rejects with ends the connection
   */
  async request(
    method: string,
    path: string,
    headers: readonly string[],
    options: { body?: () => Promise<void>; onBody?: (bytes: Uint8Array) => void } = {},
  ): Promise<Response> {
    if (this.#failure !== undefined) throw this.#failure
    const answered = new Promise<Response>((resolve, reject) => {
      this.#pending = { resolve, reject, onBody: options.onBody, isHead: method === 'HEAD' }
    })
    this.socket.write(this.headText(method, path, headers))
    // A server may answer early, with an error, and take no more of the body.
    const sent = options.body?.().catch((error: Error) => this.fail(error))
    const response = await answered
    if (response.status < 400) await sent
    return response
  }

  /** Writes body bytes; resolves when the kernel has taken them. */
  write(bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.socket.write(bytes, (error) => (error ? reject(error) : resolve()))
    })
  }

  close(): void {
    this.#failure = new Error('the connection is closed')
    this.socket.destroy()
  }

  private headText(method: string, path: string, headers: readonly string[]): string {
    const { host, port, authorization } = this.target
    const lines = [`${method} ${path} HTTP/1.1`, `Host: ${host}:${port}`, ...headers]
    if (authorization !== undefined) lines.push(`Authorization: ${authorization}`)
    return `${lines.join('\r\n')}\r\n\r\n`
  }

  private receive(bytes: Uint8Array): void {
    if (this.#pending === undefined) {
      this.fail(new Error('bytes without a request'))
      return
    }
    const rest = this.#inBody ? bytes : this.receiveHead(bytes)
    if (!this.#inBody || rest === undefined) return
    if (rest.length > this.#missing) {
      this.fail(new Error(`${rest.length - this.#missing} bytes more than Content-Length`))
      return
    }
    this.#missing -= rest.length
    this.#bodyBytes += rest.length
    if (rest.length > 0) this.#pending.onBody?.(rest)
    if (this.#missing === 0) this.complete(this.#pending)
  }

  /** @returns what follows the head, once it is complete */
  private receiveHead(bytes: Uint8Array): Uint8Array | undefined {
    const before = this.#head.length
    this.#head += Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
    const end = this.#head.indexOf('\r\n\r\n')
    if (end === -1) return undefined
    const [statusLine = '', ...lines] = this.#head.slice(0, end).split('\r\n')
    this.#head = ''
    this.#status = Number(statusLine.split(' ')[1])
    this.#headers = new Map(
      lines.map((line) => {
        const colon = line.indexOf(':')
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
      }),
    )
    const isBodiless = this.#pending?.isHead === true || this.#status === 204 || this.#status === 304
    this.#missing = isBodiless ? 0 : Number(this.#headers.get('content-length') ?? Number.NaN)
    if (Number.isNaN(this.#missing)) {
      this.fail(new Error(`an answer ${this.#status} without Content-Length`))
      return undefined
    }
    this.#inBody = true
    this.#bodyBytes = 0
    return bytes.subarray(end + 4 - before)
  }

  private complete(pending: Pending): void {
    this.#pending = undefined
    this.#inBody = false
    pending.resolve({ status: this.#status, headers: this.#headers, bodyBytes: this.#bodyBytes })
  }

  private fail(error: Error): void {
    this.#failure ??= error
    this.#pending?.reject(this.#failure)
    this.#pending = undefined
    this.socket.destroy()
  }
}
