import { isRegistryError, RegistryError } from '@entrepot/kernel'
import { type ImageName, isImageName, type Tag, tagReference } from '@entrepot/oci-model'
import type { ManifestAddress } from '../manifest-transfer.js'
import type { OciRepository } from '../oci-repository.js'
import type { RequestContext } from '../request-context.js'
import { imagesBelow } from './images-below.js'
import { maximumItems } from './item.js'
import { isManifestFile, manifestFolderOf, splitLast } from './item-path.js'
import { manifestFiles } from './manifest-files.js'

/** What is at a path for the principal: a manifest, images, or, as one path can name both, both. */
export interface FoundItems {
  /** The folder's, when the path is that of a manifest's file. */
  readonly path: string
  readonly isFile: boolean
  /** What the path names itself. */
  readonly manifest: ManifestAddress | undefined
  /** The image of that name, and those below it. */
  readonly images: readonly ImageName[]
  /** All of the tags of these. */
  readonly tags: readonly ManifestAddress[]
}

const pageLimit = 1000

/** How many manifests are looked at together. */
const atOnce = 50

/**
 * @param path without slashes at its ends; empty for the whole repository
 * @throws RegistryError CONFLICT for a blob of a manifest, REQUEST_INVALID for more than `maximumItems` tags
 */
export async function findItems(
  repository: OciRepository,
  path: string,
  context: RequestContext,
): Promise<FoundItems> {
  const [folder, name] = splitLast(path)
  if (isManifestFile(name)) {
    const manifest = await manifestAt(repository, folder, context, name)
    return { path: folder, isFile: true, manifest, images: [], tags: [] }
  }
  const manifest = await manifestAt(repository, path, context)
  const images = await imagesAt(repository, path, context)
  if (manifest === undefined && images.length === 0) await requireNoBlob(repository, path, context)
  const tags: ManifestAddress[] = []
  for (const image of images) {
    for await (const page of tagsOf(repository, image, context)) tags.push(...page)
    if (tags.length <= maximumItems) continue
    throw new RegistryError(
      'REQUEST_INVALID',
      `there are more than ${maximumItems} tags in ${repository.key}/${path}: take the folders in it one by one`,
    )
  }
  return { path, isFile: false, manifest, images, tags }
}

/** @throws RegistryError CONFLICT for the file of a blob, which is its manifest's */
export async function requireNoBlob(
  repository: OciRepository,
  path: string,
  context: RequestContext,
): Promise<void> {
  const [folder, name] = splitLast(path)
  if (!/^sha(?:256|512)__/.test(name)) return
  if ((await manifestAt(repository, folder, context)) === undefined) return
  throw new RegistryError('CONFLICT', `${path} belongs to its manifest: take the folder ${folder} instead`)
}

/** The image of that name, and those below it. */
export async function imagesAt(
  repository: OciRepository,
  path: string,
  context: RequestContext,
): Promise<readonly ImageName[]> {
  const images: ImageName[] = []
  if (isImageName(path) && (await repository.stored.holdsImage(path, context))) images.push(path)
  for await (const page of imagesBelow(repository, path, context)) images.push(...page)
  return images
}

async function manifestAt(
  repository: OciRepository,
  path: string,
  context: RequestContext,
  file?: string,
): Promise<ManifestAddress | undefined> {
  const place = manifestFolderOf(path)
  if (place === undefined) return undefined
  const found = await repository.stored.manifest(place.image, place.reference, context)
  if (found === undefined) return undefined
  if (file !== undefined && manifestFiles(found.value)[0].name !== file) return undefined
  return { repository: found.foundIn, ...place }
}

async function* tagsOf(
  repository: OciRepository,
  image: ImageName,
  context: RequestContext,
): AsyncGenerator<readonly ManifestAddress[], void> {
  for (let after: string | undefined; ;) {
    const { items, more } = await tagsOrNone(repository, image, after, context)
    for (let start = 0; start < items.length; start += atOnce) {
      const looks = items.slice(start, start + atOnce).map(async (tag) => {
        const reference = tagReference(tag)
        const found = await repository.stored.manifest(image, reference, context)
        return found && { repository: found.foundIn, image, reference }
      })
      yield (await Promise.all(looks)).filter((each) => each !== undefined)
    }
    after = items.at(-1)
    if (!more || after === undefined) return
  }
}

/** An image may go while it is looked at, or have no tags. */
async function tagsOrNone(
  repository: OciRepository,
  image: ImageName,
  after: string | undefined,
  context: RequestContext,
): Promise<{ readonly items: readonly Tag[]; readonly more: boolean }> {
  try {
    return await repository.stored.tags(image, { limit: pageLimit, after }, context)
  } catch (error) {
    if (isRegistryError(error, 'NAME_UNKNOWN')) return { items: [], more: false }
    throw error
  }
}
