import { withDisposableChunks } from '@entrepot/blob-store'
import { type Digest, RegistryError, isRegistryError, parseDigest } from '@entrepot/kernel'
import {
  type Descriptor,
  type ImageName,
  type Reference,
  type Tag,
  bareMediaType,
  isTag,
  manifestMediaTypes,
  maximumManifestBytes,
  mediaTypes,
  referenceText,
} from '@entrepot/oci-model'
import type { UpstreamClient, UpstreamRequest, UpstreamResponse } from '@entrepot/upstream'
import type { FillSource } from '@entrepot/repositories'
import { upstreamImageName } from './docker-hub.js'
import { readJson, readLimited } from './read-limited.js'
import type { WebPages } from './web-pages.js'

export interface UpstreamManifestHead {
  /** As the upstream's header says, undefined where it says none. */
  readonly digest: Digest | undefined
  readonly etag: string | undefined
}

export interface UpstreamManifest extends UpstreamManifestHead {
  readonly mediaType: string
  readonly bytes: Buffer
}

/** What is read of a list at the most, so that no upstream can keep us reading for ever, or fill the memory. */
const maximumPages = 200
const maximumBytes = 32 * 1024 * 1024
const maximumTags = 200_000

/** A list of the upstream. `complete` is false when it is longer than what is read. */
export interface UpstreamList<T> {
  readonly items: readonly T[]
  readonly complete: boolean
}

/** The OCI dialect of the upstream client: distribution-spec, from the client's side. Absence is `undefined`. */
export class UpstreamRegistry {
  constructor(
    private readonly client: UpstreamClient,
    private readonly host: string,
    private readonly webPages: WebPages,
  ) {}

  /** @throws the failure for which the upstream is left alone at present */
  requireAskable(): void {
    this.client.requireAskable()
  }

  /** @returns 'unsupported' when the upstream has no HEAD here, so that GET has to be used (protocol check list 219) */
  async headManifest(
    image: ImageName,
    reference: Reference,
    signal: AbortSignal,
  ): Promise<UpstreamManifestHead | 'unsupported' | undefined> {
    const response = await this.#head(image, `manifests/${referenceText(reference)}`, signal, acceptManifests)
    if (response?.status === 404) return undefined
    return response?.status === 200 ? headOf(response) : 'unsupported'
  }

