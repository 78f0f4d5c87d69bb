import { type Digest, type Listing, type Page, isRegistryError, listingOf } from '@entrepot/kernel'
import { type Descriptor, type ImageName, type Reference, type Tag, tagReference } from '@entrepot/oci-model'
import { type RepositoryKey, type VirtualConfig } from '@entrepot/repositories'
import { notePatterns, requireInService } from '../guard.js'
import type {
  BlobHandle,
  Found,
  ManifestBytes,
  OciReader,
  ReferrersFilter,
  StoredBlobHandle,
} from '../oci-repository.js'
import type { RequestContext } from '../request-context.js'
import { UpstreamWouldBeAsked } from '../upstream-would-be-asked.js'
import { mergedImages, mergedReferrers, mergedTags } from './merged-lists.js'
import { firstHolding, MemberRound } from './member-round.js'
import { noteCandidates, noteRest } from './note-members.js'
import type { VirtualMember } from './virtual-member.js'

/** When the tag of a member was set or moved last; undefined when that is not known. */
export type TagMovedAt = (member: RepositoryKey, image: ImageName, tag: Tag) => Promise<Date | undefined>

/**
 * Members are asked in order and the first that has the item answers. A member's failure is never shown as absence, and
 * never lets a later member answer for an image that the failing one has served: an outage can't swap an image's origin.
 */
export class VirtualReader implements OciReader {
  constructor(
    private readonly config: VirtualConfig,
    private readonly members: readonly VirtualMember[],
    private readonly deploymentTarget: RepositoryKey | undefined,
    private readonly tagMovedAt: TagMovedAt,
  ) {}

  async manifest(
    image: ImageName,
    reference: Reference,
    context: RequestContext,
  ): Promise<Found<ManifestBytes> | undefined> {
    noteCandidates(context, this.members)
    requireInService(this.config)
    const members = this.#forPushersHead(this.#concerned(image, reference, context), context)
    if (this.config.resolveDockerTagsByTimestamp && reference.kind === 'tag')
      return this.#newestAnswer(members, image, reference.tag, context)
    return this.#firstAnswer(members, image, (reader) => reader.manifest(image, reference, context), context)
  }

  async blob(
    image: ImageName,
    digest: Digest,
    context: RequestContext,
  ): Promise<Found<BlobHandle> | undefined> {
    const stored = await this.storedBlob(image, digest, context)
    if (stored !== undefined) return stored
    // A pusher asks whether it has to upload, which is no upstream's business.
    if (context.deploying && context.metadataOnly) return undefined
    const members = this.#readable(image, context)
    const holding = await Promise.all(
      members.map(({ repository }) => repository.reader.holdsImage(image, context)),
    )
    const asked = holding.includes(true)
      ? members.filter((_, position) => holding[position] === true)
      : members
    try {
      return await this.#firstAnswer(asked, image, (reader) => reader.blob(image, digest, context), context)
    } catch (error) {
      // Nobody can know a blob of an image that was never served: this is a client asking whether it has to upload.
      if (context.metadataOnly && !holding.includes(true)) return undefined
      throw error
    }
  }

  async storedBlob(
    image: ImageName,
    digest: Digest,
    context: RequestContext,
  ): Promise<Found<StoredBlobHandle> | undefined> {
    requireInService(this.config)
    const members = this.#readable(image, context)
    // All at once, because together they are one statement.
    const looks = await Promise.allSettled(
      members.map(({ repository }) => repository.reader.storedBlob(image, digest, context)),
    )
    for (const [position, { repository }] of members.entries()) {
      const look = looks[position]
      if (look?.status === 'fulfilled' && look.value !== undefined) return look.value
      if (look?.status !== 'rejected') continue
      const isDenial = isRegistryError(look.reason, 'DENIED')
      if (!isDenial || (await repository.reader.holdsImage(image, context))) throw look.reason
    }
    return undefined
  }

