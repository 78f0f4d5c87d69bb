import { sha256, type Image } from './images.js'

/** An answer that takes longer, body included, is a hang and fails by name. */
const answerWithinMs = 30_000

export interface Credentials {
  readonly user: string
  readonly password: string
}

export interface Ask {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer | string
  readonly signal?: AbortSignal
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Buffer
}

/** Raw requests to any registry that takes Basic or nothing; it follows no redirects and hides no status. */
export class Registry {
  constructor(
    readonly url: string,
    private readonly credentials?: Credentials,
  ) {}

  async send(method: string, path: string, ask: Ask = {}): Promise<Answer> {
    const response = await this.open(method, path, ask)
    return {
      status: response.status,
      headers: response.headers,
      body: Buffer.from(await response.arrayBuffer()),
    }
  }

  /** As `send`, with the body still to be read. */
  async open(method: string, path: string, ask: Ask = {}): Promise<Response> {
    const timeout = AbortSignal.timeout(answerWithinMs)
    return fetch(new URL(path, this.url), {
      method,
      signal: ask.signal === undefined ? timeout : AbortSignal.any([ask.signal, timeout]),
      redirect: 'manual',
      headers: { ...this.authorization, ...ask.headers },
      ...(ask.body === undefined ? {} : { body: new Uint8Array(Buffer.from(ask.body)) }),
    })
  }

  async get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.send('GET', path, { headers })
  }

  async head(path: string): Promise<Answer> {
    return this.send('HEAD', path)
  }

  async manifest(name: string, reference: string): Promise<Answer> {
    return this.get(`/v2/${name}/manifests/${reference}`)
  }

  async blob(name: string, digest: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.get(`/v2/${name}/blobs/${digest}`, headers)
  }

  async tags(name: string): Promise<string[]> {
    const answer = expectStatus(await this.get(`/v2/${name}/tags/list`), 200)
    return (json(answer) as { tags: string[] }).tags
  }

  /** Opens an upload session and gives its location. */
  async startUpload(name: string): Promise<string> {
    const opened = expectStatus(await this.send('POST', `/v2/${name}/blobs/uploads/`), 202)
    return opened.headers.get('location') ?? ''
  }

  /** POST and PUT, as containerd does. */
  async pushBlob(name: string, bytes: Buffer): Promise<string> {
    const digest = sha256(bytes)
    const location = await this.startUpload(name)
    const closing = await this.send('PUT', withQuery(location, `digest=${encodeURIComponent(digest)}`), {
      headers: { 'content-type': 'application/octet-stream' },
      body: bytes,
    })
    expectStatus(closing, 201)
    return digest
  }

  /** Pushes an image with everything it names, children first, and gives its digest. */
  async pushImage(name: string, reference: string, image: Image): Promise<string> {
    for (const bytes of image.blobs.values()) await this.pushBlob(name, bytes)
    for (const child of image.children) await this.pushImage(name, child.digest, child)
    expectStatus(await this.putManifest(name, reference, image.bytes, image.mediaType), 201)
    return image.digest
  }

  async putManifest(
    name: string,
    reference: string,
    body: Buffer | string,
    mediaType: string,
  ): Promise<Answer> {
    return this.send('PUT', `/v2/${name}/manifests/${reference}`, {
      headers: { 'content-type': mediaType },
      body,
    })
  }

  private get authorization(): Record<string, string> {
    if (this.credentials === undefined) return {}
    const { user, password } = this.credentials
    return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }
  }
}

export function json(answer: Answer): unknown {
  return JSON.parse(answer.body.toString('utf8'))
}

/** The codes of the protocol's error body; empty when the body is not one. */
export function errorCodes(answer: Answer): string[] {
  try {
    return (json(answer) as { errors: { code: string }[] }).errors.map((error) => error.code)
  } catch {
    return []
  }
}

export function expectStatus(answer: Answer, status: number): Answer {
  if (answer.status === status) return answer
  throw new Error(`expected ${status}, got ${answer.status}: ${answer.body.toString('utf8').slice(0, 500)}`)
}

/** A location with one more parameter: it may have a query already. */
export function withQuery(location: string, query: string): string {
  return `${location}${location.includes('?') ? '&' : '?'}${query}`
}

/** What a body's bytes hash to: compared with a digest it says "unchanged" without printing the bytes. */
export function bodyDigest(answer: Answer): string {
  return sha256(answer.body)
}