  async manifest(
    image: ImageName,
    reference: Reference,
    signal: AbortSignal,
  ): Promise<UpstreamManifest | undefined> {
    const response = await this.#request(
      'GET',
      image,
      `manifests/${referenceText(reference)}`,
      signal,
      acceptManifests,
    )
    if (response.status === 404) {
      response.body.resume()
      return undefined
    }
    this.#require200(response, `manifest ${image}:${referenceText(reference)}`)
    this.#requireContent(response, `manifest ${image}:${referenceText(reference)}`)
    const bytes = await readLimited(response, maximumManifestBytes, this.host)
    return {
      ...headOf(response),
      mediaType: bareMediaType(response.headers.get('content-type') ?? ''),
      bytes,
    }
  }

  /** @returns the blob's size in bytes */
  async headBlob(image: ImageName, digest: Digest, signal: AbortSignal): Promise<number | undefined> {
    const response = await this.#head(image, `blobs/${digest}`, signal)
    if (response?.status === 404) return undefined
    const length = response?.status === 200 ? response.headers.contentLength : undefined
    return length ?? this.#sizeByGet(image, digest, signal)
  }

  async blob(
    image: ImageName,
    digest: Digest,
    fromOffset: number,
    signal: AbortSignal,
  ): Promise<FillSource | undefined> {
    const wanted = fromOffset === 0 ? undefined : { start: fromOffset }
    const response = await this.#request('GET', image, `blobs/${digest}`, signal, {}, wanted)
    if (response.status === 404) {
      response.body.resume()
      return undefined
    }
    return this.#source(response, `blob ${digest}`)
  }

  /** What a manifest says to lie at `url`, elsewhere. @param what for people */
  async external(url: string, fromOffset: number, what: string, signal: AbortSignal): Promise<FillSource> {
    const range = fromOffset === 0 ? undefined : { start: fromOffset }
    return this.#source(await this.client.external({ url, range, signal }), what)
  }

  #source(response: UpstreamResponse, what: string): FillSource {
    this.#requireContent(response, what)
    if (response.status === 206) {
      const range = response.headers.contentRange
      if (range === undefined) {
        response.body.destroy()
        throw this.#unexpected(response, `${what}, without a Content-Range`)
      }
      return { body: withDisposableChunks(response.body), startsAt: range.start, size: range.size }
    }
    this.#require200(response, what)
    return {
      body: withDisposableChunks(response.body),
      startsAt: 0,
      size: response.headers.contentLength,
    }
  }

  /** All tags, in the upstream's order. @returns undefined when the upstream doesn't know the image */
  async tags(image: ImageName, signal: AbortSignal): Promise<UpstreamList<Tag> | undefined> {
    const tags: Tag[] = []
    let path: string | undefined = `${this.#base(image)}/tags/list?n=1000`
    let read = 0
    for (let page = 0; path !== undefined; page += 1) {
      if (page === maximumPages || read > maximumBytes || tags.length > maximumTags) {
        return { items: tags, complete: false }
      }
      const response = await this.client.request({ method: 'GET', path, scope: this.#scope(image), signal })
      if (response.status === 404) {
        response.body.resume()
        return page === 0 ? undefined : { items: tags, complete: false }
      }
      this.#require200(response, `tag list of ${image}`)
      const { body, bytes } = await readJson(response, this.host)
      if (!Array.isArray(body['tags']) && body['tags'] !== null)
        throw this.#unexpected(response, `tag list of ${image}`)
      read += bytes
      // One by one: some upstreams send all they have in one page, and a call takes only so many arguments.
      for (const tag of tagsIn(body['tags'])) tags.push(tag)
      path = nextPath(response, path)
    }
    return { items: tags, complete: true }
  }

  /** All referrers by the API. @returns undefined when the upstream has no such API (distribution-spec, "Referrers") */
  async referrers(
    image: ImageName,
    subject: Digest,
    signal: AbortSignal,
  ): Promise<UpstreamList<Descriptor> | undefined> {
    const descriptors: Descriptor[] = []
    let path: string | undefined = `${this.#base(image)}/referrers/${subject}`
    let read = 0
    for (let page = 0; path !== undefined; page += 1) {
      if (page === maximumPages || read > maximumBytes) return { items: descriptors, complete: false }
      const response: UpstreamResponse = await this.client.request({
        method: 'GET',
        path,
        scope: this.#scope(image),
        signal,
        headers: { accept: mediaTypes.ociIndex },
      })
      if (response.status !== 200 && page === 0) {
        response.body.resume()
        return undefined
      }
      this.#require200(response, `referrers of ${image}`)
      const { body, bytes } = await readJson(response, this.host)
      read += bytes
      for (const descriptor of descriptorsOf(body)) descriptors.push(descriptor)
      path = nextPath(response, path)
    }
    return { items: descriptors, complete: true }
  }

  /** For upstreams whose HEAD tells no size: asks for the first byte and reads the size off the range. */
  async #sizeByGet(image: ImageName, digest: Digest, signal: AbortSignal): Promise<number | undefined> {
    const response = await this.#request('GET', image, `blobs/${digest}`, signal, {}, { start: 0, end: 0 })
    response.body.destroy()
    if (response.status === 404) return undefined
    const size = sizeIn(response)
    if (size === undefined) throw this.#unexpected(response, `a question for the size of blob ${digest}`)
    return size
  }

  /** @returns undefined when HEAD is refused, as some upstreams do that have none: GET tells whether it is meant (219) */
  async #head(
    image: ImageName,
    rest: string,
    signal: AbortSignal,
    headers?: Readonly<Record<string, string>>,
  ): Promise<UpstreamResponse | undefined> {
    try {
      const response = await this.#request('HEAD', image, rest, signal, headers)
      response.body.resume()
      return response
    } catch (error) {
      if (isRegistryError(error, 'DENIED')) return undefined
      throw error
    }
  }

  #request(
    method: 'GET' | 'HEAD',
    image: ImageName,
    rest: string,
    signal: AbortSignal,
    headers: Readonly<Record<string, string>> = {},
    range?: UpstreamRequest['range'],
  ): Promise<UpstreamResponse> {
    return this.client.request({
      method,
      path: `${this.#base(image)}/${rest}`,
      scope: this.#scope(image),
      signal,
      headers,
      range,
    })
  }

  #base(image: ImageName): string {
    return `/v2/${upstreamImageName(image, this.host)}`
  }

  #scope(image: ImageName): string {
    return `repository:${upstreamImageName(image, this.host)}:pull`
  }

  #require200(response: UpstreamResponse, what: string): void {
    if (response.status === 200) return
    response.body.destroy()
    throw this.#unexpected(response, what)
  }

  #requireContent(response: UpstreamResponse, what: string): void {
    const type = response.headers.get('content-type')
    if (!this.webPages.refuses(type)) return
    response.body.destroy()
    throw new RegistryError(
      'UPSTREAM_FAILED',
      `upstream ${this.host} answered with a web page (${bareMediaType(type ?? '')}) to ${what}: ` +
        'is its url right, and does it want a login? blockMismatchingMimeTypes of the repository refuses these',
    )
  }

  #unexpected(response: UpstreamResponse, what: string): RegistryError {
    return new RegistryError(
      'UPSTREAM_FAILED',
      `upstream ${this.host} answered ${response.status} to ${what}`,
    )
  }
}

