import { accessTokenStoreContract } from './access-token-store.contract.js'
import { InMemoryAccessTokenStore } from './in-memory-access-token-store.js'
import { InMemoryUserAccountStore } from './in-memory-user-account-store.js'

accessTokenStoreContract('InMemoryAccessTokenStore', async () => ({
  tokens: new InMemoryAccessTokenStore(),
  users: new InMemoryUserAccountStore(),
  close: async () => undefined,
}))
