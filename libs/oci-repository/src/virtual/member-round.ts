import { isRegistryError } from '@entrepot/kernel'
import type { ImageName } from '@entrepot/oci-model'
import type { RepositoryKey } from '@entrepot/repositories'
import type { Found, OciReader } from '../oci-repository.js'
import { NotCachedError } from '../remote/not-cached-error.js'
import type { RequestContext } from '../request-context.js'
import { UpstreamWouldBeAsked } from '../upstream-would-be-asked.js'
import { noteFailure } from './note-members.js'
import type { VirtualMember } from './virtual-member.js'

/** One question to the members of a virtual repository, and what their failures mean. */
export class MemberRound<T> {
  readonly #failures: unknown[] = []

  constructor(
    private readonly virtual: RepositoryKey,
    private readonly members: readonly VirtualMember[],
    private readonly image: ImageName,
    private readonly context: RequestContext,
    private readonly question: (reader: OciReader) => Promise<Found<T> | undefined>,
  ) {}

  /**
   * @returns undefined for a member that doesn't have it, or failed in a way that lets others answer
   * @throws the failure of a member for which no other may answer; UpstreamWouldBeAsked
   */
  async ask(member: VirtualMember): Promise<Found<T> | undefined> {
    const { context } = this
    const { repository } = member
    try {
      return await this.question(repository.reader)
    } catch (error) {
      if (error instanceof UpstreamWouldBeAsked) throw error
      this.#failures.push(error)
      if (error instanceof NotCachedError) {
        noteFailure(context, repository, 'passed', error, '')
        return undefined
      }
      if (await this.#mustAnswer(member, error)) {
        noteFailure(context, repository, 'refused', error, ': no other may answer in its place')
        throw error
      }
      const meaning = ': it is passed over, as it has never served this image'
      noteFailure(context, repository, 'passed', error, meaning)
      context.logger.warn(
        { err: error, repository: this.virtual, member: repository.key, image: this.image },
        'a member failed and was passed over, since it has never served this image',
      )
      return undefined
    }
  }

  /** @returns undefined when nobody has it @throws a failure that leaves that open */
  async absence(): Promise<undefined> {
    if (this.#failures.length === 0) return undefined
    const failure = this.#failures.find((error) => !isRegistryError(error, 'DENIED'))
    if (failure !== undefined) throw failure
    // That one may have it, and this principal may not have it fetched: somebody can do something about that.
    const uncached = this.#failures.find((error) => error instanceof NotCachedError)
    if (uncached !== undefined) throw uncached
    // Some registries, Docker Hub among them, deny what they don't have. Where another member has the image, that is a no.
    if ((await firstHolding(this.members, this.image, this.context)) !== undefined) return undefined
    throw this.#failures[0]
  }

  /**
   * A local member always answers for itself, as does a remote with `hardFail`; another remote, and a member that denies
   * or is out of service, for every image that it has.
   */
  async #mustAnswer({ repository, hardFail }: VirtualMember, error: unknown): Promise<boolean> {
    const isDenial = isRegistryError(error, 'DENIED')
    const answersForItself = repository.kind === 'local' || hardFail
    return (answersForItself && !isDenial) || repository.reader.holdsImage(this.image, this.context)
  }
}

export async function firstHolding(
  members: readonly VirtualMember[],
  image: ImageName,
  context: RequestContext,
): Promise<VirtualMember | undefined> {
  for (const member of members) {
    if (await member.repository.reader.holdsImage(image, context)) return member
  }
  return undefined
}
