import { type Digest, isRegistryError, RegistryError } from '@entrepot/kernel'
import { type ImageName, type Reference, referenceText, type Tag } from '@entrepot/oci-model'
import type { RepositoryId, RepositoryKey } from '@entrepot/repositories'
import { refusal } from './guard.js'
import type { OciRepository, OciWriter, Surplus } from './oci-repository.js'
import type { RequestContext } from './request-context.js'
import type { TagCopier } from './tag-copier.js'

/** A tag, or a manifest by its digest, in a local repository or the cache of a remote. */
export interface ManifestAddress {
  readonly repository: RepositoryKey
  readonly image: ImageName
  readonly reference: Reference
}

export interface TransferStep {
  readonly from: ManifestAddress
  readonly to: ManifestAddress
}

/** Where it all goes from and to, and how. */
export interface TransferOptions {
  readonly source: OciRepository
  readonly target: OciWriter
  readonly move: boolean
  /** Everything is looked at, and nothing is changed. */
  readonly dryRun: boolean
  /** Nothing more is begun after a failure. */
  readonly failFast: boolean
}

export type TransferEvent =
  | (TransferStep & {
      readonly kind: 'transferred'
      readonly digest: Digest
      /** What the tag at the target pointed to before. */
      readonly replaced: Digest | undefined
    })
  /** Nothing of this step was done. */
  | (TransferStep & { readonly kind: 'failed'; readonly error: RegistryError })
  /** What the target let go of an image because it keeps only so much. */
  | {
      readonly kind: 'surplus'
      readonly repository: RepositoryKey
      readonly image: ImageName
      /** Nothing in a dry run. */
      readonly surplus: Surplus
      /** How many older tags went, or in a dry run would. */
      readonly oldTags: number
    }

type Transferred = Extract<TransferEvent, { readonly kind: 'transferred' }>

/** Refusals beyond these are not told. */
const toldRefusals = 20

/**
 * Copies or moves manifests between repositories, without their bytes. Rights to all of them are looked at before the
 * first; then each is there with all that belongs to it, or not at all.
 */
export class ManifestTransfer {
  constructor(
    private readonly copier: TagCopier,
    private readonly idOf: (key: RepositoryKey) => RepositoryId | undefined,
  ) {}

  /**
   * What was gone when its turn came is passed over.
   * @throws RegistryError DENIED; UNSUPPORTED where nothing can be deleted; REQUEST_INVALID for what would be copied onto
   *   itself; CONFLICT for more tags than the target keeps: then nothing was done
   */
  async *run(
    steps: readonly TransferStep[],
    options: TransferOptions,
    context: RequestContext,
  ): AsyncGenerator<TransferEvent, void> {
    requireAll(steps, (step) => requireAllowed(step, options, context))
    requireRoom(steps, options.target)
    const done: Transferred[] = []
    for (const step of steps) {
      const event = await this.#step(step, options, context)
      if (event === undefined) continue
      if (event.kind === 'transferred') done.push(event)
      yield event
      if (event.kind === 'failed' && options.failFast) break
    }
    for (const [image, into] of byTargetImage(done)) {
      const { surplus, oldTags } = await surplusOf(image, into, options)
      if (oldTags + surplus.manifests.length === 0) continue
      yield { kind: 'surplus', repository: options.target.target, image, surplus, oldTags }
    }
  }

  async #step(
    step: TransferStep,
    { move, dryRun }: TransferOptions,
    context: RequestContext,
  ): Promise<TransferEvent | undefined> {
    const { from, to } = step
    try {
      const tag = tagOf(to)
      const outcome = await this.copier.copy({
        from: { repository: this.#idOf(from.repository), image: from.image, ...placeOf(from.reference) },
        to: { repository: this.#idOf(to.repository), image: to.image, tag },
        move,
        mayOverwrite: context.may('overwrite', to.repository, to.image, tag),
        actor: context.principal.name,
        dryRun,
      })
      switch (outcome.kind) {
        case 'copied':
          return { kind: 'transferred', ...step, digest: outcome.digest, replaced: outcome.replaced }
        case 'absent':
          return undefined
        case 'taken': {
          const what = `${addressText(to)}, which is another manifest's`
          throw refusal(context, 'overwrite', to.repository, to.image, what)
        }
        case 'incomplete':
          throw incomplete(from, outcome.missing)
        case 'held':
          throw held(from, outcome.holders)
      }
    } catch (error) {
      if (isRegistryError(error)) return { kind: 'failed', ...step, error }
      throw error
    }
  }

  #idOf(key: RepositoryKey): RepositoryId {
    const id = this.idOf(key)
    if (id !== undefined) return id
    throw new RegistryError('NAME_UNKNOWN', `repository ${key} was deleted`)
  }
}

