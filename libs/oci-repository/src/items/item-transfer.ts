import { RegistryError } from '@entrepot/kernel'
import { type ImageName, isImageName, parseImageName } from '@entrepot/oci-model'
import type { RepositoryId, RepositoryKey } from '@entrepot/repositories'
import {
  type ManifestAddress,
  type ManifestTransfer,
  requiredWriter,
  type TransferEvent,
  type TransferStep,
} from '../manifest-transfer.js'
import type { OciRepository } from '../oci-repository.js'
import { type Properties, requireFitting } from '../properties/properties.js'
import type { PropertyPlace, PropertyStore } from '../properties/property-store.js'
import type { RequestContext } from '../request-context.js'
import { type FoundItems, findItems } from './found-items.js'
import { imagesBelow } from './images-below.js'
import { isManifestFile, manifestFolderOf, splitLast } from './item-path.js'

export interface ItemTransferRequest {
  readonly source: OciRepository
  /** Without slashes at its ends; empty for the whole repository. */
  readonly sourcePath: string
  readonly target: OciRepository
  /** Likewise. */
  readonly targetPath: string
  /** The path ended with a slash: it is a folder to put things into, there or not. */
  readonly into: boolean
  readonly move: boolean
  readonly dryRun: boolean
  readonly failFast: boolean
}

/** What is going to be done. */
export interface ItemTransferPlan {
  /** Where the item at the source path comes to be: the path that was asked for, or one below it. */
  readonly targetPath: string
  /** Empty when there is nothing at the source path that the principal may read. */
  readonly steps: readonly TransferStep[]
  /** Those that go as a whole, with the properties of their own. */
  readonly images: ReadonlySet<ImageName>
}

/**
 * Artifactory's "Copy Item" and "Move Item" over the tree of folders and files: a tag, by its folder or by the manifest's
 * file in it; a manifest, by `<image>/sha256:<hex>`; an image; the images in a folder. As in a file system, what is put
 * where a folder is already comes into it under its own name; but a tag takes the place of a tag.
 */
export class ItemTransfer {
  constructor(
    private readonly transfer: ManifestTransfer,
    private readonly properties: PropertyStore,
    private readonly idOf: (key: RepositoryKey) => RepositoryId | undefined,
  ) {}

  /**
   * @throws RegistryError MANIFEST_UNKNOWN for images without tags; REQUEST_INVALID, NAME_INVALID for a target that can't be; CONFLICT for a blob of a manifest, for a
   *   target inside the folder of a tag, and for a folder that would be put into itself; UNSUPPORTED for a target that takes
   *   no writes
   */
  async plan(request: ItemTransferRequest, context: RequestContext): Promise<ItemTransferPlan> {
    const { source, sourcePath, target } = request
    const writer = requiredWriter(target)
    const found = await findItems(source, sourcePath, context)
    if (found.manifest === undefined && found.images.length === 0) {
      return { targetPath: request.targetPath, steps: [], images: new Set() }
    }
    if (found.manifest === undefined && found.tags.length === 0) {
      throw new RegistryError(
        'MANIFEST_UNKNOWN',
        `nothing in ${source.key}/${found.path} has a tag: take its manifests by digest, <image>/sha256:<hex>`,
      )
    }
    const targetPath = await destinationOf(request, found, context)
    const steps: TransferStep[] = []
    if (found.manifest !== undefined) {
      const to = { repository: writer.target, ...manifestTarget(found, targetPath) }
      await requireNoTagFolder(target, to.image, context)
      steps.push({ from: found.manifest, to })
    }
    if (found.images.length > 0) await requireNoTagFolder(target, targetPath, context)
    requireOutside(found, targetPath, writer.target)
    for (const from of found.tags) {
      const rest = from.image.slice(found.path.length).replace(/^\//, '')
      const image = parseImageName([targetPath, rest].filter((part) => part !== '').join('/'))
      steps.push({ from, to: { repository: writer.target, image, reference: from.reference } })
    }
    // Moving up in a tree, what is higher has to leave first.
    const sorted = steps.toSorted((left, right) => depthOf(left) - depthOf(right))
    return { targetPath, steps: sorted, images: new Set(found.images) }
  }

  /** @throws RegistryError as `ManifestTransfer`; REQUEST_INVALID for more properties of an image than there may be */
  async *run(
    plan: ItemTransferPlan,
    request: ItemTransferRequest,
    context: RequestContext,
  ): AsyncGenerator<TransferEvent, void> {
    const { source, target, move, dryRun, failFast } = request
    const options = { source, target: requiredWriter(target), move, dryRun, failFast }
    const carried = await this.#carriedProperties(plan, context)
    const done = new Set<CarriedProperties>()
    for await (const event of this.transfer.run(plan.steps, options, context)) {
      const own = event.kind === 'transferred' ? carried.get(imageKey(event.from)) : undefined
      if (own !== undefined) done.add(own)
      yield event
    }
    if (dryRun) return
    for (const { repository, place, set } of done) {
      await this.properties.change(repository, [place], { set, remove: [] })
    }
  }

  /**
   * Those of whole images, by the image they are taken from; each tag and manifest takes its own along. Who may not read
   * all of the image, or not deploy to all of the other, has no part in them.
   */
  async #carriedProperties(
    { steps, images }: ItemTransferPlan,
    { may }: RequestContext,
  ): Promise<ReadonlyMap<string, CarriedProperties>> {
    const carried = new Map<string, CarriedProperties>()
    const first = new Map(steps.toReversed().map((step) => [imageKey(step.from), step]))
    for (const [key, { from, to }] of first) {
      if (!images.has(from.image) || !may('read', from.repository, from.image)) continue
      if (!may('deploy', to.repository, to.image)) continue
      const [source, repository] = [this.idOf(from.repository), this.idOf(to.repository)]
      if (source === undefined || repository === undefined) continue
      const [set] = await this.properties.find(source, [{ kind: 'image', image: from.image }])
      if (set === undefined || set.size === 0) continue
      const place = { kind: 'image', image: to.image } as const
      const [before] = await this.properties.find(repository, [place])
      requireFitting(new Map([...(before ?? []), ...set]), to.image)
      carried.set(key, { repository, place, set })
    }
    return carried
  }
}

