/** A slice of a sorted list: at most `limit` entries whose key sorts after `after` (by code point). */
export interface Page {
  readonly limit: number
  readonly after: string | undefined
}

/** One page of an answer. `more` is true when the list goes on after the last item. */
export interface Listing<T> {
  readonly items: readonly T[]
  readonly more: boolean
  /** Why entries may be missing, such as "upstream docker-hub did not answer"; empty for a whole answer. */
  readonly warnings: readonly string[]
}

/** Cuts a list that was read one entry beyond the page's limit. */
export function listingOf<T>(
  oneMore: readonly T[],
  limit: number,
  warnings: readonly string[] = [],
): Listing<T> {
  return { items: oneMore.slice(0, limit), more: oneMore.length > limit, warnings }
}

/** Orders by Unicode code point, as PostgreSQL's COLLATE "C" does for UTF-8. */
export function byCodePoint(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}
