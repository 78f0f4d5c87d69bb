import { auditStoreContract } from './audit-store.contract.js'
import { InMemoryAuditStore } from './in-memory-audit-store.js'

auditStoreContract('InMemoryAuditStore', () => {
  const store = new InMemoryAuditStore()
  return Promise.resolve({
    store,
    empty: () => Promise.resolve(store.events.splice(0)),
    close: () => Promise.resolve(),
  })
})
