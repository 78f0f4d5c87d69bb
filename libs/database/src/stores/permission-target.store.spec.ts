import { permissionTargetStoreContract } from '@entrepot/access/testing'
import { TestDatabase } from '../testing/test-database.js'
import { PostgresPermissionTargetStore } from './permission-target.store.js'

permissionTargetStoreContract('PostgresPermissionTargetStore', async () => {
  const db = await TestDatabase.create()
  return { store: new PostgresPermissionTargetStore(db.database), stop: () => db.close() }
})
