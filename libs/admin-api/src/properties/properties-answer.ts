import type { OciRepository, RequestContext } from '@entrepot/oci-repository'
import { HttpException, HttpStatus } from '@nestjs/common'
import type { AdminApiPorts } from '../admin-api-ports.js'
import { type Query, queryText } from '../http/cursor-page.js'
import { type ItemPlace, itemUri } from '../items/item-json.js'
import { noSuchItem } from '../items/item-path.js'
import { parseKeys } from './parse-properties.js'

/**
 * Artifactory's "Get Item Properties": all, or those that the query names.
 * @throws HttpException 404 for an item that is not there, or has none; by the message clients tell the two apart
 */
export async function propertiesAnswer(
  { content }: AdminApiPorts,
  repository: OciRepository,
  path: string,
  query: Query,
  place: ItemPlace,
  context: RequestContext,
): Promise<object> {
  const named = queryText(query, 'properties')
  const keys = named === undefined ? undefined : parseKeys(named)
  const found = await content.itemProperties.of(repository, path, context)
  if (found === undefined) throw noSuchItem(place.repository, path)
  const properties = [...found].filter(([key]) => keys?.includes(key) !== false)
  if (properties.length === 0) {
    throw new HttpException('No properties could be found.', HttpStatus.NOT_FOUND)
  }
  return { properties: Object.fromEntries(properties), uri: itemUri(place, path) }
}
