import { isRegistryError } from '@entrepot/kernel'
import type { ImageName, Tag } from '@entrepot/oci-model'
import type { OciRepository } from '../oci-repository.js'
import type { RequestContext } from '../request-context.js'

const pageLimit = 1000

/** The tags of an image that the principal may read, page by page; none when it is not there. */
export async function* tagPages(
  repository: OciRepository,
  image: ImageName,
  context: RequestContext,
): AsyncGenerator<readonly Tag[], void> {
  for (let after: string | undefined; ;) {
    const page = await tagsOrNone(repository, image, after, context)
    yield page.items
    after = page.items.at(-1)
    if (!page.more || after === undefined) return
  }
}

/** An image may go while it is looked at. */
async function tagsOrNone(
  repository: OciRepository,
  image: ImageName,
  after: string | undefined,
  context: RequestContext,
) {
  try {
    return await repository.stored.tags(image, { limit: pageLimit, after }, context)
  } catch (error) {
    if (isRegistryError(error, 'NAME_UNKNOWN')) return { items: [], more: false }
    throw error
  }
}
