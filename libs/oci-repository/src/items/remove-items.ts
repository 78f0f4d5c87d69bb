import { type Digest, RegistryError } from '@entrepot/kernel'
import { type ImageName, type Reference, referenceText, type Tag } from '@entrepot/oci-model'
import type { RepositoryKey } from '@entrepot/repositories'
import { refusal } from '../guard.js'
import type { OciRepository, OciWriter } from '../oci-repository.js'
import type { RequestContext } from '../request-context.js'
import { imagesAt, requireNoBlob } from './found-items.js'
import { isManifestFile, manifestFolderOf, splitLast } from './item-path.js'

/** What was deleted at once. */
export interface RemovedItem {
  readonly repository: RepositoryKey
  readonly image: ImageName
  /** A tag or a digest; undefined for all of the image. */
  readonly reference: string | undefined
  readonly digest: Digest | undefined
  readonly tags: readonly Tag[]
}

/**
 * Deletes what is at a path: a tag, by its folder or by the manifest's file in it; a manifest, by `<image>/sha256:<hex>`; an
 * image; the images in a folder, one after the other, for whoever may delete all of each. What the principal may not read
 * stays. Nothing is yielded when there is nothing at the path.
 * @throws RegistryError DENIED; UNSUPPORTED for a repository that takes no writes; CONFLICT for a blob of a manifest
 */
export async function* removeItems(
  repository: OciRepository,
  path: string,
  context: RequestContext,
): AsyncGenerator<RemovedItem, void> {
  const writer = repository.writer
  const [folder, name] = splitLast(path)
  const isFile = isManifestFile(name)
  const own = manifestFolderOf(isFile ? folder : path)
  const reference = own && (await repository.stored.manifest(own.image, own.reference, context))
  const images = isFile ? [] : await imagesAt(repository, path, context)
  if (reference === undefined && images.length === 0) return requireNoBlob(repository, path, context)
  if (writer === undefined) {
    const instead = repository.kind === 'remote' ? ': its cache is invalidated, not deleted from' : ''
    throw new RegistryError(
      'UNSUPPORTED',
      `nothing can be deleted from repository ${repository.key}${instead}`,
    )
  }
  if (images.length > 1 || (reference !== undefined && images.length > 0))
    requireWhole(images, writer, context)
  let isGone = false
  if (own !== undefined && reference !== undefined) {
    for await (const removed of removeReference(writer, own.image, own.reference, context)) {
      isGone = true
      yield removed
    }
  }
  for (const image of images) {
    const tags = await writer.deleteImage(image, context)
    if (tags === undefined) continue
    isGone = true
    yield { repository: writer.target, image, reference: undefined, digest: undefined, tags }
  }
  if (isGone || repository.kind !== 'virtual') return
  throw new RegistryError(
    'UNSUPPORTED',
    `${path} is not in ${writer.target}, where repository ${repository.key} deletes: name the repository that has it`,
  )
}

async function* removeReference(
  writer: OciWriter,
  image: ImageName,
  reference: Reference,
  context: RequestContext,
): AsyncGenerator<RemovedItem, void> {
  const deleted = await writer.deleteManifest(image, reference, context)
  if (deleted === undefined) return
  yield { repository: writer.target, image, reference: referenceText(reference), ...deleted }
}

/** Before anything goes, so that a folder is not left half deleted for want of a right. */
function requireWhole(images: readonly ImageName[], writer: OciWriter, context: RequestContext): void {
  const closed = images.find((image) => !context.may('delete', writer.target, image))
  if (closed !== undefined) throw refusal(context, 'delete', writer.target, closed, `all of ${closed}`)
}
