import { type Clock, type Digest, RegistryError, algorithmOf, digestOf } from '@entrepot/kernel'
import {
  type ImageName,
  type ParsedManifest,
  type Reference,
  type Tag,
  digestReference,
  parseManifest,
  referenceText,
  tagReference,
} from '@entrepot/oci-model'
import type { RemoteConfig, RepositoryId } from '@entrepot/repositories'
import { abortable } from '../abortable.js'
import type { CacheEntry, Decision, DecisionRule } from '../explanation.js'
import type { ManifestStore } from '../manifest-store.js'
import type { CacheState, Found, ManifestBytes } from '../oci-repository.js'
import type { CachedRef, RemoteRefStore } from '../remote-ref-store.js'
import type { RequestContext } from '../request-context.js'
import { SingleFlight } from '../single-flight.js'
import { UpstreamWouldBeAsked } from '../upstream-would-be-asked.js'
import { withinTimeLimit } from './time-limit.js'
import type { UpstreamManifest, UpstreamRegistry } from './upstream-registry.js'

/** The cache of one remote, as the database keeps it. */
export interface RemoteCache {
  readonly repository: RepositoryId
  readonly manifests: ManifestStore
  readonly refs: RemoteRefStore
}

const uncachedOffline = 'it is not cached, and the remote is offline'
const freshlyMissing = 'the upstream said lately that it has no such'

type Answer = { readonly manifest: ManifestBytes; readonly cache: CacheState } | undefined

/**
 * Manifests of a remote: a digest is fetched once and for all; a tag is believed for a while, then revalidated with HEAD,
 * which most upstreams don't count as a pull. Whatever the upstream does, a cached copy is served rather than an error.
 */
export class RemoteManifests {
  readonly #flights = new SingleFlight<Answer>()

  constructor(
    private readonly config: RemoteConfig,
    private readonly cache: RemoteCache,
    private readonly upstream: UpstreamRegistry,
    private readonly clock: Clock,
  ) {}

  async find(
    image: ImageName,
    reference: Reference,
    context: RequestContext,
  ): Promise<Found<ManifestBytes> | undefined> {
    const answer =
      reference.kind === 'tag'
        ? await this.#byTag(image, reference.tag, context)
        : await this.#byDigest(image, reference.digest, context)
    if (answer === undefined) return undefined
    return { value: answer.manifest, foundIn: this.config.key, cache: answer.cache }
  }

