import { type Digest, RegistryError } from '@entrepot/kernel'
import { type ImageName, parseImageName, parseTag, type Tag, tagReference } from '@entrepot/oci-model'
import type { RepositoryId, RepositoryKey } from '@entrepot/repositories'
import { refusal } from './guard.js'
import type { OciRepository, OciWriter, Surplus } from './oci-repository.js'
import type { RequestContext } from './request-context.js'
import type { TagCopier } from './tag-copier.js'

export interface PromotionRequest {
  readonly source: OciRepository
  readonly target: OciRepository
  readonly image: string
  /** The same image when left out. */
  readonly targetImage?: string | undefined
  /** All tags of the image when left out. */
  readonly tag?: string | undefined
  /** The same tag when left out. */
  readonly targetTag?: string | undefined
  /** Else the tags go from the source. */
  readonly copy: boolean
}

/** A tag that was copied or moved. */
export interface PromotedTag {
  readonly from: PromotedPlace
  readonly to: PromotedPlace
  readonly digest: Digest
  /** What the tag at the target pointed to before. */
  readonly replaced: Digest | undefined
  /** What the target let go for it. */
  readonly surplus: Surplus
}

export interface PromotedPlace {
  readonly repository: RepositoryKey
  readonly image: ImageName
  readonly tag: Tag
}

interface Step {
  readonly from: PromotedPlace
  readonly to: PromotedPlace
}

const pageLimit = 1000

/**
 * Copies or moves tags from one repository into another, without their bytes. It takes the rights to read at the source, to
 * delete there for a move, and to deploy at the target. Each tag is there with all that belongs to it, or not at all; rights
 * to all of them are looked at before the first.
 */
export class Promotion {
  constructor(
    private readonly copier: TagCopier,
    private readonly idOf: (key: RepositoryKey) => RepositoryId | undefined,
  ) {}

  /**
   * Yields nothing when there is nothing to promote that the principal may read.
   * @throws RegistryError NAME_INVALID, TAG_INVALID; DENIED; UNSUPPORTED for a repository that takes no writes; CONFLICT when
   *   the source does not hold all of the content
   */
  async *promote(request: PromotionRequest, context: RequestContext): AsyncGenerator<PromotedTag, void> {
    const image = parseImageName(request.image)
    const targetImage = parseImageName(request.targetImage ?? image)
    const only = request.tag === undefined ? undefined : parseTag(request.tag)
    const targetTag = request.targetTag === undefined ? only : parseTag(request.targetTag)
    if (only === undefined && targetTag !== undefined) {
      throw new RegistryError('REQUEST_INVALID', 'targetTag is given without tag, which says what becomes it')
    }
    const target = writerOf(request.target)
    const steps: Step[] = []
    for await (const from of this.#places(request.source, image, only, context)) {
      steps.push({ from, to: { repository: target.target, image: targetImage, tag: targetTag ?? from.tag } })
    }
    for (const step of steps) requireRights(step, request, target, context)
    for (const step of steps) {
      const promoted = await this.#step(step, !request.copy, context)
      if (promoted === undefined) continue
      const { to, replaced } = promoted
      const surplus = await target.dropSurplus(to.image, replaced === undefined ? [] : [to.tag])
      yield { ...promoted, surplus }
    }
  }

  async *#places(
    source: OciRepository,
    image: ImageName,
    only: Tag | undefined,
    context: RequestContext,
  ): AsyncGenerator<PromotedPlace, void> {
    const { stored } = source
    for await (const tags of only === undefined ? pagesOfTags(source, image, context) : [[only]]) {
      for (const tag of tags) {
        const found = await stored.manifest(image, tagReference(tag), context)
        if (found !== undefined) yield { repository: found.foundIn, image, tag }
      }
    }
  }

  async #step(
    { from, to }: Step,
    move: boolean,
    context: RequestContext,
  ): Promise<Omit<PromotedTag, 'surplus'> | undefined> {
    const outcome = await this.copier.copy({
      from: { ...from, repository: this.#idOf(from.repository) },
      to: { ...to, repository: this.#idOf(to.repository) },
      move,
      mayOverwrite: context.may('overwrite', to.repository, to.image, to.tag),
      actor: context.principal.name,
    })
    switch (outcome.kind) {
      case 'copied':
        return { from, to, digest: outcome.digest, replaced: outcome.replaced }
      case 'absent':
        return undefined
      case 'taken': {
        const what = `${to.image}:${to.tag}, which is another manifest's`
        throw refusal(context, 'overwrite', to.repository, to.image, what)
      }
      case 'incomplete':
        throw new RegistryError(
          'CONFLICT',
          `repository ${from.repository} does not hold all of ${from.image}:${from.tag}: ` +
            `${outcome.missing.slice(0, 3).join(', ')} and maybe more are not there; pull all of it first`,
        )
    }
  }

  #idOf(key: RepositoryKey): RepositoryId {
    const id = this.idOf(key)
    if (id !== undefined) return id
    throw new RegistryError('NAME_UNKNOWN', `repository ${key} was deleted`)
  }
}

function requireRights(
  { from, to }: Step,
  { source, copy }: PromotionRequest,
  target: OciWriter,
  context: RequestContext,
): void {
  if (from.repository === to.repository && from.image === to.image && from.tag === to.tag) {
    throw new RegistryError('REQUEST_INVALID', `${from.image}:${from.tag} would be promoted to itself`)
  }
  target.requireDeployable(to.image, to.tag, context)
  if (copy) return
  const writer = writerOf(source)
  if (writer.target !== from.repository) {
    throw new RegistryError(
      'UNSUPPORTED',
      `${from.image}:${from.tag} is in ${from.repository}, where nothing can be deleted through ${source.key}: copy it`,
    )
  }
  writer.requireDeletable(from.image, from.tag, context)
}

function writerOf(repository: OciRepository): OciWriter {
  if (repository.writer !== undefined) return repository.writer
  throw new RegistryError('UNSUPPORTED', `repository ${repository.key} takes no writes`)
}

async function* pagesOfTags(
  repository: OciRepository,
  image: ImageName,
  context: RequestContext,
): AsyncGenerator<readonly Tag[], void> {
  if (!(await repository.stored.holdsImage(image, context))) return
  for (let after: string | undefined; ;) {
    const { items, more } = await repository.stored.tags(image, { limit: pageLimit, after }, context)
    yield items
    after = items.at(-1)
    if (!more || after === undefined) return
  }
}
