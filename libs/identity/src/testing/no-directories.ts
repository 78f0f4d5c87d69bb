import { type Clock, silentLogger } from '@entrepot/kernel'
import type { UserDirectories } from '../directories/user-directory.js'
import { DirectoryConfirmations } from '../directory-confirmations.js'
import { PrincipalSource } from '../principal-source.js'
import type { UserAccountStore } from '../user-account-store.js'

export const noDirectories: UserDirectories = { all: () => [] }

/** A principal source over accounts that live here only. */
export function internalPrincipals(accounts: UserAccountStore, clock: Clock): PrincipalSource {
  const confirmations = new DirectoryConfirmations(accounts, noDirectories, clock, silentLogger)
  return new PrincipalSource(accounts, confirmations, clock)
}
