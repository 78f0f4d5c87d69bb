import { FakeSecretBox } from '@entrepot/kernel/testing'
import { proxyConfig, proxyStoreContract } from '@entrepot/repositories/testing'
import { expect, it } from 'vitest'
import { TestDatabase } from '../testing/test-database.js'
import { PostgresProxyStore } from './proxy.store.js'

proxyStoreContract('PostgresProxyStore', async () => {
  const db = await TestDatabase.create()
  return { store: new PostgresProxyStore(db.database, new FakeSecretBox()), stop: () => db.close() }
})

it('keeps the password of a proxy sealed', async () => {
  const db = await TestDatabase.create()
  const store = new PostgresProxyStore(db.database, new FakeSecretBox())
  await store.apply([{ key: 'corp', config: proxyConfig('corp', { password: 's3cret' }), revision: 0 }])
  const [row] = await db.database.query<{ password: string }>(
    { text: `SELECT config ->> 'password' AS password FROM proxies` },
    [],
  )
  expect(row?.password).toMatch(/^sealed /)
  expect((await store.list())[0]?.config.password).toBe('s3cret')
  await db.close()
})
