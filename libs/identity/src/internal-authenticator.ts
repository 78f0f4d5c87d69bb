import { createHmac } from 'node:crypto'
import type { Clock, UserPrincipal } from '@entrepot/kernel'
import { LRUCache } from 'lru-cache'
import type { Authenticator, PasswordCredentials } from './authenticator.js'
import type { PasswordHasher } from './password-hasher.js'
import { principalOf } from './principal-source.js'
import { type RandomSource, systemRandom } from './random-source.js'
import type { UserAccountStore } from './user-account-store.js'
import { internalRealm, type UserAccount } from './user-account.js'
import { isPossibleUserName } from './user-name.js'

/** Docker sends the password with every token request and curl with every request: 13 ms each would be felt. */
const rememberedMilliseconds = 60_000

const maximumRemembered = 10_000

/** The users of this registry's own database. */
export class InternalAuthenticator implements Authenticator {
  /** When a verified password has to be verified again, by its fingerprint. */
  readonly #verifiedUntil = new LRUCache<string, number>({ max: maximumRemembered })
  readonly #verifying = new Map<string, Promise<boolean>>()
  readonly #fingerprintKey: Buffer

  constructor(
    private readonly users: UserAccountStore,
    private readonly hasher: PasswordHasher,
    private readonly clock: Clock,
    random: RandomSource = systemRandom,
  ) {
    this.#fingerprintKey = random(32)
  }

  async authenticate({ username, password }: PasswordCredentials): Promise<UserPrincipal | undefined> {
    if (password === '') return undefined
    const account = isPossibleUserName(username) ? await this.users.find(username) : undefined
    const matches = await this.matches(username, account?.passwordHash, password)
    return matches && account !== undefined && mayUsePassword(account) ? principalOf(account) : undefined
  }

  /** Equal requests at one time share one computation; only a right password is remembered. */
  private async matches(username: string, phc: string | undefined, password: string): Promise<boolean> {
    const fingerprint = this.fingerprint(username, phc, password)
    if (this.clock.now() < (this.#verifiedUntil.get(fingerprint) ?? 0)) return true
    const running = this.#verifying.get(fingerprint)
    if (running !== undefined) return running
    const verifying = this.hasher.verify(phc, password)
    this.#verifying.set(fingerprint, verifying)
    try {
      const matches = await verifying
      if (matches) this.#verifiedUntil.set(fingerprint, this.clock.now() + rememberedMilliseconds)
      return matches
    } finally {
      this.#verifying.delete(fingerprint)
    }
  }

  /** Holds the stored hash, so that a changed password is never taken for verified; keyed, so that it tells nothing. */
  private fingerprint(username: string, phc: string | undefined, password: string): string {
    return createHmac('sha256', this.#fingerprintKey)
      .update(JSON.stringify([username, phc ?? null, password]))
      .digest('base64')
  }
}

/** Robots work with access tokens only, and a directory's users with their directory's password. */
function mayUsePassword({ realm, kind, disabled, internalPasswordDisabled }: UserAccount): boolean {
  return realm === internalRealm && kind === 'person' && !disabled && !internalPasswordDisabled
}
