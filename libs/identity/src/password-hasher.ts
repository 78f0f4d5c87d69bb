import { type PlaceLimits, Places } from '@entrepot/kernel'
import { hash, verify } from '@node-rs/argon2'
import { bcryptCostOf, verifyBcrypt } from './verify-bcrypt.js'

/** OWASP's second choice for argon2id, 19 MiB and two passes: about 13 ms of CPU. Argon2id is the library's default. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** A hash of nothing, made with the same cost: no password is known for it. */
const nobodysHash =
  '$argon2id$v=19$m=19456,t=2,p=1$RW50cmVwb3ROb2JvZHkhIQ$P0G6cMNoTWhgxMmHjWzdbNtVf2CzU0F3GfN5tZ+QrXg'

/** Each hash takes a thread of libuv's pool, which file reads need too. */
const defaultLimits: PlaceLimits = { concurrency: 2, waiting: 200 }

/** Argon2id with a bound on what a crowd of logins can cost. */
export class PasswordHasher {
  readonly #places: Places

  constructor(limits: PlaceLimits = defaultLimits) {
    this.#places = new Places(limits, 'logins')
  }

  /**
   * @returns a PHC string
   * @throws RegistryError TOO_MANY_REQUESTS when too many are waiting
   */
  hash(password: string): Promise<string> {
    return this.#places.take(() => hash(password, cost))
  }

  /**
   * Takes as long for `undefined`, the hash of a user who doesn't exist, as for a hash.
   * @throws RegistryError TOO_MANY_REQUESTS when too many are waiting; Error when `phc` is neither a PHC string of argon2
   *   nor a bcrypt hash of a permitted cost
   */
  async verify(phc: string | undefined, password: string): Promise<boolean> {
    const matches = await this.#places.take(() => verifyAny(phc ?? nobodysHash, password))
    return matches && phc !== undefined
  }
}

/** Whether a stored hash is not what `hash` makes now. */
export function needsRehash(stored: string): boolean {
  return !stored.startsWith('$argon2id$')
}

function verifyAny(stored: string, password: string): Promise<boolean> {
  return bcryptCostOf(stored) === undefined ? verify(stored, password) : verifyBcrypt(stored, password)
}
