import { type Digest, type Page, byCodePoint } from '@entrepot/kernel'
import { type Descriptor, type ImageName, type Tag, subjectOfReferrersTag } from '@entrepot/oci-model'
import type { RepositoryId } from '@entrepot/repositories'
import { unknownContent } from '../local/local-writer.js'
import type { ManifestStore, NewManifest, PutOutcome } from '../manifest-store.js'
import type { ManifestBytes, MovedTag } from '../oci-repository.js'
import type { TagCopier, TagCopy, TagCopyOutcome } from '../tag-copier.js'
import { overwrittenIn } from './overwritten-in-memory.js'
import { pageOfNames } from './page-of-names.js'
import type { InMemoryBlobIndex, ListingManifests } from './in-memory-blob-index.js'

export interface StoredImage {
  readonly manifests: Map<Digest, NewManifest>
  readonly tags: Map<Tag, Digest>
}

export interface TaggedContent {
  readonly image: ImageName
  readonly tag: Tag
  readonly manifest: NewManifest
}

export interface RecordedTagEvent {
  readonly repository: RepositoryId
  readonly image: ImageName
  readonly tag: Tag
  readonly from: Digest | undefined
  readonly to: Digest | undefined
  readonly actor: string
  readonly at: Date
}

/** Keeps something for what is in the store. */
export interface FollowsContent {
  copied(from: TagCopy['from'], to: TagCopy['to'], manifests: readonly Digest[]): void
  /** @param last whether it was the last one of the image */
  gone(repository: RepositoryId, image: ImageName, manifest: Digest, last: boolean): void
}

export class InMemoryManifestStore implements ManifestStore, ListingManifests, TagCopier {
  readonly byImage = new Map<string, StoredImage>()
  /** What happened to tags, the oldest first. */
  readonly tagEvents: RecordedTagEvent[] = []
  /** How many events there were when a manifest was pushed last. */
  readonly #pushedAt = new Map<string, number>()
  /** Is told what is copied and what goes. */
  follower: FollowsContent | undefined
  /** When set, every call fails with it. */
  failure: Error | undefined

  /** @param now milliseconds since the epoch */
  constructor(
    private readonly blobs: InMemoryBlobIndex,
    private readonly now: () => number = () => 0,
  ) {
    blobs.manifests = this
  }

  /** Every tag of the repository, in no order, with its image and what it points to. */
  tagged(repository: RepositoryId): readonly TaggedContent[] {
    const prefix = `${repository}/`
    return [...this.byImage]
      .filter(([key]) => key.startsWith(prefix))
      .flatMap(([key, { manifests, tags }]) => {
        const image = key.slice(prefix.length) as ImageName
        return [...tags].flatMap(([tag, digest]) => {
          const manifest = manifests.get(digest)
          return manifest === undefined ? [] : [{ image, tag, manifest }]
        })
      })
  }

  manifestNeeding(repository: RepositoryId, image: ImageName, blob: Digest): Digest | undefined {
    return this.#listing(repository, image, blob).find(({ needsBlobs }) => needsBlobs)?.digest
  }

  isListedInCache(repository: RepositoryId, image: ImageName, blob: Digest): boolean {
    return this.#listing(repository, image, blob).some(({ needsBlobs }) => !needsBlobs)
  }

  isForeignInCache(repository: RepositoryId, image: ImageName, blob: Digest): boolean {
    return this.#foreign(repository, image, blob).length > 0
  }

  async findByTag(repository: RepositoryId, image: ImageName, tag: Tag): Promise<ManifestBytes | undefined> {
    const digest = this.#at(repository, image)?.tags.get(tag)
    return digest === undefined ? undefined : this.findByDigest(repository, image, digest)
  }

  async findByDigest(
    repository: RepositoryId,
    image: ImageName,
    digest: Digest,
  ): Promise<ManifestBytes | undefined> {
    return this.#at(repository, image)?.manifests.get(digest)
  }

