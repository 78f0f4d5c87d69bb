import type { StoredUser, UserStore } from '../user-store.js'

export class InMemoryUserStore implements UserStore {
  /** How often `find` was asked, for tests of caches. */
  lookups = 0
  readonly #users = new Map<string, StoredUser>()

  constructor(...users: readonly StoredUser[]) {
    for (const user of users) this.#users.set(user.name, user)
  }

  async find(name: string): Promise<StoredUser | undefined> {
    this.lookups += 1
    return this.#users.get(name)
  }

  async put(user: StoredUser): Promise<void> {
    this.#users.set(user.name, user)
  }

  async hasAdministrator(): Promise<boolean> {
    return [...this.#users.values()].some((user) => user.admin && !user.disabled)
  }
}
