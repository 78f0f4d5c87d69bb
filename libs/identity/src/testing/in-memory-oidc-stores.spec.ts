import { InMemoryOidcLoginStore, InMemoryOidcProviderStore } from './in-memory-oidc-stores.js'
import { oidcStoresContract } from './oidc-stores.contract.js'

oidcStoresContract('in-memory', async () => ({
  providers: new InMemoryOidcProviderStore(),
  logins: new InMemoryOidcLoginStore(),
  close: async () => undefined,
}))