  async put(
    repository: RepositoryId,
    image: ImageName,
    manifest: NewManifest,
    tags: readonly Tag[],
    actor = 'nobody',
    fixed: readonly Tag[] = [],
  ): Promise<PutOutcome> {
    const taken = this.#takenBy(manifest, fixed, this.#at(repository, image)?.tags)
    if (taken.length > 0) return { taken, moved: [] }
    const needed = manifest.needsBlobs ? manifest.blobs : []
    const held = new Set((await this.blobs.findAll(repository, image, needed)).map((blob) => blob.digest))
    const missing = needed.filter((digest) => !held.has(digest))
    if (missing.length > 0) throw unknownContent(missing)
    const key = keyOf(repository, image)
    const stored = this.#at(repository, image) ?? emptyImage()
    stored.manifests.set(manifest.digest, manifest)
    this.#pushedAt.set(`${key}@${manifest.digest}`, this.tagEvents.length)
    const moved = tags.flatMap((tag) => {
      const from = stored.tags.get(tag)
      return from === undefined || from === manifest.digest ? [] : [{ tag, from }]
    })
    // Those that move come last, as they are kept the longest.
    for (const tag of tags) {
      const from = stored.tags.get(tag)
      if (from === manifest.digest) continue
      this.#record({ repository, image, tag, from, to: manifest.digest, actor })
      stored.tags.delete(tag)
      stored.tags.set(tag, manifest.digest)
    }
    this.byImage.set(key, stored)
    return { taken, moved }
  }

  async listingForeign(
    repository: RepositoryId,
    image: ImageName,
    blob: Digest,
  ): Promise<readonly ManifestBytes[]> {
    const listing = this.#foreign(repository, image, blob)
    return listing.toSorted((left, right) => byCodePoint(left.digest, right.digest)).slice(0, 5)
  }

