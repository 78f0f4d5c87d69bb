import { RegistryError } from '@entrepot/kernel'
import { type ImageName, isImageName } from '@entrepot/oci-model'
import { refusal } from '../guard.js'
import { imagesBelow } from '../items/images-below.js'
import { maximumItems } from '../items/item.js'
import { tagPages } from '../items/tag-pages.js'
import type { OciRepository } from '../oci-repository.js'
import type { RequestContext } from '../request-context.js'
import type { PropertyPlace } from './property-store.js'

/**
 * What has properties at a path and below: the images with their tags, as far as the principal may read them, and for an
 * empty path the repository.
 * @throws RegistryError DENIED when they may not annotate the whole of each image; REQUEST_INVALID for more than
 *   `maximumItems`
 */
export async function placesBelow(
  repository: OciRepository,
  path: string,
  context: RequestContext,
): Promise<readonly PropertyPlace[]> {
  const places: PropertyPlace[] = []
  if (path === '') {
    requireWhole(repository, '' as ImageName, context)
    places.push({ kind: 'repository' })
  }
  const own = isImageName(path) && (await repository.stored.holdsImage(path, context)) ? [path] : []
  for await (const images of withFirst(own, imagesBelow(repository, path, context))) {
    for (const image of images) {
      requireWhole(repository, image, context)
      places.push({ kind: 'image', image })
      for await (const tags of tagPages(repository, image, context)) {
        places.push(...tags.map((tag) => ({ kind: 'tag', image, tag }) as const))
        if (places.length > maximumItems) {
          const where = path === '' ? repository.key : path
          throw new RegistryError(
            'REQUEST_INVALID',
            `there are more than ${maximumItems} items in ${where}: name a folder deeper in the tree`,
          )
        }
      }
    }
  }
  return places
}

async function* withFirst<T>(first: readonly T[], others: AsyncGenerator<readonly T[], void>) {
  yield first
  yield* others
}

function requireWhole({ key }: OciRepository, image: ImageName, context: RequestContext): void {
  if (context.may('annotate', key, image)) return
  throw refusal(context, 'annotate', key, image, image === '' ? 'all' : `all of ${image}`)
}
