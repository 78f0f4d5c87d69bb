import { type Digest, type Listing, type Page, isRegistryError, listingOf } from '@entrepot/kernel'
import type { Descriptor, ImageName, Reference, Tag } from '@entrepot/oci-model'
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
import { NotCachedError } from '../remote/not-cached-error.js'
import type { RequestContext } from '../request-context.js'
import { UpstreamWouldBeAsked } from '../upstream-would-be-asked.js'
import { mergedImages, mergedReferrers, mergedTags } from './merged-lists.js'
import { noteCandidates, noteFailure, noteRest } from './note-members.js'
import type { VirtualMember } from './virtual-member.js'

/**
 * Members are asked in order and the first that has the item answers. A member's failure is never shown as absence, and
 * never lets a later member answer for an image that the failing one has served: an outage can't swap an image's origin.
 */
export class VirtualReader implements OciReader {
  constructor(
    private readonly config: VirtualConfig,
    private readonly members: readonly VirtualMember[],
    private readonly deploymentTarget: RepositoryKey | undefined,
  ) {}

  async manifest(
    image: ImageName,
    reference: Reference,
    context: RequestContext,
  ): Promise<Found<ManifestBytes> | undefined> {
    noteCandidates(context, this.members)
    requireInService(this.config)
    return this.#firstAnswer(
      this.#forPushersHead(this.#concerned(image, reference, context), context),
      image,
      (reader) => reader.manifest(image, reference, context),
      context,
    )
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
    ask: (reader: OciReader) => Promise<Found<T> | undefined>,
    context: RequestContext,
  ): Promise<Found<T> | undefined> {
    const failures: unknown[] = []
    for (const [position, member] of members.entries()) {
      const { repository, priority } = member
      if (!priority && position > 0 && (await this.#claimedBefore(members, position, image, context))) {
        noteRest(context, members.slice(position), 'priority', 'a member with priority has the image')
        break
      }
      try {
        const found = await ask(repository.reader)
        if (found === undefined) continue
        noteRest(context, members.slice(position + 1), 'order', `${repository.key} has it`)
        return found
      } catch (error) {
        if (error instanceof UpstreamWouldBeAsked) {
          noteRest(
            context,
            members.slice(position + 1),
            'order',
            `the upstream of ${repository.key} decides before`,
          )
          throw error
        }
        failures.push(error)
        if (error instanceof NotCachedError) {
          noteFailure(context, repository, 'passed', error, '')
          continue
        }
        if (await this.#mustAnswer(member, image, error, context)) {
          noteFailure(context, repository, 'refused', error, ': no other may answer in its place')
          throw error
        }
        noteFailure(
          context,
          repository,
          'passed',
          error,
          ': it is passed over, as it has never served this image',
        )
        context.logger.warn(
          { err: error, repository: this.config.key, member: repository.key, image },
          'a member failed and was passed over, since it has never served this image',
        )
      }
    }
    if (failures.length === 0) return undefined
    const failure = failures.find((error) => !isRegistryError(error, 'DENIED'))
    if (failure !== undefined) throw failure
    // That one may have it, and this principal may not have it fetched: somebody can do something about that.
    const uncached = failures.find((error) => error instanceof NotCachedError)
    if (uncached !== undefined) throw uncached
    // Some registries, Docker Hub among them, deny what they don't have. Where another member has the image, that is a no.
    if ((await firstHolding(members, image, context)) !== undefined) return undefined
    throw failures[0]
  }

  /**
   * A local member always answers for itself, as does a remote with `hardFail`; another remote, and a member that denies
   * or is out of service, for every image that it has.
   */
  async #mustAnswer(
    { repository, hardFail }: VirtualMember,
    image: ImageName,
    error: unknown,
    context: RequestContext,
  ): Promise<boolean> {
    const isDenial = isRegistryError(error, 'DENIED')
    const answersForItself = repository.kind === 'local' || hardFail
    return (answersForItself && !isDenial) || repository.reader.holdsImage(image, context)
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

async function firstHolding(
  members: readonly VirtualMember[],
  image: ImageName,
  context: RequestContext,
): Promise<VirtualMember | undefined> {
  for (const member of members) {
    if (await member.repository.reader.holdsImage(image, context)) return member
  }
  return undefined
}
