import { type Listing, type Page, listingOf } from '@entrepot/kernel'
import { readOnLimit } from './filled-page.js'

/**
 * A full page of those entries that `admits` lets through, from a list that is paged already. It is read on until another
 * such entry is found: that there are others, which are left out, must not be told.
 */
export async function filteredListing<T extends string>(
  page: Page,
  read: (page: Page) => Promise<Listing<T>>,
  admits: (entry: T) => boolean,
): Promise<Listing<T>> {
  const kept: T[] = []
  let after = page.after
  for (let limit = page.limit + 1; ; limit = Math.max(limit, readOnLimit)) {
    const { items, more, warnings } = await read({ limit, after })
    kept.push(...items.filter(admits))
    const last = items.at(-1)
    if (kept.length > page.limit || !more || last === undefined) {
      return listingOf(kept, page.limit, warnings)
    }
    after = last
  }
}
