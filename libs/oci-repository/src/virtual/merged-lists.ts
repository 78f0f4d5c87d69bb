import { type Listing, type Page, RegistryError, byCodePoint, isRegistryError } from '@entrepot/kernel'
import { type Descriptor, type ImageName, type Tag, tagReference } from '@entrepot/oci-model'
import type { RepositoryKey } from '@entrepot/repositories'
import { filteredListing } from '../filtered-listing.js'
import type { OciReader } from '../oci-repository.js'
import type { RequestContext } from '../request-context.js'
import type { VirtualMember } from './virtual-member.js'

/**
 * The tags of all members. A remote that fails leaves a warning, as long as another member knows the image.
 * @throws RegistryError NAME_UNKNOWN when no member knows the image; the failure when one could not be asked
 */
export async function mergedTags(
  virtual: RepositoryKey,
  members: readonly VirtualMember[],
  image: ImageName,
  page: Page,
  context: RequestContext,
): Promise<Listing<Tag>> {
  const answers = await Promise.all(
    members.map((member) =>
      tagsOf(member, image, page, context).catch((error: unknown) => passOver(member, image, context, error)),
    ),
  )
  const listings = answers.filter((answer) => answer !== undefined && 'items' in answer)
  const failures = answers.filter((answer) => answer !== undefined && 'failed' in answer)
  if (listings.length === 0 && failures[0] !== undefined) throw failures[0].error
  if (listings.length === 0) {
    throw new RegistryError('NAME_UNKNOWN', `no member of repository ${virtual} has an image ${image}`, {
      detail: { name: image },
    })
  }
  const merged = mergePages(listings, page, (tag) => tag)
  return { ...merged, warnings: [...merged.warnings, ...failures.flatMap(({ failed }) => failed)] }
}

/** The referrers that the members know, each once. */
export async function mergedReferrers(
  members: readonly VirtualMember[],
  image: ImageName,
  page: Page,
  context: RequestContext,
  ask: (reader: OciReader) => Promise<Listing<Descriptor>>,
): Promise<Listing<Descriptor>> {
  const holding = await Promise.all(
    members.map(({ repository }) => repository.reader.holdsImage(image, context)),
  )
  const asked = holding.includes(true) ? members.filter((_, position) => holding[position] === true) : members
  const answers = await Promise.all(
    asked.map((member) =>
      ask(member.repository.reader).catch((error: unknown) => passOver(member, image, context, error)),
    ),
  )
  const listings = answers.filter((answer) => answer !== undefined && 'items' in answer)
  const failures = answers.filter((answer) => answer !== undefined && 'failed' in answer)
  if (listings.length === 0 && failures[0] !== undefined) throw failures[0].error
  const merged = mergePages(listings, page, (descriptor) => descriptor.digest)
  return { ...merged, warnings: [...merged.warnings, ...failures.flatMap(({ failed }) => failed)] }
}

export async function mergedImages(
  members: readonly VirtualMember[],
  page: Page,
  context: RequestContext,
): Promise<Listing<ImageName>> {
  const listings = await Promise.all(members.map((member) => admittedImages(member, page, context)))
  return mergePages(listings, page, (image) => image)
}

/** Tags that the virtual's patterns hide don't count, so a member is read on until its page is full. */
async function tagsOf(
  member: VirtualMember,
  image: ImageName,
  page: Page,
  context: RequestContext,
): Promise<Listing<Tag>> {
  return filteredListing(
    page,
    (part) => member.repository.reader.tags(image, part, context),
    (tag) => member.admits(image, tagReference(tag)),
  )
}

async function admittedImages(
  member: VirtualMember,
  page: Page,
  context: RequestContext,
): Promise<Listing<ImageName>> {
  return filteredListing(
    page,
    (part) => member.repository.reader.images(part, context),
    (image) => member.admits(image),
  )
}

/** Every listing holds the first entries of its member after `page.after`, so the first of their union are exact. */
function mergePages<T>(listings: readonly Listing<T>[], page: Page, keyOf: (item: T) => string): Listing<T> {
  const byKey = new Map<string, T>()
  for (const item of listings.flatMap((listing) => listing.items)) {
    if (!byKey.has(keyOf(item))) byKey.set(keyOf(item), item)
  }
  const sorted = [...byKey.entries()]
    .sort(([left], [right]) => byCodePoint(left, right))
    .map(([, item]) => item)
  return {
    items: sorted.slice(0, page.limit),
    more: sorted.length > page.limit || listings.some((listing) => listing.more),
    warnings: listings.flatMap((listing) => listing.warnings),
  }
}

interface PassedOver {
  /** Warnings for a list that does without this member. */
  readonly failed: readonly string[]
  readonly error: unknown
}

/**
 * A member that denies, as some registries do for what they don't have, or that is out of service leaves no gap in the
 * list of an image that it never had.
 * @returns undefined for "unknown image" @throws what a local member threw, or a remote one with `hardFail`
 */
async function passOver(
  { repository, hardFail }: VirtualMember,
  image: ImageName,
  context: RequestContext,
  error: unknown,
): Promise<PassedOver | undefined> {
  if (isRegistryError(error, 'NAME_UNKNOWN')) return undefined
  const isDenial = isRegistryError(error, 'DENIED')
  if ((repository.kind === 'local' || hardFail) && !isDenial) throw error
  if (isDenial && !(await repository.reader.holdsImage(image, context))) return { failed: [], error }
  context.logger.warn(
    { err: error, member: repository.key, image },
    'a list does without a member that failed',
  )
  return { failed: [`entries of ${repository.key} may be missing: it could not be asked`], error }
}
