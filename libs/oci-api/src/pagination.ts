import { type Page, RegistryError } from '@entrepot/kernel'
import type { RootCall } from './call.js'
import type { Query } from './query.js'

/** The most entries of one answer, and what a client gets that does not say how many it wants. */
export const maximumPageSize = 1000

/**
 * `?n=` and `?last=`. A number beyond what is ever given is cut down, one that is no number of entries is refused
 * (protocol check list 179).
 * @throws RegistryError PAGINATION_NUMBER_INVALID for anything but 0 to 2147483647
 */
export function parsePage(query: Query): Page {
  const text = query.first('n')
  const after = query.first('last')
  return {
    limit: text === undefined ? maximumPageSize : parseLimit(text),
    after: after === '' ? undefined : after,
  }
}

function parseLimit(text: string): number {
  if (!/^\d{1,10}$/.test(text) || Number(text) > 2_147_483_647) {
    throw new RegistryError(
      'PAGINATION_NUMBER_INVALID',
      `n is ${JSON.stringify(text.slice(0, 160))}, expected a number from 0 to 2147483647`,
    )
  }
  return Math.min(Number(text), maximumPageSize)
}

/** Where the next page is, in the coordinates of the client. RFC 8288; distribution-spec "Listing Tags". */
export function nextLink(
  call: RootCall,
  path: string,
  parameters: readonly (readonly [name: string, value: string])[],
): string {
  const { namespace } = call.location
  const all = namespace === undefined ? parameters : [...parameters, ['ns', namespace] as const]
  const query = all.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')
  return `<${call.location.path(path)}?${query}>; rel="next"`
}