  async holdsImage(image: ImageName, context: RequestContext): Promise<boolean> {
    return (await firstHolding(this.#readable(image, context), image, context)) !== undefined
  }

  async tags(image: ImageName, page: Page, context: RequestContext): Promise<Listing<Tag>> {
    requireInService(this.config)
    const members = await this.#withPriority(image, context)
    return mergedTags(this.config.key, members, image, page, context)
  }

  async referrers(
    image: ImageName,
    subject: Digest,
    filter: ReferrersFilter,
    page: Page,
    context: RequestContext,
  ): Promise<Listing<Descriptor>> {
    requireInService(this.config)
    const members = await this.#withPriority(image, context)
    return mergedReferrers(members, image, page, context, (reader) =>
      reader.referrers(image, subject, filter, page, context),
    )
  }

  async images(page: Page, context: RequestContext): Promise<Listing<ImageName>> {
    if (this.config.blackedOut) return listingOf<ImageName>([], page.limit)
    return mergedImages(this.members, page, context)
  }

  async #firstAnswer<T>(
    members: readonly VirtualMember[],
    image: ImageName,
    question: (reader: OciReader) => Promise<Found<T> | undefined>,
    context: RequestContext,
  ): Promise<Found<T> | undefined> {
    const round = new MemberRound(this.config.key, members, image, context, question)
    for (const [position, member] of members.entries()) {
      if (
        !member.priority &&
        position > 0 &&
        (await this.#claimedBefore(members, position, image, context))
      ) {
        noteRest(context, members.slice(position), 'priority', 'a member with priority has the image')
        break
      }
      const rest = members.slice(position + 1)
      const { key } = member.repository
      try {
        const found = await round.ask(member)
        if (found === undefined) continue
        noteRest(context, rest, 'order', `${key} has it`)
        return found
      } catch (error) {
        if (error instanceof UpstreamWouldBeAsked)
          noteRest(context, rest, 'order', `the upstream of ${key} decides before`)
        throw error
      }
    }
    return round.absence()
  }

  /**
   * All members are asked, and of those that have the tag the one that set or moved it last answers; at the same time, the
   * first. Priority and failures count as ever: a member that has the image and fails might have the newest.
   */
  async #newestAnswer(
    members: readonly VirtualMember[],
    image: ImageName,
    tag: Tag,
    context: RequestContext,
  ): Promise<Found<ManifestBytes> | undefined> {
    const round = new MemberRound(this.config.key, members, image, context, (reader) =>
      reader.manifest(image, tagReference(tag), context),
    )
    const withPriority = members.filter(({ priority }) => priority)
    const others = members.filter(({ priority }) => !priority)
    for (const group of [withPriority, others]) {
      if (group === others && (await firstHolding(withPriority, image, context)) !== undefined) {
        noteRest(context, others, 'priority', 'a member with priority has the image')
        break
      }
      const answers = await Promise.allSettled(group.map((member) => round.ask(member)))
      const failed = answers.find((answer) => answer.status === 'rejected')
      if (failed !== undefined) throw failed.reason
      const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? (answer.value ?? []) : []))
      const newest = await this.#newestOf(found, image, tag, context)
      if (newest !== undefined) return newest
    }
    return round.absence()
  }

  async #newestOf(
    found: readonly Found<ManifestBytes>[],
    image: ImageName,
    tag: Tag,
    { explanation }: RequestContext,
  ): Promise<Found<ManifestBytes> | undefined> {
    const times = await Promise.all(found.map(({ foundIn }) => this.tagMovedAt(foundIn, image, tag)))
    const dated = found.map((answer, position) => ({ answer, at: times[position]?.getTime() ?? 0 }))
    const [newest, ...older] = dated.toSorted((left, right) => right.at - left.at)
    for (const { answer } of older) {
      const reason = `the tag of ${newest?.answer.foundIn} was set later, or it comes before`
      explanation?.note(answer.foundIn, 'order', 'passed', reason)
    }
    return newest?.answer
  }

  /** At the first member without priority: whether one with priority has the image, so that no other may answer for it. */
  async #claimedBefore(
    members: readonly VirtualMember[],
    position: number,
    image: ImageName,
    context: RequestContext,
  ): Promise<boolean> {
    if (members[position - 1]?.priority !== true) return false
    const withPriority = members.slice(0, position)
    return (await firstHolding(withPriority, image, context)) !== undefined
  }

  async #withPriority(image: ImageName, context: RequestContext): Promise<readonly VirtualMember[]> {
    const members = this.#readable(image, context)
    const withPriority = members.filter((member) => member.priority)
    return (await firstHolding(withPriority, image, context)) === undefined ? members : withPriority
  }

  /** A pusher's HEAD asks whether the manifest is already where the push will land. */
  #forPushersHead(members: readonly VirtualMember[], context: RequestContext): readonly VirtualMember[] {
    if (!context.deploying || !context.metadataOnly || this.deploymentTarget === undefined) return members
    return members.filter(({ repository }) => repository.key === this.deploymentTarget)
  }

  /** Those that may be asked for the manifest. */
  #concerned(image: ImageName, reference: Reference, context: RequestContext): readonly VirtualMember[] {
    return this.members.filter(({ repository, refusedBy }) => {
      const refusing = refusedBy(image) ?? refusedBy(image, reference)
      const mayRead = context.mayPartly('read', repository.key, image)
      if (refusing === undefined && mayRead) return true
      if (refusing !== undefined) notePatterns(context, refusing, repository.key)
      if (!mayRead) {
        const message = `${context.principal.name} may not read ${image} here`
        context.explanation?.note(repository.key, 'permission', 'passed', message)
      }
      return false
    })
  }

  /** Those where anything of the image may be read: which tag and what digest, their readers know. */
  #readable(image: ImageName, context: RequestContext): readonly VirtualMember[] {
    return this.members.filter(
      (member) => member.admits(image) && context.mayPartly('read', member.repository.key, image),
    )
  }
}
