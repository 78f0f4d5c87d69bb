import type { ImageCall } from './call.js'
import { nextLink, parsePage } from './pagination.js'
import { warningHeaders } from './warning-header.js'

/** `GET /v2/<name>/tags/list`. distribution-spec "Listing Tags". */
export async function listTags(call: ImageCall): Promise<void> {
  const { repository, image, context, visibleName } = call
  const page = parsePage(call.query)
  // With n=0 the image is still looked up, so that one that isn't there is told.
  const listing = await repository.reader.tags(image, { ...page, limit: Math.max(page.limit, 1) }, context)
  const tags = page.limit === 0 ? [] : listing.items

  const headers = warningHeaders(listing.warnings)
  const last = tags.at(-1)
  if (listing.more && last !== undefined) {
    const parameters = [['n', String(page.limit)] as const, ['last', last] as const]
    headers.push('Link', nextLink(call, `${visibleName}/tags/list`, parameters))
  }
  call.exchange.replyJson(200, headers, { name: visibleName, tags })
}
