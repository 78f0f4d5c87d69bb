import { Buffer } from 'node:buffer'

export type Json = Readonly<Record<string, unknown>>

/** One request of a client, and what it takes for success. */
export interface Call {
  readonly method: string
  readonly path: string
  /** Sent as JSON; text is sent as it is, under `type`. */
  readonly body?: unknown
  readonly type?: string
  /** The statuses that the client takes for done. */
  readonly done: readonly number[]
}

export interface AdminAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

const answerWithinMs = 30_000

/** The admin API as whoever `authorization` is. */
export class AdminClient {
  constructor(
    readonly url: string,
    readonly authorization: string,
  ) {}

  static basic(url: string, user: string, password: string): AdminClient {
    return new AdminClient(url, `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`)
  }

  /** @param type of the body: JSON unless something else is said, in which case the body is text */
  async send(method: string, path: string, body?: unknown, type?: string): Promise<AdminAnswer> {
    const content = type === undefined ? JSON.stringify(body) : String(body)
    const response = await fetch(this.url + path, {
      method,
      redirect: 'manual',
      signal: AbortSignal.timeout(answerWithinMs),
      headers: {
        authorization: this.authorization,
        ...(body === undefined ? {} : { 'content-type': type ?? 'application/json' }),
      },
      ...(body === undefined ? {} : { body: content }),
    })
    return { status: response.status, headers: response.headers, text: await response.text() }
  }

  /** @throws Error for a status that the client would not take */
  async make(call: Call): Promise<AdminAnswer> {
    const answer = await this.send(call.method, call.path, call.body, call.type)
    if (call.done.includes(answer.status)) return answer
    throw new Error(
      `${call.method} ${call.path}: ${answer.status}, expected ${call.done.join(' or ')}: ${answer.text.slice(0, 500)}`,
    )
  }

  async json(path: string): Promise<Json> {
    const answer = await this.make({ method: 'GET', path, done: [200] })
    return JSON.parse(answer.text) as Json
  }
}