interface CarriedProperties {
  readonly repository: RepositoryId
  readonly place: PropertyPlace
  readonly set: Properties
}

function imageKey({ repository, image }: ManifestAddress): string {
  return `${repository}/${image}`
}

async function destinationOf(
  { target, targetPath, into, sourcePath }: ItemTransferRequest,
  found: FoundItems,
  context: RequestContext,
): Promise<string> {
  const [folder, name] = splitLast(targetPath)
  if (/^sha(?:256|512)__/.test(name)) throw notAFolder(target, targetPath)
  if (found.isFile) {
    const whole = isManifestFile(name) ? folder : targetPath
    if (whole !== '') return whole
    throw new RegistryError('REQUEST_INVALID', `to names no tag: expected /${target.key}/<image>/<tag>`)
  }
  if (isManifestFile(name)) throw notAFolder(target, targetPath)
  const inside = into || targetPath === '' || (await isFolder(target, targetPath, context))
  if (!inside) return targetPath
  const [, own] = splitLast(sourcePath)
  return [targetPath, own].filter((part) => part !== '').join('/')
}

/** A folder of images; that of a tag is none. */
async function isFolder(repository: OciRepository, path: string, context: RequestContext): Promise<boolean> {
  if (!isImageName(path)) return false
  if (await repository.stored.holdsImage(path, context)) return true
  for await (const images of imagesBelow(repository, path, context)) if (images.length > 0) return true
  return false
}

function manifestTarget(found: FoundItems, targetPath: string) {
  const folder = manifestFolderOf(targetPath)
  const from = found.manifest?.reference
  if (folder === undefined) {
    throw new RegistryError(
      'REQUEST_INVALID',
      `to ends in ${JSON.stringify(targetPath.slice(0, 300))}, where a tag can't be: expected <image>/<tag>`,
    )
  }
  if (folder.reference.kind === 'tag') return folder
  if (from?.kind === 'digest' && from.digest === folder.reference.digest) return folder
  throw new RegistryError(
    'REQUEST_INVALID',
    `to ends in ${folder.reference.digest}, which is another manifest's: expected <image>/<tag>`,
  )
}

/** Nothing but its own files is in the folder of a tag. Where an image has come to be in one all the same, it may grow. */
async function requireNoTagFolder(
  repository: OciRepository,
  path: string,
  context: RequestContext,
): Promise<void> {
  if (isImageName(path) && (await repository.stored.holdsImage(path, context))) return
  const parts = path.split('/')
  for (let end = 2; end <= parts.length; end += 1) {
    const above = parts.slice(0, end).join('/')
    const folder = manifestFolderOf(above)
    if (folder === undefined) continue
    if ((await repository.stored.manifest(folder.image, folder.reference, context)) === undefined) continue
    throw new RegistryError(
      'CONFLICT',
      `${repository.key}/${above} is the folder of a tag, which nothing else can be put into: expected <image>/<tag>`,
    )
  }
}

/** Within one repository, or what has come into the folder would be taken for what was in it. */
function requireOutside({ path, tags }: FoundItems, targetPath: string, target: RepositoryKey): void {
  const isInside = targetPath !== path && (path === '' || targetPath.startsWith(`${path}/`))
  if (!isInside || !tags.some(({ repository }) => repository === target)) return
  throw new RegistryError(
    'CONFLICT',
    `${target}/${targetPath} is inside of what is to be put there: pick a place outside of ${target}/${path}`,
  )
}

function depthOf({ from }: TransferStep): number {
  return from.image.split('/').length
}

function notAFolder({ key }: OciRepository, path: string): RegistryError {
  return new RegistryError(
    'REQUEST_INVALID',
    `to names the file ${key}/${path}: what is copied or moved is a folder, expected <image>/<tag> or <image>`,
  )
}
