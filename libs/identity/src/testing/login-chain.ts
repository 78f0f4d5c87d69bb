import { type Clock, pause, silentLogger } from '@entrepot/kernel'
import type { UserDirectories } from '../directories/user-directory.js'
import type { AccessTokenVerifier } from '../access-token-verifier.js'
import { AuthenticatorChain } from '../authenticator-chain.js'
import { DirectoryConfirmations } from '../directory-confirmations.js'
import { DirectoryPasswords } from '../directory-passwords.js'
import { defaultRefusalLimits, HeldRefusals } from '../held-refusals.js'
import { InternalPasswords } from '../internal-passwords.js'
import type { PasswordHasher } from '../password-hasher.js'
import { PasswordMemory } from '../password-memory.js'
import { PrincipalSource } from '../principal-source.js'
import type { UserAccountStore } from '../user-account-store.js'

export const noDirectories: UserDirectories = { all: () => [] }

/** A principal source over accounts that live here only. */
export function internalPrincipals(accounts: UserAccountStore, clock: Clock): PrincipalSource {
  const confirmations = new DirectoryConfirmations(accounts, noDirectories, clock, silentLogger)
  return new PrincipalSource(accounts, confirmations, clock)
}

export const noAccessTokens: AccessTokenVerifier = {
  isAccessToken: () => false,
  verify: async () => undefined,
}

/** For a guard that holds no refusal. */
export function refusedAtOnce(clock: Clock): HeldRefusals {
  const sources = { directories: noDirectories, accounts: { hasForeignHashes: async () => false } }
  return new HeldRefusals(sources, defaultRefusalLimits, { clock, pause }, silentLogger)
}

/** Logs in the users who live here, by their passwords only. */
export function internalLogins(
  accounts: UserAccountStore,
  hasher: PasswordHasher,
  clock: Clock,
): AuthenticatorChain {
  return loginChain({ accounts, hasher, clock, directories: noDirectories, accessTokens: noAccessTokens })
}

export interface LoginChainParts {
  readonly accounts: UserAccountStore
  readonly hasher: PasswordHasher
  readonly clock: Clock
  readonly directories: UserDirectories
  readonly accessTokens: AccessTokenVerifier
}

/** The whole chain, put together as the server does it. */
export function loginChain({
  accounts,
  hasher,
  clock,
  directories,
  accessTokens,
}: LoginChainParts): AuthenticatorChain {
  const memory = new PasswordMemory(clock)
  const confirmations = new DirectoryConfirmations(accounts, directories, clock, silentLogger)
  const sources = {
    internal: new InternalPasswords(accounts, hasher, memory),
    directories: new DirectoryPasswords(directories, confirmations, memory, clock),
    confirmations,
    accessTokens,
  }
  return new AuthenticatorChain(accounts, sources, memory, clock)
}
