import { parseDigest } from '@entrepot/kernel'
import { type Descriptor, mediaTypes } from '@entrepot/oci-model'
import type { ImageCall } from './call.js'
import { nextLink, parsePage } from './pagination.js'
import { warningHeaders } from './warning-header.js'

/** containerd takes no larger index (protocol check list 169); the frame around the descriptors needs some of it. */
const maximumPageBytes = 4 * 1024 * 1024 - 1024

/** `GET /v2/<name>/referrers/<digest>`, which is never 404. distribution-spec "Listing Referrers". */
export async function listReferrers(call: ImageCall): Promise<void> {
  const { repository, image, context, visibleName } = call
  const subject = parseDigest(call.item)
  const page = parsePage(call.query)
  const artifactTypes = artifactTypesOf(call)
  const listing = await repository.reader.referrers(
    image,
    subject,
    { artifactTypes },
    { ...page, limit: Math.max(page.limit, 1) },
    context,
  )
  const manifests = fittingInto(maximumPageBytes, listing.items.slice(0, page.limit))

  const headers = warningHeaders(listing.warnings)
  if (artifactTypes.length > 0) headers.push('OCI-Filters-Applied', 'artifactType')
  const last = manifests.at(-1)
  const isCut = listing.more || manifests.length < listing.items.length
  if (isCut && last !== undefined) {
    headers.push(
      'Link',
      nextLink(call, `${visibleName}/referrers/${subject}`, [
        ...artifactTypes.map((type) => ['artifactType', type] as const),
        ['n', String(page.limit)],
        ['last', last.digest],
      ]),
    )
  }
  const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests }
  call.exchange.replyJson(200, headers, index, mediaTypes.ociIndex)
}

/** Several mean any of them; a `+` that was decoded to a blank on the way is put back (167). */
function artifactTypesOf(call: ImageCall): readonly string[] {
  return call.query
    .all('artifactType')
    .filter((type) => type !== '')
    .map((type) => type.replaceAll(' ', '+'))
}

/** Always at least one, so that a client gets on. */
function fittingInto(bytes: number, descriptors: readonly Descriptor[]): readonly Descriptor[] {
  let total = 0
  const end = descriptors.findIndex((descriptor, position) => {
    total += Buffer.byteLength(JSON.stringify(descriptor)) + 1
    return total > bytes && position > 0
  })
  return end < 0 ? descriptors : descriptors.slice(0, end)
}
