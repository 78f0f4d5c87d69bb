import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { sendAnswer, type Answer } from './answer.js'
import { Fault, matchesPath, type Misbehaviour, type Occasion } from './misbehaviour.js'
import { RegistryAccess, type TokenRules } from './registry-access.js'
import { RegistryContent, type AddedImage, type Content, type ImageOptions } from './registry-content.js'

export interface RecordedRequest {
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly query: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

export interface FaultyRegistryOptions {
  /** Serves https with this key and certificate. */
  readonly tls?: { readonly key: string; readonly cert: string }
}

interface Route {
  readonly pattern: RegExp
  readonly answer: (image: string, last: string, query: URLSearchParams) => Answer
}

/**
 * A registry in this process, on real sockets of 127.0.0.1, that serves what it was given and goes wrong on command.
 * It checks access first, then looks whether a fault strikes, then answers. `GET /token` is its token endpoint, and
 * {@link FaultyRegistry.serve} gives it files outside `/v2`, for redirects to end at.
 */
export class FaultyRegistry {
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  /** `127.0.0.1:<port>` */
  readonly host: string
  #connections = 0
  readonly #requests: RecordedRequest[] = []
  readonly #faults: Fault[] = []
  readonly #files = new Map<string, Buffer>()
  readonly #content = new RegistryContent()
  readonly #access = new RegistryAccess()
  readonly #server: Server
  readonly #routes: readonly Route[] = [
    {
      pattern: /^\/v2\/(.+)\/manifests\/([^/]+)$/,
      answer: (image, reference) => this.#manifest(image, reference),
    },
    { pattern: /^\/v2\/(.+)\/blobs\/([^/]+)$/, answer: (image, digest) => this.#blob(image, digest) },
    { pattern: /^\/v2\/(.+)\/tags\/(list)$/, answer: (image, _, query) => this.#tagList(image, query) },
    {
      pattern: /^\/v2\/(.+)\/referrers\/([^/]+)$/,
      answer: (image, subject, query) => this.#referrers(image, subject, query),
    },
  ]

  private constructor(server: Server, scheme: string) {
    this.#server = server
    this.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
    this.url = `${scheme}://${this.host}`
    server.on('connection', () => (this.#connections += 1))
    server.on('request', (request: IncomingMessage, response: ServerResponse) =>
      this.#handle(request, response),
    )
  }

  static async start(options: FaultyRegistryOptions = {}): Promise<FaultyRegistry> {
    const server = options.tls === undefined ? createHttpServer() : createHttpsServer(options.tls)
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(0, '127.0.0.1', resolve)
    })
    return new FaultyRegistry(server, options.tls === undefined ? 'http' : 'https')
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeAllConnections()
    await closed
  }

  /** `alpine` is `library/alpine` here: nothing is added to names. */
  addImage(image: string, tag?: string, options: ImageOptions = {}): AddedImage {
    return this.#content.addImage(image, tag, options)
  }

  addIndex(image: string, tag: string | undefined, children: readonly Content[]): Content {
    return this.#content.addIndex(image, tag, children)
  }

  addManifest(image: string, bytes: Buffer, mediaType: string, ...tags: readonly string[]): Content {
    return this.#content.addManifest(image, bytes, mediaType, tags)
  }

  addBlob(image: string, bytes: Buffer): Content {
    return this.#content.addBlob(image, bytes)
  }

  /** Points the tags at a manifest that is there already. */
  tag(image: string, manifest: Content, ...tags: readonly string[]): void {
    this.#content.addManifest(image, manifest.bytes, manifest.mediaType, tags)
  }

  removeTag(image: string, tag: string): void {
    this.#content.repository(image)?.tags.delete(tag)
  }

  removeManifest(image: string, manifest: Content): void {
    this.#content.repository(image)?.manifests.delete(manifest.digest)
  }

  removeBlob(image: string, blob: Content): void {
    this.#content.repository(image)?.blobs.delete(blob.digest)
  }

  /** Serves `bytes` at `path` to anyone, ranges included. */
  serve(path: string, bytes: Buffer): void {
    this.#files.set(path, bytes)
  }

  /** The oldest fault that fits a request strikes it; only that one. */
  misbehave(behaviour: Misbehaviour, occasion: Occasion = {}): Fault {
    const fault = new Fault(behaviour, occasion)
    this.#faults.push(fault)
    return fault
  }

  /** Ends all misbehaviour. */
  heal(): void {
    this.#faults.length = 0
  }

  requireToken(rules: TokenRules = {}): void {
    this.#access.requireToken(rules)
  }

  requireBasic(username: string, password: string): void {
    this.#access.requireBasic(username, password)
  }

  requireNothing(): void {
    this.#access.requireNothing()
  }

  revokeTokens(): void {
    this.#access.revokeTokens()
  }

  /** In the order in which they came, those that were refused or struck included. */
  get requests(): readonly RecordedRequest[] {
    return this.#requests
  }

  count(method: string, path: string | RegExp): number {
    return this.#requests.filter((each) => each.method === method && matchesPath(path, each.path)).length
  }

  /** How many connections were made to it so far. */
  get connections(): number {
    return this.#connections
  }

  forgetRequests(): void {
    this.#requests.length = 0
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const method = request.method ?? ''
    const [path = '', query = ''] = (request.url ?? '').split('?', 2)
    this.#requests.push({ method, path, query, headers: request.headers })
    const guarded = path !== '/token' && !this.#files.has(path)
    const image = this.#routes
      .map((route) => route.pattern.exec(path)?.[1])
      .find((found) => found !== undefined)
    const challenge = guarded ? this.#access.challengeFor(request.headers, image, this.url) : undefined
    if (challenge !== undefined) {
      const refusal = failure(401, 'UNAUTHORIZED')
      refusal.headers['www-authenticate'] = challenge
      sendAnswer(request, response, refusal, undefined)
      return
    }
    const fault = this.#faults.find((each) => each.strikes(method, path))
    if (fault !== undefined) fault.hits += 1
    const answer = path === '/token' ? this.#token(request, query) : this.#answer(path, query)
    sendAnswer(request, response, answer, fault?.behaviour)
  }

  #token(request: IncomingMessage, query: string): Answer {
    const token = this.#access.issue(request.headers, new URLSearchParams(query))
    return token === undefined ? failure(401, 'UNAUTHORIZED') : jsonAnswer(token)
  }

