import { byCodePoint, listingOf, type Listing, type Page, RegistryError } from '@entrepot/kernel'
import type { Group } from '../group-store.js'
import type { UserAccount } from '../user-account.js'

/** What the stores of accounts and of groups hold in common. */
export class InMemoryAccounts {
  /** By name; `admin` is worked out when one is read. */
  readonly users = new Map<string, UserAccount>()
  readonly groups = new Map<string, Group>()
  /** How often each name was used, for ids that are never used again. */
  readonly generations = new Map<string, number>()
}

export function pageOf<T extends { readonly name: string }>(all: Iterable<T>, page: Page): Listing<T> {
  const rest = [...all]
    .filter(({ name }) => page.after === undefined || byCodePoint(name, page.after) > 0)
    .sort((left, right) => byCodePoint(left.name, right.name))
  return listingOf(rest.slice(0, page.limit + 1), page.limit)
}

export function nameUnknown(kind: 'group' | 'user', name: string): RegistryError {
  return new RegistryError('NAME_UNKNOWN', `there is no ${kind} ${JSON.stringify(name)}`)
}
