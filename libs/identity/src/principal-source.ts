import { createHash } from 'node:crypto'
import { type Clock, isRecent, type UserId, type UserPrincipal } from '@entrepot/kernel'
import { LRUCache } from 'lru-cache'
import type { DirectoryConfirmations } from './directory-confirmations.js'
import type { UserAccountStore } from './user-account-store.js'
import { internalRealm, type UserAccount } from './user-account.js'
import { userNameOf } from './user-name.js'

/** How long a disabled or demoted user may go on with a token issued before: on every replica, without any hint. */
const freshMilliseconds = 1000

const maximumUsers = 10_000

interface KnownUser {
  readonly principal: UserPrincipal
  readonly passwordMark: string | undefined
}

interface Lookup {
  readonly user: Promise<KnownUser | undefined>
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
    const principal = (await this.current(userNameOf(name)))?.principal
    return id === undefined || principal?.id === id ? principal : undefined
  }

  /**
   * Another text when the password here is another one, and worth nothing to who reads it.
   * @returns undefined without a password here or a time at which the directory's was changed, and where `find` finds nobody
   */
  async passwordMark(name: string): Promise<string | undefined> {
    return (await this.current(userNameOf(name)))?.passwordMark
  }

  /** After a change made on this replica, so that it is seen here at once. */
  forget(name: string): void {
    this.#lookups.delete(userNameOf(name))
  }

  private current(name: string): Promise<KnownUser | undefined> {
    const known = this.#lookups.get(name)
    const now = this.clock.now()
    if (known !== undefined && isRecent(known.startedAt, now, freshMilliseconds)) return known.user
    const lookup = { user: this.load(name), startedAt: now }
    this.#lookups.set(name, lookup)
    lookup.user.catch(() => {
      if (this.#lookups.peek(name) === lookup) this.#lookups.delete(name)
    })
    return lookup.user
  }

  private async load(name: string): Promise<KnownUser | undefined> {
    const account = await this.accounts.find(name)
    if (account === undefined || account.disabled) return undefined
    const confirmed = await this.confirmations.renew(account)
    if (confirmed === undefined || confirmed.disabled) return undefined
    return { principal: principalOf(confirmed), passwordMark: markOf(confirmed) }
  }
}

/** Of a hash with a salt of its own, so that equal passwords have nothing in common; or of when a directory's was changed. */
function markOf({ realm, passwordHash, directory }: UserAccount): string | undefined {
  const state = realm === internalRealm ? passwordHash : directory?.passwordChangedAt?.toISOString()
  if (state === undefined) return undefined
  return createHash('sha256').update(state).digest('base64url').slice(0, 16)
}

export function principalOf(account: UserAccount): UserPrincipal {
  const { id, name, admin, realm, memberships, credentialsRevision } = account
  const groups = [...new Set(memberships.map(({ group }) => group))]
  return { kind: 'user', id, name, admin, realm, groups, credentialsRevision }
}