/** @throws RegistryError UNSUPPORTED for a repository that takes no writes */
export function requiredWriter(repository: OciRepository): OciWriter {
  if (repository.writer !== undefined) return repository.writer
  throw new RegistryError('UNSUPPORTED', `repository ${repository.key} takes no writes`)
}

/** `team/app:1.0` or `team/app@sha256:...`. */
export function addressText({ image, reference }: ManifestAddress): string {
  return `${image}${reference.kind === 'tag' ? ':' : '@'}${referenceText(reference)}`
}

function tagOf({ reference }: ManifestAddress): Tag | undefined {
  return reference.kind === 'tag' ? reference.tag : undefined
}

function placeOf(reference: Reference): { readonly tag: Tag } | { readonly digest: Digest } {
  return reference.kind === 'tag' ? { tag: reference.tag } : { digest: reference.digest }
}

function requireAllowed(
  { from, to }: TransferStep,
  { source, target, move }: TransferOptions,
  context: RequestContext,
): void {
  if (from.repository === to.repository && addressText(from) === addressText(to)) {
    throw new RegistryError('REQUEST_INVALID', `${addressText(from)} would be put onto itself`)
  }
  target.requireDeployable(to.image, tagOf(to), context)
  if (!move) return
  const writer = requiredWriter(source)
  if (writer.target !== from.repository) {
    throw new RegistryError(
      'UNSUPPORTED',
      `${addressText(from)} is in ${from.repository}, where nothing can be deleted through ${source.key}: copy it`,
    )
  }
  writer.requireDeletable(from.image, tagOf(from), context)
}

/** Throws the first failure with the others beside it. */
function requireAll(steps: readonly TransferStep[], check: (step: TransferStep) => void): void {
  const failures = new Map<string, RegistryError>()
  for (const step of steps) {
    try {
      check(step)
    } catch (error) {
      if (!isRegistryError(error)) throw error
      failures.set(error.message, error)
    }
    if (failures.size === toldRefusals) break
  }
  const [first, ...siblings] = failures.values()
  if (first === undefined) return
  const { code, message, detail } = first
  throw new RegistryError(code, message, { detail, siblings, cause: first })
}

/** Or what was moved would be gone at both ends. */
function requireRoom(steps: readonly TransferStep[], { maxUniqueTags, target }: OciWriter): void {
  if (maxUniqueTags === 0) return
  for (const [image, into] of byTargetImage(steps)) {
    const { size } = new Set(into.map(({ to }) => tagOf(to)))
    if (size <= maxUniqueTags) continue
    throw new RegistryError(
      'CONFLICT',
      `${size} tags would come to image ${image} of repository ${target}, which keeps ${maxUniqueTags} of an image ` +
        '(maxUniqueTags): pick some of them, or raise the limit',
    )
  }
}

async function surplusOf(
  image: ImageName,
  done: readonly Transferred[],
  { target, move, dryRun }: TransferOptions,
): Promise<{ readonly surplus: Surplus; readonly oldTags: number }> {
  const coming = done.flatMap(({ to }) => tagOf(to) ?? [])
  if (!dryRun) {
    const moved = done.flatMap(({ to, replaced }) => (replaced === undefined ? [] : (tagOf(to) ?? [])))
    const surplus = await target.dropSurplus(image, moved, coming)
    return { surplus, oldTags: surplus.tags.length }
  }
  const leave = done.filter(({ from }) => move && from.repository === target.target && from.image === image)
  const leaving = leave.flatMap(({ from }) => tagOf(from) ?? [])
  const oldTags = await target.countOldTags(image, coming, leaving)
  return { surplus: { tags: [], manifests: [] }, oldTags }
}

function byTargetImage<S extends TransferStep>(steps: readonly S[]): ReadonlyMap<ImageName, readonly S[]> {
  return Map.groupBy(
    steps.filter(({ to }) => to.reference.kind === 'tag'),
    ({ to }) => to.image,
  )
}

function incomplete(from: ManifestAddress, missing: readonly Digest[]): RegistryError {
  return new RegistryError(
    'CONFLICT',
    `repository ${from.repository} does not hold all of ${addressText(from)}: ` +
      `${missing.slice(0, 3).join(', ')} and maybe more are not there; pull all of it first`,
  )
}

function held(from: ManifestAddress, holders: readonly string[]): RegistryError {
  return new RegistryError(
    'CONFLICT',
    `${addressText(from)} can't be moved by its digest while ${holders.join(', ')} lead to it: move the tags, or copy it`,
  )
}
