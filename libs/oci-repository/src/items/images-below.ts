import { type ImageName, isImageName } from '@entrepot/oci-model'
import type { OciRepository } from '../oci-repository.js'
import type { RequestContext } from '../request-context.js'

const pageLimit = 1000

/** The images whose names start with `folder` and a slash, page by page; of all the repository for an empty `folder`. */
export async function* imagesBelow(
  repository: OciRepository,
  folder: string,
  context: RequestContext,
): AsyncGenerator<readonly ImageName[], void> {
  if (folder !== '' && !isImageName(folder)) return
  const prefix = folder === '' ? '' : `${folder}/`
  for (let after: string | undefined = prefix; after !== undefined;) {
    const { items, more } = await repository.stored.images({ limit: pageLimit, after }, context)
    const inside = items.filter((image) => image.startsWith(prefix))
    yield inside
    after = more && inside.length === items.length ? inside.at(-1) : undefined
  }
}
