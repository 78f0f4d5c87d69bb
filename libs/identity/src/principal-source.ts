import { type Clock, isRecent, type UserId, type UserPrincipal } from '@entrepot/kernel'
import { LRUCache } from 'lru-cache'
import type { DirectoryConfirmations } from './directory-confirmations.js'
import type { UserAccountStore } from './user-account-store.js'
import type { UserAccount } from './user-account.js'
import { userNameOf } from './user-name.js'

/** How long a disabled or demoted user may go on with a token issued before: on every replica, without any hint. */
const freshMilliseconds = 1000

const maximumUsers = 10_000

interface Lookup {
  readonly principal: Promise<UserPrincipal | undefined>
  readonly startedAt: number
}

/** Who a user is now, whatever a token issued earlier may say; at most a second old. */
export class PrincipalSource {
  readonly #lookups = new LRUCache<string, Lookup>({ max: maximumUsers })

  constructor(
    private readonly accounts: UserAccountStore,
    private readonly confirmations: DirectoryConfirmations,
    private readonly clock: Clock,
  ) {}

  /**
   * @param id of the user who is meant, where it is known: one made anew under the name is another
   * @returns undefined when there is no such user, or none who may log in
   * @throws RegistryError UNAVAILABLE when the user's directory has to be asked and can't be
   */
  async find(name: string, id?: UserId): Promise<UserPrincipal | undefined> {
    const principal = await this.current(userNameOf(name))
    return id === undefined || principal?.id === id ? principal : undefined
  }

  /** After a change made on this replica, so that it is seen here at once. */
  forget(name: string): void {
    this.#lookups.delete(userNameOf(name))
  }

  private current(name: string): Promise<UserPrincipal | undefined> {
    const known = this.#lookups.get(name)
    const now = this.clock.now()
    if (known !== undefined && isRecent(known.startedAt, now, freshMilliseconds)) return known.principal
    const lookup = { principal: this.load(name), startedAt: now }
    this.#lookups.set(name, lookup)
    lookup.principal.catch(() => {
      if (this.#lookups.peek(name) === lookup) this.#lookups.delete(name)
    })
    return lookup.principal
  }

  private async load(name: string): Promise<UserPrincipal | undefined> {
    const account = await this.accounts.find(name)
    if (account === undefined || account.disabled) return undefined
    const confirmed = await this.confirmations.renew(account)
    return confirmed === undefined || confirmed.disabled ? undefined : principalOf(confirmed)
  }
}

export function principalOf({ id, name, admin, realm, memberships }: UserAccount): UserPrincipal {
  const groups = [...new Set(memberships.map(({ group }) => group))]
  return { kind: 'user', id, name, admin, realm, groups }
}
