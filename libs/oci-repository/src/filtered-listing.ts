import type { Listing, Page } from '@entrepot/kernel'
import { readOnLimit } from './filled-page.js'

/** A full page of those entries that `admits` lets through, from a list that is paged already. */
export async function filteredListing<T extends string>(
  page: Page,
  read: (page: Page) => Promise<Listing<T>>,
  admits: (entry: T) => boolean | Promise<boolean>,
): Promise<Listing<T>> {
  const kept: T[] = []
  let after = page.after
  for (let limit = page.limit; ; limit = Math.max(limit, readOnLimit)) {
    const { items, more, warnings } = await read({ limit, after })
    for (const [position, item] of items.entries()) {
      if (!(await admits(item))) continue
      kept.push(item)
      // Asking may cost a statement each: one beyond the page is enough to know that there is more.
      if (kept.length > page.limit) return { items: kept.slice(0, page.limit), more: true, warnings }
      if (kept.length === page.limit && more && position === items.length - 1) {
        return { items: kept, more: true, warnings }
      }
    }
    const last = items.at(-1)
    if (!more || last === undefined) return { items: kept, more: false, warnings }
    after = last
  }
}
