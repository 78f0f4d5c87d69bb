import { type Digest, RegistryError } from '@entrepot/kernel'
import { type ImageName, parseImageName, parseTag, type Tag, tagReference } from '@entrepot/oci-model'
import type { RepositoryKey } from '@entrepot/repositories'
import {
  type ManifestAddress,
  type ManifestTransfer,
  type TransferStep,
  requiredWriter,
} from './manifest-transfer.js'
import type { OciRepository, Surplus } from './oci-repository.js'
import type { RequestContext } from './request-context.js'

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
  /** What the target let go for it and those before it. */
  readonly surplus: Surplus
}

export interface PromotedPlace {
  readonly repository: RepositoryKey
  readonly image: ImageName
  readonly tag: Tag
}

const pageLimit = 1000

const noSurplus: Surplus = { tags: [], manifests: [] }

/**
 * Copies or moves tags from one repository into another, without their bytes. It takes the rights to read at the source, to
 * delete there for a move, and to deploy at the target. Each tag is there with all that belongs to it, or not at all; rights
 * to all of them are looked at before the first.
 */
export class Promotion {
  constructor(private readonly transfer: ManifestTransfer) {}

  /**
   * Yields nothing when there is nothing to promote that the principal may read.
   * @throws RegistryError NAME_INVALID, TAG_INVALID; DENIED; UNSUPPORTED for a repository that takes no writes; CONFLICT when
   *   the source does not hold all of the content, or the target keeps fewer tags
   */
  async *promote(request: PromotionRequest, context: RequestContext): AsyncGenerator<PromotedTag, void> {
    const image = parseImageName(request.image)
    const targetImage = parseImageName(request.targetImage ?? image)
    const only = request.tag === undefined ? undefined : parseTag(request.tag)
    const targetTag = request.targetTag === undefined ? only : parseTag(request.targetTag)
    if (only === undefined && targetTag !== undefined) {
      throw new RegistryError('REQUEST_INVALID', 'targetTag is given without tag, which says what becomes it')
    }
    const { source } = request
    const target = requiredWriter(request.target)
    const steps: TransferStep[] = []
    for await (const { repository, tag } of this.#places(source, image, only, context)) {
      steps.push({
        from: { repository, image, reference: tagReference(tag) },
        to: { repository: target.target, image: targetImage, reference: tagReference(targetTag ?? tag) },
      })
    }
    const options = { source, target, move: !request.copy, dryRun: false, failFast: true }
    let last: PromotedTag | undefined
    for await (const event of this.transfer.run(steps, options, context)) {
      if (event.kind === 'surplus') {
        if (last !== undefined) last = { ...last, surplus: event.surplus }
        continue
      }
      if (last !== undefined) yield last
      if (event.kind === 'failed') throw event.error
      const { from, to, digest, replaced } = event
      last = { from: placeOf(from), to: placeOf(to), digest, replaced, surplus: noSurplus }
    }
    if (last !== undefined) yield last
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
}

function placeOf({ repository, image, reference }: ManifestAddress): PromotedPlace {
  if (reference.kind !== 'tag') throw new RangeError('only tags are promoted')
  return { repository, image, tag: reference.tag }
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
