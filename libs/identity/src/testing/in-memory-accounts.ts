import { byCodePoint, listingOf, type Listing, type Page, RegistryError } from '@entrepot/kernel'
import type { Group } from '../group-store.js'
import { internalRealm, type UserAccount } from '../user-account.js'
import type { KnownEntry } from '../same-entry.js'

/** What the stores of accounts and of groups hold in common. */
export class InMemoryAccounts {
  /** Whether anybody was ever made an administrator. */
  wasAdministered = false
  /** By name; `admin` is worked out when one is read. */
  readonly users = new Map<string, UserAccount>()
  readonly groups = new Map<string, Group>()
  /** Of users of directories, by name. */
  readonly entries = new Map<string, KnownEntry>()
  /** How often each name was used, for ids that are never used again. */
  readonly generations = new Map<string, number>()

  /** Whether somebody else looks at the end that there is an administrator, as a transaction over several stores does. */
  isKeptByTransaction = false

  /** @returns what brings back what is here now */
  snapshot(): () => void {
    const { wasAdministered } = this
    const before = [this.users, this.groups, this.entries].map((map: Map<string, unknown>) => [...map])
    return () => {
      this.wasAdministered = wasAdministered
      for (const [at, map] of [this.users, this.groups, this.entries].entries()) {
        replace(map as Map<string, unknown>, before[at] ?? [])
      }
    }
  }

  isAdministered(): boolean {
    return [...this.users.values()].some(
      ({ realm, directory, ownAdmin, disabled, memberships }) =>
        !disabled &&
        (realm === internalRealm || directory !== undefined) &&
        (ownAdmin || memberships.some(({ group }) => this.groups.get(group)?.adminPrivileges === true)),
    )
  }

  /** Undoes a change after which nobody could administer. @throws RegistryError CONFLICT */
  keepAdministrator<T>(change: () => T): T {
    if (this.isKeptByTransaction) return change()
    const before = { users: [...this.users], groups: [...this.groups], administered: this.isAdministered() }
    const result = change()
    if (!before.administered || this.isAdministered()) return result
    replace(this.users, before.users)
    replace(this.groups, before.groups)
    throw new RegistryError(
      'CONFLICT',
      'nobody could administer after this: make another user an administrator first',
    )
  }
}

function replace<T>(map: Map<string, T>, entries: readonly (readonly [string, T])[]): void {
  map.clear()
  for (const [name, value] of entries) map.set(name, value)
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
