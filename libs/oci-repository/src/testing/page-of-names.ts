import { byCodePoint, type Page } from '@entrepot/kernel'

/** The names after `page.after`, and one more than a page where there are more. */
export function pageOfNames<T extends string>(names: readonly T[], page: Page): readonly T[] {
  const after = page.after
  const sorted = [...names].sort(byCodePoint)
  const rest = after === undefined ? sorted : sorted.filter((name) => byCodePoint(name, after) > 0)
  return rest.slice(0, page.limit + 1)
}