const acceptManifests = { accept: manifestMediaTypes.join(', ') }

function headOf(response: UpstreamResponse): UpstreamManifestHead {
  const text = response.headers.get('docker-content-digest')
  return { digest: text === undefined ? undefined : verifiable(text), etag: response.headers.get('etag') }
}

/** What an upstream says in another algorithm, or in none, is no fault of the client's. */
function verifiable(text: string): Digest | undefined {
  try {
    return parseDigest(text)
  } catch {
    return undefined
  }
}

/** The size of a blob in the answer to a question for its first byte. An empty blob has none: RFC 9110 15.5.17. */
function sizeIn({ status, headers }: UpstreamResponse): number | undefined {
  if (status === 206) return headers.contentRange?.size
  if (status === 416) return headers.get('content-range')?.trim() === 'bytes */0' ? 0 : undefined
  return status === 200 ? headers.contentLength : undefined
}

/** The `Link` of a paginated list, which must stay on the same path: its query is all that is taken. RFC 8288. */
function nextPath(response: UpstreamResponse, current: string): string | undefined {
  const link = /<([^>]*)>\s*;\s*rel="?next"?/.exec(response.headers.get('link') ?? '')?.[1]
  const query = link === undefined ? undefined : /\?(.*)$/.exec(link)?.[1]
  const next = query === undefined ? undefined : `${current.replace(/\?.*$/, '')}?${query}`
  return next === current ? undefined : next
}

function tagsIn(list: unknown): readonly Tag[] {
  return Array.isArray(list) ? list.filter((entry) => typeof entry === 'string' && isTag(entry)) : []
}

function descriptorsOf(index: Readonly<Record<string, unknown>>): readonly Descriptor[] {
  const entries = Array.isArray(index['manifests'])
    ? (index['manifests'] as readonly Record<string, unknown>[])
    : []
  return entries.flatMap(({ mediaType, digest, size, artifactType, annotations }) => {
    if (typeof mediaType !== 'string' || typeof digest !== 'string' || typeof size !== 'number') return []
    const known = verifiable(digest)
    if (known === undefined) return []
    return [
      {
        mediaType,
        digest: known,
        size,
        ...(typeof artifactType === 'string' ? { artifactType } : {}),
        ...(typeof annotations === 'object' && annotations !== null
          ? { annotations: annotations as Readonly<Record<string, string>> }
          : {}),
      },
    ]
  })
}

/** The entries of an index kept under a fall-back tag; none of anything else. distribution-spec, "Referrers Tag Schema". */
export function fallbackReferrers(bytes: Buffer): readonly Descriptor[] {
  try {
    const value = JSON.parse(bytes.toString('utf8')) as unknown
    return typeof value === 'object' && value !== null ? descriptorsOf(value as Record<string, unknown>) : []
  } catch {
    return []
  }
}
