import type { ImageName, Reference } from '@entrepot/oci-model'
import type { PathFilter } from '@entrepot/repositories'

/** For a tag exactly that; for a digest, or nothing in particular, whether anything of the image is admitted. */
export function admitsReference(filter: PathFilter, image: ImageName, reference?: Reference): boolean {
  return reference?.kind === 'tag' ? filter.admitsTag(image, reference.tag) : filter.admitsImage(image)
}
