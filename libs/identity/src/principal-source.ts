import type { Clock, UserId, UserPrincipal } from '@entrepot/kernel'
import { LRUCache } from 'lru-cache'
import type { StoredUser, UserStore } from './user-store.js'

/** How long a disabled or demoted user may go on with a token issued before. */
const freshMilliseconds = 1000

const maximumUsers = 10_000

interface Lookup {
  readonly principal: Promise<UserPrincipal | undefined>
  readonly freshUntil: number
}

/** Who a user is now, whatever a token issued earlier may say; at most a second old. */
export class PrincipalSource {
  readonly #lookups = new LRUCache<string, Lookup>({ max: maximumUsers })

  constructor(
    private readonly users: UserStore,
    private readonly clock: Clock,
  ) {}

  /** @returns undefined when there is no such user, or none who may log in */
  find(name: string): Promise<UserPrincipal | undefined> {
    const known = this.#lookups.get(name)
    if (known !== undefined && this.clock.now() < known.freshUntil) return known.principal
    const lookup = { principal: this.load(name), freshUntil: this.clock.now() + freshMilliseconds }
    this.#lookups.set(name, lookup)
    lookup.principal.catch(() => {
      if (this.#lookups.peek(name) === lookup) this.#lookups.delete(name)
    })
    return lookup.principal
  }

  private async load(name: string): Promise<UserPrincipal | undefined> {
    const user = await this.users.find(name)
    return user === undefined || user.disabled ? undefined : principalOf(user)
  }
}

export function principalOf(user: StoredUser): UserPrincipal {
  return {
    kind: 'user',
    id: user.name as UserId,
    name: user.name,
    admin: user.admin,
    realm: 'internal',
    groups: [],
  }
}
