import { groupStoreContract } from './group-store.contract.js'
import { InMemoryAccounts } from './in-memory-accounts.js'
import { InMemoryGroupStore } from './in-memory-group-store.js'
import { InMemoryUserAccountStore } from './in-memory-user-account-store.js'
import { passwordHashesContract } from './password-hashes.contract.js'
import { userAccountStoreContract } from './user-account-store.contract.js'
import { withdrawalContract } from './withdrawal.contract.js'

const open = async () => {
  const accounts = new InMemoryAccounts()
  return {
    users: new InMemoryUserAccountStore(accounts),
    groups: new InMemoryGroupStore(accounts),
    close: async () => undefined,
  }
}

userAccountStoreContract('InMemoryUserAccountStore', open)
passwordHashesContract('InMemoryUserAccountStore', open)
withdrawalContract('InMemoryUserAccountStore', open)
groupStoreContract('InMemoryGroupStore', open)
