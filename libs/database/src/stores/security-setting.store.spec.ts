import { securitySettingStoreContract } from '@entrepot/access/testing'
import { TestDatabase } from '../testing/test-database.js'
import { PostgresSecuritySettingStore } from './security-setting.store.js'

securitySettingStoreContract('PostgresSecuritySettingStore', async () => {
  const db = await TestDatabase.create()
  return { store: new PostgresSecuritySettingStore(db.database), stop: () => db.close() }
})
