import { once } from 'node:events'
import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { RecordingAuditTrail, userPrincipal } from '@entrepot/kernel/testing'
import { createRegistryHandler } from '../create-registry-handler.js'
import type { FinishedRequest } from '../request-observer.js'
import { defaultRegistryApiSettings, type RegistryApiSettings } from '../settings.js'
import { FakeDirectory } from './fake-directory.js'
import { FakeIdentity } from './fake-identity.js'
import { FakePolicy } from './fake-policy.js'
import { RecordingLogger } from './recording-logger.js'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly bytes: Buffer
  /** The code of the first error. */
  readonly code: string | undefined
  json(): Record<string, unknown>
}

export interface Ask {
  readonly headers?: OutgoingHttpHeaders
  readonly body?: Buffer | string
  /** A user's name for Basic, or the whole header. */
  readonly as?: string | undefined
}

export const alice = userPrincipal('alice')
export const root = userPrincipal('root', { admin: true })
/** An administrator who shows an access token with limits. */
export const limitedRoot = userPrincipal('limited-root', { admin: true, limits: [] })

export function basic(name: string, password = `${name}:secret`): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`
}

/** A registry over fakes, listening on a port of its own. */
export class RegistryUnderTest {
  readonly directory = new FakeDirectory()
  readonly policy = new FakePolicy()
  readonly identity = new FakeIdentity([alice, root, limitedRoot])
  readonly logger = new RecordingLogger()
  readonly audit = new RecordingAuditTrail()
  readonly finished: FinishedRequest[] = []
  readonly #server = createServer({ requestTimeout: 0 })
  #requests = 0

  constructor(settings: Partial<RegistryApiSettings> = {}) {
    let clock = 0
    const handler = createRegistryHandler({
      directory: this.directory,
      policy: this.policy,
      tokens: this.identity,
      credentials: {
        requestAuthenticator: this.identity,
        authenticator: this.identity,
        refreshTokens: this.identity.refreshTokens,
      },
      settings: { ...defaultRegistryApiSettings, ...settings },
      runtime: {
        clientAddressOf: () => '192.0.2.7',
        newRequestId: () => `request-${(this.#requests += 1)}`,
        monotonicNow: () => (clock += 1.5),
        logger: this.logger,
        audit: this.audit,
        observer: { requestFinished: (request) => this.finished.push(request) },
      },
    })
    this.#server.on('request', (request, response) => void handler.handle(request, response))
    // As the real server does it: the client is told to go on when its body is first read.
    this.#server.on('checkContinue', (request, response) => {
      response.shouldKeepAlive = false
      request.once('resume', () => {
        if (!response.headersSent) response.writeContinue()
      })
      void handler.handle(request, response)
    })
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return this
  }

  async stop(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  /** As `root` unless said otherwise; `as: ''` sends no credentials. */
  async ask(method: string, path: string, ask: Ask = {}): Promise<Answer> {
    const { as = 'root', body } = ask
    const headers: OutgoingHttpHeaders = { ...ask.headers }
    if (as !== '') headers['authorization'] = as.includes(' ') ? as : basic(as)
    if (body !== undefined && headers['transfer-encoding'] === undefined) {
      headers['content-length'] ??= Buffer.byteLength(body)
    }
    const request = httpRequest({ host: '127.0.0.1', port: this.port, method, path, headers, agent: false })
    request.end(body)
    const [response] = await once(request, 'response')
    // Node's client cuts the connection when it has its answer, also while it is still sending.
    request.on('error', () => undefined)
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk as Buffer)
    const bytes = Buffer.concat(chunks)
    const json = () => JSON.parse(bytes.toString('utf8')) as Record<string, unknown>
    const isJson = response.headers['content-type'] === 'application/json' && bytes.length > 0
    const errors = isJson ? (json()['errors'] as readonly { code: string }[] | undefined) : undefined
    const code = errors?.[0]?.code
    return { status: response.statusCode, headers: response.headers, bytes, code, json }
  }

  /** A bearer header with the scopes that `user` is given. */
  async bearer(user: string, ...scopes: readonly string[]): Promise<string> {
    const query = scopes.map((scope) => `scope=${encodeURIComponent(scope)}`).join('&')
    const answer = await this.ask('GET', `/v2/token?${query}`, { as: user })
    return `Bearer ${String(answer.json()['token'])}`
  }

  /** The next request to be over; ask before it can be. */
  async nextFinished(): Promise<FinishedRequest> {
    const before = this.finished.length
    for (;;) {
      const next = this.finished[before]
      if (next !== undefined) return next
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
}
