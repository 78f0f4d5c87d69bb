import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Image } from './images.js'
import { listen } from './workplace.js'

/** How the upstream misbehaves; an empty object is a well-behaved registry. */
export interface Faults {
  /** Cuts the connection after this many bytes of a blob, as often as `times` says (always, if absent). */
  readonly dropBlobAfter?: { readonly bytes: number; times?: number }
  /** Changes one byte of every blob, its length and announced digest staying as they are. */
  readonly corruptBlobs?: boolean
  readonly corruptManifests?: boolean
  /** Answers every `/v2/<name>` request with this status. */
  readonly status?: { readonly code: number; readonly retryAfter?: string }
  /** Waits before every chunk of a blob. */
  readonly drip?: { readonly bytes: number; readonly everyMs: number }
  /** Takes the connection and never answers a `/v2/<name>` request. */
  readonly silent?: boolean
  /** Answers blob requests with 307 to the same path of another origin. */
  readonly redirectBlobsTo?: string
  /** Asks for a token of this realm. */
  readonly challengeRealm?: string
  /** Asks for Basic authentication and takes any. */
  readonly challengeBasic?: boolean
  readonly noHead?: boolean
  readonly noContentDigest?: boolean
  /** Answers every `/v2/<name>` request with a web page, as a captive portal does. */
  readonly webPage?: boolean
  /** Sent with every answer. */
  readonly headers?: Readonly<Record<string, string>>
  /** Takes no Range: a full 200. */
  readonly noRange?: boolean
}

export interface Seen {
  readonly method: string
  readonly path: string
  /** The address of the client. */
  readonly from: string | undefined
  readonly range: string | undefined
  readonly authorization: string | undefined
  readonly accept: string | undefined
  readonly acceptEncoding: string | undefined
}

/** A registry in memory, in the tests' own process, that misbehaves on command and writes down what it is asked. */
export class FaultyUpstream {
  faults: Faults = {}
  readonly seen: Seen[] = []
  private readonly manifests = new Map<string, Image>()
  private readonly blobs = new Map<string, Buffer>()

  private constructor(
    private readonly server: Server,
    private readonly name: string,
  ) {}

  /** `host` is the name others reach it by: `localhost` and `127.0.0.1` are two hosts to a client. */
  static async start(host: '127.0.0.1' | 'localhost' = '127.0.0.1'): Promise<FaultyUpstream> {
    const server = createServer()
    const upstream = new FaultyUpstream(server, host)
    server.on('request', (request, response) => {
      // A client that leaves in the middle is one of the things under test.
      upstream.answer(request, response).catch(() => response.destroy())
    })
    await listen(server, 0)
    return upstream
  }

  get url(): string {
    return `http://${this.name}:${(this.server.address() as AddressInfo).port}`
  }

  add(name: string, tag: string, image: Image): void {
    this.manifests.set(`${name}:${tag}`, image)
    this.addByDigest(name, image)
  }

  remove(name: string, tag: string): void {
    this.manifests.delete(`${name}:${tag}`)
  }

  forgetRequests(): void {
    this.seen.length = 0
  }

  /** How many requests of this method had this text in their path. */
  count(method: string, part: string): number {
    return this.seen.filter((one) => one.method === method && one.path.includes(part)).length
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections()
    await new Promise((resolve) => this.server.close(resolve))
  }

  private addByDigest(name: string, image: Image): void {
    this.manifests.set(`${name}@${image.digest}`, image)
    for (const [digest, bytes] of image.blobs) this.blobs.set(digest, bytes)
    for (const child of image.children) this.addByDigest(name, child)
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '/'
    const method = request.method ?? 'GET'
    this.seen.push({
      method,
      path,
      from: request.socket.remoteAddress,
      range: request.headers.range,
      authorization: request.headers.authorization,
      accept: request.headers.accept,
      acceptEncoding: request.headers['accept-encoding'],
    })
    const [, name = '', kind = '', reference = ''] =
      /^\/v2\/(.+)\/(manifests|blobs|tags)\/([^/?]+)(?:\?.*)?$/.exec(path) ?? []
    for (const [header, value] of Object.entries(this.faults.headers ?? {})) response.setHeader(header, value)
    if (this.faults.silent === true && name !== '') return
    if (this.refused(request, response, name)) return
    if (this.faults.webPage === true && name !== '')
      return void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>Please log in</p>')
    if (/^\/v2\/?$/.test(path)) return reply(response, 200, '{}')
    if (kind === 'manifests') return this.manifest(response, method, name, decodeURIComponent(reference))
    if (kind === 'tags') return this.tags(response, name)
    if (kind === 'blobs') return this.blob(request, response, path, decodeURIComponent(reference))
    return problem(response, 404, 'NAME_UNKNOWN')
  }

