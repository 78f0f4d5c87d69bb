import { type Listing, type Page, listingOf } from '@entrepot/kernel'

/** How many entries are read at a time once some were left out: a small page of a long list is not many reads. */
export const readOnLimit = 1000

/**
 * A full page of those entries that `admits` lets through, from a list that answers up to `limit + 1` entries a call.
 */
export async function filledPage<T extends string>(
  page: Page,
  read: (page: Page) => Promise<readonly T[]>,
  admits: (entry: T) => boolean,
): Promise<Listing<T>> {
  const kept: T[] = []
  let after = page.after
  for (let limit = page.limit; ; limit = Math.max(limit, readOnLimit)) {
    const rows = await read({ limit, after })
    kept.push(...rows.filter(admits))
    if (kept.length > page.limit || rows.length <= limit) return listingOf(kept, page.limit)
    after = rows.at(-1)
  }
}
