import { MemoryBroadcast } from '@entrepot/coordination/testing'
import { type Clock, silentLogger } from '@entrepot/kernel'
import { SigningKeys } from '../signing-keys.js'
import { AccessTokenUses } from '../tokens/access-token-uses.js'
import { AccessTokens } from '../tokens/access-tokens.js'
import { LiveAccessTokens } from '../tokens/live-access-tokens.js'
import { TokenBearers } from '../tokens/token-bearers.js'
import type { UserAccountStore } from '../user-account-store.js'
import { InMemoryAccessTokenStore } from './in-memory-access-token-store.js'
import { InMemorySigningKeyStore } from './in-memory-signing-key-store.js'
import { internalPrincipals } from './login-chain.js'

/** All about tokens as one replica has it, over stores in memory; several may share those. */
export function tokensInMemory(
  users: UserAccountStore,
  clock: Clock,
  store = new InMemoryAccessTokenStore(),
) {
  const principals = internalPrincipals(users, clock)
  const uses = new AccessTokenUses(store, clock, silentLogger)
  const live = new LiveAccessTokens(store, principals, uses, clock)
  const accessTokens = new AccessTokens(store, live, users, clock)
  return { store, principals, uses, live, accessTokens, bearers: new TokenBearers(principals, live) }
}

export function signingKeysInMemory(clock: Clock, store = new InMemorySigningKeyStore()): SigningKeys {
  return new SigningKeys(store, { broadcast: new MemoryBroadcast(), logger: silentLogger, clock })
}
