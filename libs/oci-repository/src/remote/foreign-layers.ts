import { type Digest, PathPattern, RegistryError } from '@entrepot/kernel'
import { type ImageName, parseManifest } from '@entrepot/oci-model'
import type { FillSource, RemoteConfig } from '@entrepot/repositories'
import type { RemoteCache } from './remote-manifests.js'
import type { UpstreamRegistry } from './upstream-registry.js'

/** A layer that its registry does not hold, as the cached manifests describe it. */
export interface ForeignLayer {
  readonly digest: Digest
  /** In bytes. */
  readonly size: number
  /** Where it may be fetched, the first first. */
  readonly allowed: readonly string[]
  /** Why it is not fetched, where it may not be fetched anywhere. */
  readonly refusal: RegistryError
}

/** Those layers of images that lie elsewhere, at `urls`. image-spec, descriptor.md; Artifactory's "external dependencies". */
export class ForeignLayers {
  readonly #patterns: readonly PathPattern[]

  constructor(
    private readonly config: RemoteConfig,
    private readonly cache: RemoteCache,
    private readonly upstream: UpstreamRegistry,
  ) {
    this.#patterns = (config.externalDependenciesPatterns ?? ['**']).map((text) => new PathPattern(text))
  }

  /** @returns undefined for what is no foreign layer of a cached manifest of the image */
  async find(image: ImageName, digest: Digest): Promise<ForeignLayer | undefined> {
    const { manifests, repository } = this.cache
    const listing = await manifests.listingForeign(repository, image, digest)
    const layers = listing
      .flatMap(({ bytes, mediaType }) => parseManifest(bytes, mediaType).foreign)
      .filter((layer) => layer.digest === digest)
    const [first] = layers
    if (first === undefined) return undefined
    const urls = [...new Set(layers.flatMap((layer) => layer.urls))]
    const allowed = this.config.externalDependenciesEnabled ? urls.filter((url) => this.#admits(url)) : []
    return { digest, size: first.size, allowed, refusal: this.#refusal(image, digest, urls) }
  }

  /**
   * Asks one URL after the other.
   * @throws RegistryError what the last of them said
   */
  async fetch(layer: ForeignLayer, fromOffset: number, signal: AbortSignal): Promise<FillSource> {
    let failure: unknown = layer.refusal
    for (const url of layer.allowed) {
      try {
        return await this.upstream.external(url, fromOffset, `foreign layer ${layer.digest}`, signal)
      } catch (error) {
        signal.throwIfAborted()
        failure = error
      }
    }
    throw failure
  }

  /** Patterns are matched with and without the scheme, never against the query. */
  #admits(text: string): boolean {
    const url = URL.parse(text)
    if (url === null) return false
    const path = [url.host, ...url.pathname.split('/')].filter((segment) => segment !== '').join('/')
    return this.#patterns.some(
      (pattern) => pattern.matches(path) || pattern.matches(`${url.protocol}/${path}`),
    )
  }

  #refusal(image: ImageName, digest: Digest, urls: readonly string[]): RegistryError {
    const { key, externalDependenciesEnabled } = this.config
    const places = [...new Set(urls.map((url) => URL.parse(url)?.host ?? 'no address'))]
      .slice(0, 3)
      .join(', ')
    const where = urls.length === 0 ? 'which says no place to fetch it from' : `which lies at ${places}`
    const reason = externalDependenciesEnabled
      ? 'its externalDependenciesPatterns admit no such address'
      : 'its externalDependenciesEnabled is false'
    return new RegistryError(
      'DENIED',
      `blob ${digest} of ${image} is a foreign layer, ${where}: repository ${key} does not fetch it, as ${reason}`,
      { detail: { digest } },
    )
  }
}
