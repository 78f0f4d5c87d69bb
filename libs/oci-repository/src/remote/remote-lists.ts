import { LRUCache } from 'lru-cache'
import {
  type Clock,
  type Digest,
  type Listing,
  type Page,
  byCodePoint,
  hexOf,
  algorithmOf,
  isRegistryError,
  listingOf,
} from '@entrepot/kernel'
import { type Descriptor, type ImageName, type Tag, parseTag, tagReference } from '@entrepot/oci-model'
import { PathFilter, type RemoteConfig } from '@entrepot/repositories'
import { abortable } from '../abortable.js'
import { filledPage } from '../filled-page.js'
import { unknownImage } from '../guard.js'
import type { ReferrersFilter } from '../oci-repository.js'
import type { RequestContext } from '../request-context.js'
import { SingleFlight } from '../single-flight.js'
import type { RemoteCache } from './remote-manifests.js'
import { withinTimeLimit } from './time-limit.js'
import { type UpstreamList, type UpstreamRegistry, fallbackReferrers } from './upstream-registry.js'

/** How long a list of the upstream is believed at the most, in seconds: lists change more often than one tag. */
const listPeriodSeconds = 60

interface Remembered<T> {
  readonly value: T
  readonly until: number
}

/** Undefined for an image that the upstream doesn't know. */
interface TagList {
  readonly list: UpstreamList<Tag> | undefined
}

/** What the lists of one remote may take of the memory: so many tags, and so many characters of descriptors. */
const rememberedTags = 400_000
const rememberedCharacters = 16 * 1024 * 1024