  private refused(request: IncomingMessage, response: ServerResponse, name: string): boolean {
    const { challengeRealm, challengeBasic, status } = this.faults
    if (request.headers.authorization === undefined) {
      const challenge =
        challengeRealm === undefined
          ? 'Basic realm="upstream"'
          : `Bearer realm="${challengeRealm}",service="faulty",scope="repository:${name}:pull"`
      if (challengeRealm !== undefined || challengeBasic === true) {
        response.setHeader('www-authenticate', challenge)
        problem(response, 401, 'UNAUTHORIZED')
        return true
      }
    }
    if (status === undefined || name === '') return false
    if (status.retryAfter !== undefined) response.setHeader('retry-after', status.retryAfter)
    problem(response, status.code, status.code === 429 ? 'TOOMANYREQUESTS' : 'UNAVAILABLE')
    return true
  }

  private manifest(response: ServerResponse, method: string, name: string, reference: string): void {
    if (method === 'HEAD' && this.faults.noHead === true) return void response.writeHead(405).end()
    const image = this.manifests.get(`${name}${reference.includes(':') ? '@' : ':'}${reference}`)
    if (image === undefined) return problem(response, 404, 'MANIFEST_UNKNOWN')
    const bytes = this.faults.corruptManifests === true ? corrupted(image.bytes) : image.bytes
    response.writeHead(200, {
      'content-type': image.mediaType,
      'content-length': bytes.length,
      ...(this.faults.noContentDigest === true ? {} : { 'docker-content-digest': image.digest }),
    })
    response.end(method === 'HEAD' ? undefined : bytes)
  }

  private tags(response: ServerResponse, name: string): void {
    const tags = [...this.manifests.keys()]
      .filter((key) => key.startsWith(`${name}:`))
      .map((key) => key.slice(name.length + 1))
    if (tags.length === 0) return problem(response, 404, 'NAME_UNKNOWN')
    reply(response, 200, JSON.stringify({ name, tags: tags.toSorted() }))
  }

  private async blob(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    digest: string,
  ): Promise<void> {
    const { redirectBlobsTo, corruptBlobs, noRange, noContentDigest } = this.faults
    const stored = this.blobs.get(digest)
    if (stored === undefined) return problem(response, 404, 'BLOB_UNKNOWN')
    if (redirectBlobsTo !== undefined)
      return void response.writeHead(307, { location: `${redirectBlobsTo}${path}` }).end()
    const whole = corruptBlobs === true ? corrupted(stored) : stored
    const range = noRange === true ? null : /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
    const start = range === null ? 0 : Number(range[1])
    const end =
      range === null || range[2] === '' ? whole.length - 1 : Math.min(Number(range[2]), whole.length - 1)
    const body = whole.subarray(start, end + 1)
    response.writeHead(range === null ? 200 : 206, {
      'content-type': 'application/octet-stream',
      'content-length': body.length,
      'accept-ranges': 'bytes',
      ...(range === null ? {} : { 'content-range': `bytes ${start}-${end}/${whole.length}` }),
      ...(noContentDigest === true ? {} : { 'docker-content-digest': digest }),
    })
    if (request.method === 'HEAD') return void response.end()
    await this.sendBody(response, body)
  }

  private async sendBody(response: ServerResponse, body: Buffer): Promise<void> {
    const { drip, dropBlobAfter } = this.faults
    const drop = dropBlobAfter !== undefined && (dropBlobAfter.times ?? 1) > 0 ? dropBlobAfter : undefined
    if (drop?.times !== undefined) drop.times -= 1
    const sent = drop === undefined ? body : body.subarray(0, drop.bytes)
    const step = drip?.bytes ?? sent.length
    for (let at = 0; at < sent.length && !response.destroyed; at += step) {
      if (drip !== undefined) await sleep(drip.everyMs)
      await new Promise((resolve) => response.write(sent.subarray(at, at + step), resolve))
    }
    if (drop === undefined) response.end()
    else response.destroy()
  }
}

function corrupted(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  const middle = Math.floor(copy.length / 2)
  copy[middle] = (copy[middle] ?? 0) ^ 0xff
  return copy
}

function reply(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(body)
}

function problem(response: ServerResponse, status: number, code: string): void {
  reply(response, status, JSON.stringify({ errors: [{ code, message: 'as commanded', detail: null }] }))
}
