import type { Listing, Page } from '@entrepot/kernel'

const pageLimit = 1000

/** Everything of a list that is read by pages. */
export async function* allPages<T extends { readonly name: string }>(
  list: (page: Page) => Promise<Listing<T>>,
): AsyncGenerator<T, void> {
  let after: string | undefined
  for (;;) {
    const { items, more } = await list({ limit: pageLimit, after })
    yield* items
    after = items.at(-1)?.name
    if (!more || after === undefined) return
  }
}
