import { RegistryError } from '@entrepot/kernel'
import type { PasswordHasher } from './password-hasher.js'
import { PasswordRule } from './password-rule.js'
import { type RandomSource, systemRandom } from './random-source.js'
import type { UserAccountStore } from './user-account-store.js'
import { internalRealm } from './user-account.js'

const administratorName = 'admin'

export interface BootstrappedAdministrator {
  readonly username: string
  /** To be shown once, now; undefined when the password came from the setting. */
  readonly generatedPassword: string | undefined
}

/**
 * Makes the user `admin` where nobody has ever administered: not when the last one is gone, whose password may be known to
 * others since, or have been changed for that. Two replicas must not run it at one time: the later one's password
 * would win.
 * @param password what ENTREPOT_ADMIN_PASSWORD says; undefined for a random one
 * @returns undefined when there ever was an administrator; nothing is changed then
 * @throws RegistryError REQUEST_INVALID when the password is refused, without the password in the message
 */
export async function bootstrapAdministrator(
  users: UserAccountStore,
  hasher: PasswordHasher,
  password: string | undefined,
  random: RandomSource = systemRandom,
): Promise<BootstrappedAdministrator | undefined> {
  if (await users.hasHadAdministrator()) return undefined
  if (password !== undefined) checkSetting(password)
  const initialPassword = password ?? random(16).toString('hex')
  await putAdministrator(users, await hasher.hash(initialPassword))
  return {
    username: administratorName,
    generatedPassword: password === undefined ? initialPassword : undefined,
  }
}

/** The name is this registry's: an account of a directory that bears it makes way. */
async function putAdministrator(users: UserAccountStore, passwordHash: string): Promise<void> {
  const rights = { passwordHash, admin: true, disabled: false, internalPasswordDisabled: false }
  const known = await users.find(administratorName)
  if (known?.realm === internalRealm && known.kind === 'person') {
    await users.update(administratorName, rights)
    return
  }
  if (known !== undefined) await users.delete(administratorName)
  await users.create({ name: administratorName, ...rights })
}

function checkSetting(password: string): void {
  const refusal = new PasswordRule().refusalOf(administratorName, password)
  if (refusal === undefined) return
  throw new RegistryError(
    'REQUEST_INVALID',
    `ENTREPOT_ADMIN_PASSWORD is refused: ${refusal}. Choose another one, or leave it out and a random one is printed`,
  )
}
