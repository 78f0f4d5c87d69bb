import type { IncomingHttpHeaders } from 'node:http'

/** The header fields of an answer, whose names are looked up without regard to case (RFC 9110 5.1). */
export class UpstreamHeaders {
  readonly #fields: IncomingHttpHeaders

  constructor(fields: IncomingHttpHeaders) {
    this.#fields = fields
  }

  /** A field sent several times comes joined by commas (RFC 9110 5.3). */
  get(name: string): string | undefined {
    const value = this.#fields[name.toLowerCase()]
    return Array.isArray(value) ? value.join(', ') : value
  }

  /** `Content-Length`; undefined when there is none or it is no number. */
  get contentLength(): number | undefined {
    const text = this.get('content-length')
    return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
  }

  /** What `Content-Range: bytes 0-99/200` says (RFC 9110 14.4); undefined when there is none or it is malformed. */
  get contentRange():
    { readonly start: number; readonly end: number; readonly size: number | undefined } | undefined {
    const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i.exec(
      this.get('content-range')?.trim() ?? '',
    )
    if (match === null) return undefined
    const [, start, end, size] = match
    return { start: Number(start), end: Number(end), size: size === '*' ? undefined : Number(size) }
  }
}