  #foreign(repository: RepositoryId, image: ImageName, blob: Digest): readonly NewManifest[] {
    const manifests = [...(this.#at(repository, image)?.manifests.values() ?? [])]
    return manifests.filter(({ needsBlobs, foreign = [] }) => !needsBlobs && foreign.includes(blob))
  }

  async tagMovedAt(repository: RepositoryId, image: ImageName, tag: Tag): Promise<Date | undefined> {
    if (this.#at(repository, image)?.tags.has(tag) !== true) return undefined
    const last = this.tagEvents.findLast(
      (event) => event.repository === repository && event.image === image && event.tag === tag,
    )
    return last?.at
  }

  async tagsReaching(repository: RepositoryId, image: ImageName, digest: Digest): Promise<readonly Tag[]> {
    const { manifests, tags } = this.#at(repository, image) ?? emptyImage()
    const reached = new Set<Digest>([digest])
    for (const node of reached) {
      for (const manifest of manifests.values()) {
        const { children, blobs, needsBlobs, foreign = [] } = manifest
        const listed = needsBlobs ? [children, blobs] : [children, blobs, foreign]
        if (listed.flat().includes(node)) reached.add(manifest.digest)
      }
      const subjects = [...tags]
        .filter(([, target]) => target === node)
        .map(([tag]) => subjectOfReferrersTag(tag))
      for (const subject of [manifests.get(node)?.subject, ...subjects]) {
        if (subject !== undefined) reached.add(subject)
      }
    }
    return [...tags].filter(([, target]) => reached.has(target)).map(([tag]) => tag)
  }

  async deleteOldTags(
    repository: RepositoryId,
    image: ImageName,
    keep: number,
    actor = 'nobody',
    spared: readonly Tag[] = [],
  ): Promise<readonly MovedTag[]> {
    const tags = this.#at(repository, image)?.tags ?? new Map<Tag, Digest>()
    const others = [...tags].filter(([tag]) => !spared.includes(tag))
    const old = others.slice(0, Math.max(0, others.length - keep))
    for (const [tag, from] of old) {
      tags.delete(tag)
      this.#record({ repository, image, tag, from, to: undefined, actor })
    }
    return old.map(([tag, from]) => ({ tag, from })).sort((left, right) => byCodePoint(left.tag, right.tag))
  }

  async deleteOverwritten(
    repository: RepositoryId,
    image: ImageName,
    tags: readonly Tag[],
    keep: number,
  ): Promise<readonly Digest[]> {
    const stored = this.#at(repository, image) ?? emptyImage()
    const leftBy = (tag: Tag) => this.#leftBy(repository, image, tag)
    const pushedAt = (digest: Digest) => this.#pushedAt.get(`${keyOf(repository, image)}@${digest}`) ?? 0
    const gone = overwrittenIn({ ...stored, leftBy, pushedAt }, tags, keep)
    for (const digest of gone) {
      stored.manifests.delete(digest)
      this.follower?.gone(repository, image, digest, false)
    }
    return [...gone].sort(byCodePoint)
  }

  /** What a tag pointed to before, that which it was moved off last first, and the event of that. */
  #leftBy(repository: RepositoryId, image: ImageName, tag: Tag): ReadonlyMap<Digest, number> {
    const left = new Map<Digest, number>()
    for (const [position, event] of [...this.tagEvents.entries()].toReversed()) {
      const isOfTag = event.repository === repository && event.image === image && event.tag === tag
      if (isOfTag && event.from !== undefined && !left.has(event.from)) left.set(event.from, position)
    }
    return left
  }

  async copy(copy: TagCopy): Promise<TagCopyOutcome> {
    const { from, to, mayOverwrite, actor } = copy
    const source = this.#at(from.repository, from.image)
    const digest = 'tag' in from ? source?.tags.get(from.tag) : from.digest
    if (digest === undefined || source?.manifests.has(digest) !== true) return { kind: 'absent' }
    const belonging = new Set<Digest>([digest])
    for (const each of belonging) {
      for (const child of source.manifests.get(each)?.children ?? []) belonging.add(child)
      for (const [other, { subject }] of source.manifests) if (subject === each) belonging.add(other)
    }
    const manifests = [...belonging].flatMap((each) => source.manifests.get(each) ?? [])
    const loose = [...belonging].filter((each) => !source.manifests.has(each))
    const blobs = [...new Set([...manifests.flatMap((manifest) => manifest.blobs), ...loose])]
    const held = await this.blobs.findAll(from.repository, from.image, blobs)
    const missing = blobs.filter((blob) => !held.some((each) => each.digest === blob))
    if (missing.length > 0) return { kind: 'incomplete', missing }
    const target = this.#at(to.repository, to.image)
    const there = to.tag === undefined ? undefined : target?.tags.get(to.tag)
    const replaced = there === digest ? undefined : there
    if (replaced !== undefined && !mayOverwrite) return { kind: 'taken' }
    const leaves = copy.move && 'digest' in from && source !== target
    const holders = leaves ? holdersOf(source, digest) : []
    if (holders.length > 0) return { kind: 'held', holders }
    if (copy.dryRun === true) return { kind: 'copied', digest, replaced }
    for (const blob of held) await this.blobs.link(to.repository, to.image, blob)
    for (const manifest of manifests) {
      const tags = manifest.digest === digest && to.tag !== undefined ? [to.tag] : []
      await this.put(to.repository, to.image, { ...manifest, needsBlobs: true }, tags, actor)
    }
    this.follower?.copied(from, to, [...belonging])
    if (leaves) {
      source.manifests.delete(digest)
      this.follower?.gone(from.repository, from.image, digest, source.manifests.size === 0)
    }
    if (copy.move && 'tag' in from) await this.deleteTag(from.repository, from.image, from.tag, actor)
    return { kind: 'copied', digest, replaced }
  }

  async deleteTag(
    repository: RepositoryId,
    image: ImageName,
    tag: Tag,
    actor = 'nobody',
  ): Promise<Digest | undefined> {
    const tags = this.#at(repository, image)?.tags
    const digest = tags?.get(tag)
    tags?.delete(tag)
    if (digest !== undefined) this.#record({ repository, image, tag, from: digest, to: undefined, actor })
    return digest
  }

  async deleteManifest(
    repository: RepositoryId,
    image: ImageName,
    digest: Digest,
    actor = 'nobody',
    check?: (tags: readonly Tag[]) => void,
  ): Promise<readonly Tag[] | undefined> {
    const stored = this.#at(repository, image)
    if (stored?.manifests.has(digest) !== true) return undefined
    const tags = [...stored.tags].filter(([, target]) => target === digest).map(([tag]) => tag)
    check?.(tags)
    stored.manifests.delete(digest)
    this.follower?.gone(repository, image, digest, stored.manifests.size === 0)
    for (const tag of tags) {
      stored.tags.delete(tag)
      this.#record({ repository, image, tag, from: digest, to: undefined, actor })
    }
    return tags
  }

  async deleteImage(
    repository: RepositoryId,
    image: ImageName,
    actor = 'nobody',
    check?: (tags: readonly Tag[]) => void,
  ): Promise<readonly Tag[] | undefined> {
    const stored = this.#at(repository, image)
    if (stored === undefined || stored.manifests.size === 0) return undefined
    const tags = [...stored.tags.keys()].sort(byCodePoint)
    check?.(tags)
    for (const [tag, from] of stored.tags)
      this.#record({ repository, image, tag, from, to: undefined, actor })
    this.byImage.delete(keyOf(repository, image))
    for (const digest of stored.manifests.keys()) this.follower?.gone(repository, image, digest, true)
    return tags
  }

  async hasImage(repository: RepositoryId, image: ImageName): Promise<boolean> {
    return (this.#at(repository, image)?.manifests.size ?? 0) > 0
  }

  async tags(repository: RepositoryId, image: ImageName, page: Page): Promise<readonly Tag[]> {
    return pageOfNames([...(this.#at(repository, image)?.tags.keys() ?? [])], page)
  }

  async firstTags(
    repository: RepositoryId,
    images: readonly ImageName[],
    limit: number,
  ): Promise<ReadonlyMap<ImageName, readonly Tag[]>> {
    const found = new Map<ImageName, readonly Tag[]>()
    for (const image of images) {
      const tags = [...(this.#at(repository, image)?.tags.keys() ?? [])].sort(byCodePoint)
      if (tags.length > 0) found.set(image, tags.slice(0, limit))
    }
    return found
  }

  async images(repository: RepositoryId, page: Page): Promise<readonly ImageName[]> {
    const prefix = `${repository}/`
    const names = [...this.byImage.keys()].filter((key) => key.startsWith(prefix))
    return pageOfNames(
      names.map((key) => key.slice(prefix.length) as ImageName),
      page,
    )
  }

  async referrers(
    repository: RepositoryId,
    image: ImageName,
    subject: Digest,
    artifactTypes: readonly string[],
    page: Page,
  ): Promise<readonly Descriptor[]> {
    const manifests = [...(this.#at(repository, image)?.manifests.values() ?? [])]
    const found = manifests
      .filter((manifest) => manifest.subject === subject)
      .filter((manifest) => artifactTypes.length === 0 || artifactTypes.includes(manifest.artifactType ?? ''))
    const digests = pageOfNames(
      found.map((manifest) => manifest.digest),
      page,
    )
    return found
      .filter((manifest) => digests.includes(manifest.digest))
      .sort((left, right) => byCodePoint(left.digest, right.digest))
      .map(({ digest, mediaType, bytes, artifactType, annotations }) => ({
        mediaType,
        digest,
        size: bytes.length,
        annotations,
        ...(artifactType === undefined ? {} : { artifactType }),
      }))
  }

  #record(event: Omit<RecordedTagEvent, 'at'>): void {
    this.tagEvents.push({ ...event, at: new Date(this.now()) })
  }

  #takenBy(
    manifest: NewManifest,
    fixed: readonly Tag[],
    tags: ReadonlyMap<Tag, Digest> = new Map(),
  ): readonly Tag[] {
    return fixed.filter((tag) => (tags.get(tag) ?? manifest.digest) !== manifest.digest)
  }

  #listing(repository: RepositoryId, image: ImageName, blob: Digest): readonly NewManifest[] {
    const manifests = [...(this.#at(repository, image)?.manifests.values() ?? [])]
    return manifests.filter(({ blobs }) => blobs.includes(blob))
  }

  #at(repository: RepositoryId, image: ImageName): StoredImage | undefined {
    if (this.failure !== undefined) throw this.failure
    return this.byImage.get(keyOf(repository, image))
  }
}

function holdersOf({ manifests, tags }: StoredImage, digest: Digest): readonly string[] {
  const indexes = [...manifests.values()].filter(({ children }) => children.includes(digest))
  const pointing = [...tags].filter(([, target]) => target === digest).map(([tag]) => tag)
  return [...pointing, ...indexes.map((index) => index.digest)].sort(byCodePoint).slice(0, 3)
}

function emptyImage(): StoredImage {
  return { manifests: new Map(), tags: new Map() }
}

function keyOf(repository: RepositoryId, image: ImageName): string {
  return `${repository}/${image}`
}
