import { FakeSecretBox } from '@entrepot/kernel/testing'
import { orderedSettingsStoreContract } from '@entrepot/identity/testing'
import { afterAll, beforeAll, describe } from 'vitest'
import { TestDatabase } from '../testing/test-database.js'
import { PostgresOrderedSettingsStore } from './ordered-settings.store.js'

describe('the settings of directories', () => {
  let db: TestDatabase
  beforeAll(async () => {
    db = await TestDatabase.create()
  })
  afterAll(() => db.close())

  for (const table of ['ldap_settings', 'ldap_group_settings'] as const) {
    orderedSettingsStoreContract(`PostgresOrderedSettingsStore of ${table}`, async () => {
      await db.database.query({ text: `DELETE FROM ${table}` }, [])
      return new PostgresOrderedSettingsStore(db.database, table, new FakeSecretBox())
    })
  }
})