  #answer(path: string, query: string): Answer {
    const file = this.#files.get(path)
    if (file !== undefined) {
      return {
        status: 200,
        headers: { 'content-type': 'application/octet-stream' },
        body: file,
        ranges: true,
      }
    }
    if (path === '/v2/') return jsonAnswer({})
    for (const route of this.#routes) {
      const [, image, last] = route.pattern.exec(path) ?? []
      if (image !== undefined && last !== undefined)
        return route.answer(image, last, new URLSearchParams(query))
    }
    return failure(404, 'NOT_FOUND')
  }

  #manifest(image: string, reference: string): Answer {
    const repository = this.#content.repository(image)
    const manifest = repository?.manifests.get(repository.tags.get(reference) ?? reference)
    if (manifest === undefined) return failure(404, 'MANIFEST_UNKNOWN')
    return contentAnswer(manifest, { etag: `"${manifest.digest}"` })
  }

  #blob(image: string, digest: string): Answer {
    const blob = this.#content.repository(image)?.blobs.get(digest)
    if (blob === undefined) return failure(404, 'BLOB_UNKNOWN')
    return { ...contentAnswer(blob, { 'content-type': 'application/octet-stream' }), ranges: true }
  }

  #tagList(image: string, query: URLSearchParams): Answer {
    const repository = this.#content.repository(image)
    if (repository === undefined) return failure(404, 'NAME_UNKNOWN')
    const limit = Number(query.get('n') ?? Infinity)
    const all = [...repository.tags.keys()].sort().filter((tag) => tag > (query.get('last') ?? ''))
    const tags = all.slice(0, limit)
    const answer = jsonAnswer({ name: image, tags })
    if (all.length > limit) {
      answer.headers['link'] = `</v2/${image}/tags/list?n=${limit}&last=${tags.at(-1) ?? ''}>; rel="next"`
    }
    return answer
  }

  #referrers(image: string, subject: string, query: URLSearchParams): Answer {
    const artifactType = query.get('artifactType')
    const filtered = artifactType === null ? {} : { 'oci-filters-applied': 'artifactType' }
    return contentAnswer(this.#content.referrersOf(image, subject, artifactType), filtered)
  }
}

function contentAnswer(content: Content, headers: Readonly<Record<string, string>>): Answer {
  return {
    status: 200,
    headers: { 'content-type': content.mediaType, 'docker-content-digest': content.digest, ...headers },
    body: content.bytes,
    ranges: false,
  }
}

function jsonAnswer(value: unknown): Answer {
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(value)),
    ranges: false,
  }
}

function failure(status: number, code: string): Answer {
  return { ...jsonAnswer({ errors: [{ code, message: code.toLowerCase() }] }), status }
}