  async #byDigest(image: ImageName, digest: Digest, context: RequestContext): Promise<Answer> {
    const { repository, manifests, refs } = this.cache
    const manifest = await manifests.findByDigest(repository, image, digest)
    const note = this.#notes(context)
    if (manifest !== undefined) {
      note('cache', 'taken', 'its manifest is cached, and what a digest names never changes')
      return { manifest, cache: 'hit' }
    }
    const cached = await refs.find(repository, image, digest)
    if (this.config.offline || isFreshlyMissing(cached, this.clock)) {
      note('cache', 'passed', this.config.offline ? uncachedOffline : freshlyMissing, cached?.ref)
      return undefined
    }
    note('cache', 'noted', 'it is not cached', cached?.ref)
    const reference = digestReference(digest)
    this.#explainInstead(context, `its upstream would be asked for ${image}@${digest} by GET`, undefined)
    return this.#once(image, reference, context, (signal) => this.#fetch(image, reference, cached, signal))
  }

  async #byTag(image: ImageName, tag: Tag, context: RequestContext): Promise<Answer> {
    const cached = await this.cache.refs.find(this.cache.repository, image, tag)
    const manifest = cached?.manifest
    const fresh = cached !== undefined && cached.ref.freshUntil.getTime() > this.clock.now()
    const note = this.#notes(context)
    if (fresh && cached.ref.status === 'missing') {
      note('cache', 'passed', freshlyMissing, cached.ref)
      return undefined
    }
    if (manifest !== undefined && (fresh || this.config.offline)) {
      note(
        'cache',
        'taken',
        fresh ? 'it is cached and fresh' : 'it is cached, and the remote is offline',
        cached?.ref,
      )
      return { manifest, cache: 'hit' }
    }
    if (this.config.offline) {
      note('cache', 'passed', uncachedOffline, cached?.ref)
      return undefined
    }
    note(
      'cache',
      'noted',
      manifest === undefined ? 'it is not cached' : 'what is cached is no longer fresh',
      cached?.ref,
    )
    try {
      const how =
        manifest === undefined || this.config.bypassHeadRequests ? 'GET' : 'HEAD, and by GET if it has moved'
      this.#explainInstead(context, `its upstream would be asked for ${image}:${tag} by ${how}`, manifest)
      return await this.#once(image, tagReference(tag), context, (signal) =>
        this.#revalidate(image, tag, cached, signal),
      )
    } catch (error) {
      if (manifest === undefined || context.signal.aborted || error instanceof UpstreamWouldBeAsked)
        throw error
      note('cache', 'taken', `the upstream can't be asked, so the cached copy is served: ${messageOf(error)}`)
      if (context.explanation !== undefined) return { manifest, cache: 'stale' }
      context.logger.warn(
        { err: error, repository: this.config.key, image, tag },
        'the upstream could not be asked: the cached copy of the tag is served',
      )
      return { manifest, cache: 'stale' }
    }
  }

  /** @throws UpstreamWouldBeAsked, or the failure with which the upstream is left alone at present */
  #explainInstead(context: RequestContext, message: string, fallback: ManifestBytes | undefined): void {
    if (context.explanation === undefined) return
    this.upstream.requireAskable()
    context.explanation.note(this.config.key, 'upstream', 'noted', message)
    throw new UpstreamWouldBeAsked(this.config.key, message, fallback)
  }

  #notes({ explanation }: RequestContext) {
    return (rule: DecisionRule, effect: Decision['effect'], message: string, entry?: CacheEntry): void =>
      explanation?.note(this.config.key, rule, effect, message, entry)
  }

  /** Work for all who ask at once; it has its own signal, so that one who leaves stops nothing. */
  #once(
    image: ImageName,
    reference: Reference,
    context: RequestContext,
    work: (signal: AbortSignal) => Promise<Answer>,
  ): Promise<Answer> {
    const flight = this.#flights.do(`${image}@${referenceText(reference)}`, () =>
      withinTimeLimit(this.config, work),
    )
    return abortable(flight, context.signal)
  }

  async #revalidate(
    image: ImageName,
    tag: Tag,
    cached: CachedRef | undefined,
    signal: AbortSignal,
  ): Promise<Answer> {
    const reference = tagReference(tag)
    const known = cached?.manifest
    if (known !== undefined && !this.config.bypassHeadRequests) {
      const head = await this.upstream.headManifest(image, reference, signal)
      if (head === undefined) return this.#rememberMissing(image, reference, cached)
      if (head !== 'unsupported' && head.digest !== undefined) {
        const current = head.digest === known.digest ? known : await this.#moveTo(image, tag, head.digest)
        if (current !== undefined) {
          await this.#rememberFound(image, tag, current.digest, head.etag)
          return { manifest: current, cache: 'revalidated' }
        }
      }
    }
    return this.#fetch(image, reference, cached, signal)
  }

  /** The tag moved to a manifest that is cached already, for another tag or by digest: no need to fetch it again. */
  async #moveTo(image: ImageName, tag: Tag, digest: Digest): Promise<ManifestBytes | undefined> {
    const manifest = await this.cache.manifests.findByDigest(this.cache.repository, image, digest)
    if (manifest === undefined) return undefined
    if (this.config.storeArtifactsLocally)
      await this.#keep(image, tagReference(tag), manifest, parseManifest(manifest.bytes, manifest.mediaType))
    return manifest
  }

  async #fetch(
    image: ImageName,
    reference: Reference,
    cached: CachedRef | undefined,
    signal: AbortSignal,
  ): Promise<Answer> {
    const fetched = await this.upstream.manifest(image, reference, signal)
    if (fetched === undefined) return this.#rememberMissing(image, reference, cached)
    const digest = this.#verifiedDigest(image, reference, fetched)
    const parsed = this.#parse(image, reference, fetched)
    const manifest: ManifestBytes = { digest, mediaType: parsed.mediaType, bytes: fetched.bytes }
    if (!this.config.storeArtifactsLocally) {
      await this.#rememberPassed(image, reference, digest, cached)
      return { manifest, cache: 'miss' }
    }
    await this.#keep(image, reference, manifest, parsed)
    if (reference.kind === 'tag') await this.#rememberFound(image, reference.tag, digest, fetched.etag)
    return { manifest, cache: 'miss' }
  }

  async #keep(
    image: ImageName,
    reference: Reference,
    manifest: ManifestBytes,
    parsed: ParsedManifest,
  ): Promise<void> {
    await this.cache.manifests.put(
      this.cache.repository,
      image,
      {
        ...manifest,
        artifactType: parsed.artifactType,
        annotations: parsed.annotations,
        subject: parsed.subject,
        blobs: [...new Set(parsed.blobs.map((blob) => blob.digest))],
        needsBlobs: false,
        foreign: [...new Set(parsed.foreign.map((layer) => layer.digest))],
        children: [...new Set(parsed.children.map((child) => child.digest))],
      },
      reference.kind === 'tag' ? [reference.tag] : [],
      `upstream of ${this.config.key}`,
    )
  }

  /** The bytes decide; what the request or the upstream's header says must agree with them. */
  #verifiedDigest(image: ImageName, reference: Reference, fetched: UpstreamManifest): Digest {
    const claimed = reference.kind === 'digest' ? reference.digest : fetched.digest
    const actual = digestOf(fetched.bytes, claimed === undefined ? 'sha256' : algorithmOf(claimed))
    if (claimed === undefined || claimed === actual) return actual
    throw new RegistryError(
      'UPSTREAM_FAILED',
      `the upstream of ${this.config.key} sent a manifest of ${image} with digest ${actual} where ${claimed} was promised: nothing was kept`,
    )
  }

  #parse(image: ImageName, reference: Reference, fetched: UpstreamManifest): ParsedManifest {
    try {
      return parseManifest(fetched.bytes, fetched.mediaType === '' ? undefined : fetched.mediaType)
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : 'not a manifest'
      throw new RegistryError(
        'UPSTREAM_FAILED',
        `the upstream of ${this.config.key} sent something else than a manifest for ${image} ${referenceText(reference)}: ${why}`,
        { cause },
      )
    }
  }

  /** Where nothing is kept: that the upstream has it, so that it is known which images come from here. Never fresh. */
  async #rememberPassed(
    image: ImageName,
    reference: Reference,
    digest: Digest,
    cached: CachedRef | undefined,
  ): Promise<void> {
    if (cached?.ref.status === 'found' && cached.ref.digest === digest) return
    const seen = { status: 'found', digest, etag: undefined, seconds: 0 } as const
    await this.#remember(image, referenceText(reference), seen)
  }

  async #rememberFound(image: ImageName, tag: Tag, digest: Digest, etag: string | undefined): Promise<void> {
    await this.#remember(image, tag, {
      status: 'found',
      digest,
      etag,
      seconds: this.config.retrievalCachePeriodSecs,
    })
  }

  /** What was cached stays: the upstream may have lost it by mistake, and by digest it is still right. */
  async #rememberMissing(
    image: ImageName,
    reference: Reference,
    cached: CachedRef | undefined,
  ): Promise<undefined> {
    await this.#remember(image, referenceText(reference), {
      status: 'missing',
      digest: cached?.ref.digest,
      etag: undefined,
      seconds: this.config.missedRetrievalCachePeriodSecs,
    })
  }

  async #remember(
    image: ImageName,
    ref: string,
    seen: {
      status: 'found' | 'missing'
      digest: Digest | undefined
      etag: string | undefined
      seconds: number
    },
  ): Promise<void> {
    const now = this.clock.now()
    await this.cache.refs.put(this.cache.repository, image, {
      ref,
      status: seen.status,
      digest: seen.digest,
      etag: seen.etag,
      checkedAt: new Date(now),
      freshUntil: new Date(now + seen.seconds * 1000),
    })
  }
}

export function isFreshlyMissing(cached: CachedRef | undefined, clock: Clock): boolean {
  return cached?.ref.status === 'missing' && cached.ref.freshUntil.getTime() > clock.now()
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown failure'
}
