import { type Listing, type Page, listingOf } from '@entrepot/kernel'

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
  for (;;) {
    const rows = await read({ limit: page.limit, after })
    kept.push(...rows.filter(admits))
    if (kept.length > page.limit || rows.length <= page.limit) return listingOf(kept, page.limit)
    after = rows.at(-1)
  }
}
