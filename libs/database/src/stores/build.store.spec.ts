import { buildStoreContract } from '@entrepot/builds/testing'
import { afterAll, beforeAll } from 'vitest'
import { TestDatabase } from '../testing/test-database.js'
import { PostgresBuildStore } from './build.store.js'

let db: TestDatabase
beforeAll(async () => {
  db = await TestDatabase.create()
})
afterAll(() => db.close())

buildStoreContract('PostgresBuildStore', async () => {
  await db.database.query({ text: 'DELETE FROM builds' }, [])
  return new PostgresBuildStore(db.database)
})
