import type { Action, Clock, Digest } from '@entrepot/kernel'
import { type ImageName, type Tag, subjectOfReferrersTag } from '@entrepot/oci-model'
import type { RepositoryId, RepositoryKey } from '@entrepot/repositories'
import type { ManifestStore } from './manifest-store.js'
import { ownerOf } from './owner-of.js'
import type { PushClaims } from './push-claims.js'
import type { RequestContext } from './request-context.js'

/** How long who brought something to an image may refer to it: as long as an upload lives. */
const claimLifetimeMilliseconds = 26 * 60 * 60 * 1000

const pageOfTags = 1000

/** Of each image, where many are looked at. */
const fewTags = 100

/** What the rights to look are kept in. */
export interface ReachStores {
  readonly manifests: ManifestStore
  readonly claims: PushClaims
}

/**
 * The rights to the content of one local or remote repository. Whoever has a right to the whole image has it at once; who
 * has it for some tags has it for what can be reached from these: the manifests they name, those that such an index lists,
 * the blobs that they need, and what refers to any of it.
 */
export class Reach {
  constructor(
    readonly key: RepositoryKey,
    private readonly repository: RepositoryId,
    private readonly stores: ReachStores,
    private readonly clock: Clock,
  ) {}

  /** Without a look at the tags: whether there can be anything in the image for this principal. */
  hasPart(action: Action, image: ImageName, context: RequestContext): boolean {
    return context.mayPartly(action, this.key, image)
  }

  hasWhole(action: Action, image: ImageName, context: RequestContext): boolean {
    return context.may(action, this.key, image)
  }

  hasTag(action: Action, image: ImageName, tag: Tag, context: RequestContext): boolean {
    return context.may(action, this.key, image, tag)
  }

  /** A signature or another referrer may be kept under a tag made of its subject's digest: it is the subject's. */
  async coversTag(action: Action, image: ImageName, tag: Tag, context: RequestContext): Promise<boolean> {
    if (this.hasTag(action, image, tag, context)) return true
    const subject = subjectOfReferrersTag(tag)
    return subject !== undefined && this.#isReached(action, image, subject, context)
  }

  /** For a manifest or a blob, there or not. */
  async covers(action: Action, image: ImageName, digest: Digest, context: RequestContext): Promise<boolean> {
    if (this.hasWhole(action, image, context)) return true
    // A mount looks at all images that hold the blob: how long it takes must not tell how many are closed.
    if (!this.hasPart(action, image, context)) return false
    if (await this.#isReached(action, image, digest, context)) return true
    return action === 'read' && (await this.#claimed(image, [digest], context)).length > 0
  }

  /** For what no tag may miss: all tags that reach it, and at least one. */
  async coversAllOf(
    action: Action,
    image: ImageName,
    digest: Digest,
    context: RequestContext,
  ): Promise<boolean> {
    if (this.hasWhole(action, image, context)) return true
    if (!this.hasPart(action, image, context)) return false
    const tags = await this.stores.manifests.tagsReaching(this.repository, image, digest)
    return tags.length > 0 && tags.every((tag) => this.hasTag(action, image, tag, context))
  }

  /** Those of `images` of which anything may be read: a few tags of each decide, but for images that have many. */
  async readable(images: readonly ImageName[], context: RequestContext): Promise<ReadonlySet<ImageName>> {
    const readable = new Set(images.filter((image) => this.hasWhole('read', image, context)))
    const partly = images.filter((image) => !readable.has(image) && this.hasPart('read', image, context))
    if (partly.length === 0) return readable
    const tags = await this.stores.manifests.firstTags(this.repository, partly, fewTags)
    for (const [image, first] of tags) {
      const isReadable =
        first.some((tag) => this.hasTag('read', image, tag, context)) ||
        (first.length === fewTags && (await this.hasReadableTag(image, context)))
      if (isReadable) readable.add(image)
    }
    return readable
  }

  /** Whether any tag of the image may be read. */
  async hasReadableTag(image: ImageName, context: RequestContext): Promise<boolean> {
    if (!this.hasPart('read', image, context)) return false
    for (let after: string | undefined; ;) {
      const page = { limit: pageOfTags, after }
      const tags = await this.stores.manifests.tags(this.repository, image, page)
      if (tags.some((tag) => this.hasTag('read', image, tag, context))) return true
      if (tags.length <= pageOfTags) return false
      after = tags.at(-1)
    }
  }

  /** Those of `digests` that the principal may not refer to from a manifest. */
  async unreadable(
    image: ImageName,
    digests: readonly Digest[],
    context: RequestContext,
  ): Promise<readonly Digest[]> {
    if (digests.length === 0 || this.hasWhole('read', image, context)) return []
    const claimed = new Set(await this.#claimed(image, digests, context))
    const unreadable: Digest[] = []
    for (const digest of digests) {
      if (claimed.has(digest) || (await this.#isReached('read', image, digest, context))) continue
      unreadable.push(digest)
    }
    return unreadable
  }

  /** Remembers who brought it, where it can matter. */
  async claim(image: ImageName, digest: Digest, context: RequestContext): Promise<void> {
    if (this.hasWhole('read', image, context)) return
    const expiresAt = new Date(this.clock.now() + claimLifetimeMilliseconds)
    const owner = ownerOf(context.principal)
    await this.stores.claims.add({ repository: this.repository, image, digest, owner, expiresAt })
  }

  async #isReached(
    action: Action,
    image: ImageName,
    digest: Digest,
    context: RequestContext,
  ): Promise<boolean> {
    if (!this.hasPart(action, image, context)) return false
    const tags = await this.stores.manifests.tagsReaching(this.repository, image, digest)
    return tags.some((tag) => this.hasTag(action, image, tag, context))
  }

  #claimed(
    image: ImageName,
    digests: readonly Digest[],
    context: RequestContext,
  ): Promise<readonly Digest[]> {
    const owner = ownerOf(context.principal)
    return this.stores.claims.held(this.repository, image, owner, digests, new Date(this.clock.now()))
  }
}