/** Lists come from the upstream, whole, so that they can be sorted and paged; without it, from what is cached. */
export class RemoteLists {
  readonly #tagLists = new LRUCache<string, Remembered<TagList>>({
    max: 500,
    maxSize: rememberedTags,
    sizeCalculation: ({ value }) => 1 + (value.list?.items.length ?? 0),
  })
  readonly #referrerLists = new LRUCache<string, Remembered<UpstreamList<Descriptor>>>({
    max: 2000,
    maxSize: rememberedCharacters,
    sizeCalculation: ({ value }) => JSON.stringify(value.items).length,
  })
  readonly #tagFlights = new SingleFlight<TagList>()
  readonly #referrerFlights = new SingleFlight<UpstreamList<Descriptor>>()
  readonly #filter: PathFilter

  constructor(
    private readonly config: RemoteConfig,
    private readonly cache: RemoteCache,
    private readonly upstream: UpstreamRegistry,
    private readonly clock: Clock,
  ) {
    this.#filter = new PathFilter(config.includesPattern, config.excludesPattern)
  }

  async tags(image: ImageName, page: Page, context: RequestContext): Promise<Listing<Tag>> {
    const { tags, warnings } = await this.#allTags(image, context)
    const start = firstAfter(tags, page.after)
    return listingOf(tags.slice(start, start + page.limit + 1), page.limit, warnings)
  }

  async referrers(
    image: ImageName,
    subject: Digest,
    filter: ReferrersFilter,
    page: Page,
    context: RequestContext,
  ): Promise<Listing<Descriptor>> {
    const { manifests, repository } = this.cache
    if (this.config.offline) {
      return listingOf(
        await manifests.referrers(repository, image, subject, filter.artifactTypes, page),
        page.limit,
      )
    }
    try {
      const { items: all, complete } = await this.#allReferrers(image, subject, context)
      const after = page.after
      const wanted = all.filter(
        (descriptor) =>
          (filter.artifactTypes.length === 0 ||
            filter.artifactTypes.includes(descriptor.artifactType ?? '')) &&
          (after === undefined || byCodePoint(descriptor.digest, after) > 0),
      )
      const warnings = complete ? [] : [tooLong(`the list of referrers of ${subject}`)]
      return listingOf(wanted.slice(0, page.limit + 1), page.limit, warnings)
    } catch (error) {
      if (context.signal.aborted || !(await manifests.hasImage(repository, image))) throw error
      context.logger.warn(
        { err: error, repository: this.config.key, image },
        'referrers come from the cache alone',
      )
      const rows = await manifests.referrers(repository, image, subject, filter.artifactTypes, page)
      return listingOf(rows, page.limit, [this.#unasked()])
    }
  }

  async #allTags(
    image: ImageName,
    context: RequestContext,
  ): Promise<{ tags: readonly Tag[]; warnings: readonly string[] }> {
    const { manifests, repository } = this.cache
    if (this.config.offline) {
      if (!(await manifests.hasImage(repository, image))) throw unknownImage(this.config.key, image)
      return { tags: await this.#cachedTags(image), warnings: [] }
    }
    try {
      const { list } = await this.#remembered(this.#tagLists, this.#tagFlights, image, context, (signal) =>
        this.#askForTags(image, signal),
      )
      if (list === undefined) throw unknownImage(this.config.key, image)
      return { tags: list.items, warnings: list.complete ? [] : [tooLong(`the tag list of ${image}`)] }
    } catch (error) {
      if (isRegistryError(error, 'NAME_UNKNOWN') || context.signal.aborted) throw error
      if (!(await manifests.hasImage(repository, image))) throw error
      context.logger.warn(
        { err: error, repository: this.config.key, image },
        'the tag list comes from the cache alone',
      )
      return { tags: await this.#cachedTags(image), warnings: [this.#unasked()] }
    }
  }

  async #askForTags(image: ImageName, signal: AbortSignal): Promise<TagList> {
    const answer = await this.upstream.tags(image, signal)
    if (answer === undefined) return { list: undefined }
    const admitted = answer.items.filter((tag) => this.#filter.admitsTag(image, tag))
    return { list: { items: [...new Set(admitted)].sort(byCodePoint), complete: answer.complete } }
  }

  async #cachedTags(image: ImageName): Promise<readonly Tag[]> {
    const tags: Tag[] = []
    const { manifests, repository } = this.cache
    for (let after: string | undefined; ; after = tags.at(-1)) {
      const page = await filledPage(
        { limit: 1000, after },
        (part) => manifests.tags(repository, image, part),
        (tag) => this.#filter.admitsTag(image, tag),
      )
      tags.push(...page.items)
      if (!page.more) return tags
    }
  }

  #allReferrers(
    image: ImageName,
    subject: Digest,
    context: RequestContext,
  ): Promise<UpstreamList<Descriptor>> {
    return this.#remembered(
      this.#referrerLists,
      this.#referrerFlights,
      `${image}@${subject}`,
      context,
      async (signal) => {
        const { items, complete } =
          (await this.upstream.referrers(image, subject, signal)) ??
          (await this.#fromFallbackTag(image, subject, signal))
        const byDigest = new Map(items.map((descriptor) => [descriptor.digest, descriptor]))
        const sorted = [...byDigest.values()].sort((left, right) => byCodePoint(left.digest, right.digest))
        return { items: sorted, complete }
      },
    )
  }

  /** distribution-spec, "Referrers Tag Schema": what older registries keep instead of the API. */
  async #fromFallbackTag(
    image: ImageName,
    subject: Digest,
    signal: AbortSignal,
  ): Promise<UpstreamList<Descriptor>> {
    const tag = parseTag(`${algorithmOf(subject)}-${hexOf(subject).slice(0, 64)}`)
    const manifest = await this.upstream.manifest(image, tagReference(tag), signal)
    return { items: manifest === undefined ? [] : fallbackReferrers(manifest.bytes), complete: true }
  }

  async #remembered<T extends TagList | UpstreamList<Descriptor>>(
    memory: LRUCache<string, Remembered<T>>,
    flights: SingleFlight<T>,
    key: string,
    context: RequestContext,
    ask: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const known = memory.get(key)
    if (known !== undefined && known.until > this.clock.now()) return known.value
    const flight = flights.do(key, async () => {
      const value = await withinTimeLimit(this.config, ask)
      const { retrievalCachePeriodSecs, missedRetrievalCachePeriodSecs } = this.config
      const period = isKnown(value) ? retrievalCachePeriodSecs : missedRetrievalCachePeriodSecs
      const seconds = Math.min(period, listPeriodSeconds)
      memory.set(key, { value, until: this.clock.now() + seconds * 1000 })
      return value
    })
    return abortable(flight, context.signal)
  }

  #unasked(): string {
    return `entries may be missing: the upstream of ${this.config.key} could not be asked`
  }
}

function isKnown(answer: TagList | UpstreamList<Descriptor>): boolean {
  return !('list' in answer) || answer.list !== undefined
}

/** The position of the first that sorts after `after`, in a sorted list that may be long. */
function firstAfter(sorted: readonly string[], after: string | undefined): number {
  if (after === undefined) return 0
  let low = 0
  for (let high = sorted.length; low < high;) {
    const middle = (low + high) >>> 1
    if (byCodePoint(sorted[middle] ?? '', after) > 0) high = middle
    else low = middle + 1
  }
  return low
}

function tooLong(list: string): string {
  return `${list} is longer than can be read from the upstream`
}
