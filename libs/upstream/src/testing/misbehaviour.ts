/** How a {@link FaultyRegistry} goes wrong. Everything but `kind` that has a default says so. */
export type Misbehaviour =
  /** Answers so instead: 429 with `retry-after`, 405 for HEAD, 500, 503, 401 … */
  | {
      readonly kind: 'status'
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string
    }
  /** The connection is closed after so many bytes of the body, which `Content-Length` had announced whole. */
  | { readonly kind: 'drop'; readonly afterBytes: number }
  /** Sends so many bytes of the body and then nothing, with the connection open. */
  | { readonly kind: 'stall'; readonly afterBytes: number }
  /** Sends the body in steps; 1 byte every 10 ms unless told. */
  | { readonly kind: 'drip'; readonly bytesPerStep?: number; readonly everyMilliseconds?: number }
  /** The whole answer comes late. */
  | { readonly kind: 'delay'; readonly milliseconds: number }
  /** No answer at all, with the connection open. */
  | { readonly kind: 'hang' }
  /** The connection is reset before any byte of the answer. */
  | { readonly kind: 'reset' }
  /** The body has another last byte than announced; its length and its digest header are the right ones. */
  | { readonly kind: 'wrong-bytes' }
  | { readonly kind: 'wrong-digest-header' }
  | { readonly kind: 'no-digest-header' }
  /** The whole content with status 200, whatever range was asked for. */
  | { readonly kind: 'ignore-range' }
  /** 307 (unless told) to `to`, or to what `to` makes of the request's path. */
  | {
      readonly kind: 'redirect'
      readonly to: string | ((path: string) => string)
      readonly status?: number
    }
  /** Sends the body gzipped unless the request has `Accept-Encoding: identity`; with `always`, even then. */
  | { readonly kind: 'gzip'; readonly always?: boolean }

/** Which requests are struck. */
export interface Occasion {
  readonly method?: string
  /** The path as it was sent, without the query: equal to the string, or matched by the expression. */
  readonly path?: string | RegExp
  /** How many requests; all of them unless told. */
  readonly times?: number
}

/** One misbehaviour at work. */
export class Fault {
  /** How many requests were struck so far. */
  hits = 0
  #stopped = false

  constructor(
    readonly behaviour: Misbehaviour,
    readonly occasion: Occasion,
  ) {}

  stop(): void {
    this.#stopped = true
  }

  strikes(method: string, path: string): boolean {
    if (this.#stopped || this.hits >= (this.occasion.times ?? Infinity)) return false
    if (this.occasion.method !== undefined && this.occasion.method !== method) return false
    return this.occasion.path === undefined || matchesPath(this.occasion.path, path)
  }
}

export function matchesPath(pattern: string | RegExp, path: string): boolean {
  return typeof pattern === 'string' ? pattern === path : pattern.test(path)
}
