import { Agent, request } from 'node:http'
import type { Answer } from '../../support/registry-client.js'
import { expectStatus, json } from '../../support/registry-client.js'

/** How a client proves who it is: at once, or by a token that the server's challenge asks for. */
export type Login = 'Basic' | 'Bearer'

export interface WireOptions {
  readonly port: number
  /** What the client believes the server is called; the bytes always go to 127.0.0.1. */
  readonly host: string
  readonly login: Login
  readonly user: string
  readonly password: string
}

export interface WireAsk {
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body?: Buffer
  /** Sends the body with `Transfer-Encoding: chunked`, as a client that doesn't know the size. */
  readonly unsized?: boolean
}

export interface Challenge {
  readonly realm: string
  readonly service: string
  readonly scope: string | undefined
}

const answerWithinMs = 30_000
const pullMethods = new Set(['GET', 'HEAD'])

/**
 * Plain HTTP/1.1 with every header as the test wants it: unlike `fetch` it can send any `Host`, repeat a
 * header and stream a body of unknown size.
 */
export class Wire {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 8 })
  private readonly tokens = new Map<string, string>()

  constructor(private readonly options: WireOptions) {}

  get login(): Login {
    return this.options.login
  }

  close(): void {
    this.agent.destroy()
  }

  async send(method: string, path: string, ask: WireAsk = {}): Promise<Answer> {
    if (this.options.login === 'Basic') return this.exchange(method, path, ask, this.basic)
    // Tokens are kept for each name and kind of access, as the official program does: a mount is then first
    // asked with a token that doesn't cover its source, and has to be told so.
    const key = tokenKey(method, path)
    const first = await this.exchange(method, path, ask, this.tokens.get(key))
    if (first.status !== 401) return first
    const token = await this.fetchToken(readChallenge(first))
    this.tokens.set(key, token)
    return this.exchange(method, path, ask, token)
  }

  /** The next request asks for a token of its own. */
  forgetTokens(): void {
    this.tokens.clear()
  }

  /** The same request by nobody. */
  async sendAnonymously(method: string, path: string): Promise<Answer> {
    return this.exchange(method, path, {}, undefined)
  }

  /** With a header of the caller's making, or none. */
  async sendWith(
    authorization: string | undefined,
    method: string,
    path: string,
    ask: WireAsk = {},
  ): Promise<Answer> {
    return this.exchange(method, path, ask, authorization)
  }

  /** The path of an address that the server gave; it must be on the host that the client used. */
  pathOf(location: string | null): string {
    if (location === null || location === '') throw new Error('the answer has no Location')
    const url = new URL(location, `http://${this.options.host}`)
    if (url.host !== this.options.host) throw new Error(`${location} is not on ${this.options.host}`)
    return `${url.pathname}${url.search}`
  }

  private get basic(): string {
    const { user, password } = this.options
    return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  }

  private async fetchToken({ realm, service, scope }: Challenge): Promise<string> {
    const query = new URLSearchParams({ service, ...(scope === undefined ? {} : { scope }) })
    const path = `${this.pathOf(realm)}?${query.toString()}`
    const granted = expectStatus(await this.exchange('GET', path, {}, this.basic), 200)
    return `Bearer ${(json(granted) as { access_token: string }).access_token}`
  }

  private async exchange(
    method: string,
    path: string,
    ask: WireAsk,
    authorization: string | undefined,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const length = ask.body === undefined ? sizeless(method) : { 'content-length': String(ask.body.length) }
      const headers: Record<string, string | string[]> = {
        host: this.options.host,
        ...(authorization === undefined ? {} : { authorization }),
        ...(ask.unsized === true ? { 'transfer-encoding': 'chunked' } : length),
        ...ask.headers,
      }
      const signal = AbortSignal.timeout(answerWithinMs)
      const { port } = this.options
      const outgoing = request(
        { agent: this.agent, host: '127.0.0.1', port, method, path, headers, signal },
        (incoming) => {
          const chunks: Buffer[] = []
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
          incoming.on('error', reject)
          incoming.on('end', () => {
            const received = new Headers()
            for (const [name, values] of Object.entries(incoming.headersDistinct))
              for (const value of values ?? []) received.append(name, value)
            resolve({ status: incoming.statusCode ?? 0, headers: received, body: Buffer.concat(chunks) })
          })
        },
      )
      outgoing.on('error', reject)
      outgoing.end(ask.body)
    })
  }
}

/** Methods that usually have a body say that there is none. */
function sizeless(method: string): Record<string, string> {
  return pullMethods.has(method) ? {} : { 'content-length': '0' }
}

function tokenKey(method: string, path: string): string {
  const name = /^(.*?)\/(?:blobs|manifests|tags|referrers)\//.exec(path)?.[1] ?? path
  if (pullMethods.has(method)) return `pull ${name}`
  return `${method === 'DELETE' ? 'delete' : 'push'} ${name}`
}

export function readChallenge(answer: Answer): Challenge {
  const header = answer.headers.get('www-authenticate') ?? ''
  if (!/^Bearer /i.test(header)) throw new Error(`401 without a Bearer challenge: ${header}`)
  const fields = new Map<string, string>()
  for (const [, name, value] of header.matchAll(/(\w+)="([^"]*)"/g)) fields.set(name ?? '', value ?? '')
  const realm = fields.get('realm')
  if (realm === undefined) throw new Error(`a challenge without a realm: ${header}`)
  return { realm, service: fields.get('service') ?? '', scope: fields.get('scope') }
}
