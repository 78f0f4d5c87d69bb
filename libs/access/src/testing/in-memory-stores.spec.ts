import { InMemoryPermissionTargetStore } from './in-memory-permission-target-store.js'
import { InMemorySecuritySettingStore } from './in-memory-security-setting-store.js'
import { permissionTargetStoreContract } from './permission-target-store.contract.js'
import { securitySettingStoreContract } from './security-setting-store.contract.js'

const stop = () => Promise.resolve()

permissionTargetStoreContract('InMemoryPermissionTargetStore', () =>
  Promise.resolve({ store: new InMemoryPermissionTargetStore(), stop }),
)

securitySettingStoreContract('InMemorySecuritySettingStore', () =>
  Promise.resolve({ store: new InMemorySecuritySettingStore(), stop }),
)
