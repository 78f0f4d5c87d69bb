import { FakeSecretBox } from '@entrepot/kernel/testing'
import { configurationTransactionsContract } from '@entrepot/admin-api/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseImageName } from '@entrepot/oci-model'
import { localConfig } from '@entrepot/repositories/testing'
import { newManifest } from '../testing/content.js'
import { TestDatabase } from '../testing/test-database.js'
import { PostgresConfiguration } from './configuration.store.js'
import { PostgresManifestStore } from './manifest.store.js'
import { PostgresRepositoryStore } from './repository.store.js'
import { PostgresUserAccountStore } from './user-account.store.js'

describe('all that is administered', () => {
  let db: TestDatabase
  beforeAll(async () => {
    db = await TestDatabase.create()
  })
  afterAll(() => db.close())

  const tables =
    'repositories, users, groups, permission_targets, ldap_settings, ldap_group_settings, oidc_providers, security_settings'
  const open = async () => {
    await db.database.query({ text: `TRUNCATE ${tables} CASCADE` }, [])
    return new PostgresConfiguration(db.database, new FakeSecretBox())
  }

  configurationTransactionsContract('PostgresConfiguration', async () => ({
    transactions: await open(),
    fill: async (id) => {
      await new PostgresManifestStore(db.database).put(
        id,
        parseImageName('app'),
        newManifest('{}'),
        [],
        'ann',
      )
    },
  }))

  it('is read at one moment, whatever is written meanwhile', async () => {
    const configuration = await open()
    const counts = await configuration.snapshot(async ({ repositories }) => {
      const before = await repositories.list()
      await new PostgresRepositoryStore(db.database, new FakeSecretBox()).create(localConfig('meanwhile'))
      return [before.length, (await repositories.list()).length]
    })
    expect(counts).toEqual([0, 0])
    await expect(
      configuration.snapshot(({ repositories }) => repositories.create(localConfig('written'))),
    ).rejects.toThrow()
  })

  it('is not changed by two at once: who administers waits, and what came between is a conflict', async () => {
    const configuration = await open()
    const beside = new PostgresUserAccountStore(db.database)
    await beside.create({ name: 'ann', admin: true })
    const repositories = new PostgresRepositoryStore(db.database, new FakeSecretBox())
    const { config, revision } = await repositories.create(localConfig('here'))
    let waited: Promise<unknown> = Promise.resolve()
    let isChanged = false
    await configuration.transaction(async (stores) => {
      waited = beside.update('ann', { email: 'late@registry.example' }).then(() => (isChanged = true))
      await stores.users.update('ann', { email: 'early@registry.example' })
      await stores.repositories.list()
      expect(isChanged).toBe(false)
    })
    await waited
    expect((await beside.find('ann'))?.email).toBe('late@registry.example')
    await repositories.update({ ...config, description: 'by another' }, revision)
    const late = configuration.transaction(async (stores) => {
      await stores.users.update('ann', { disabled: false, email: 'never@registry.example' })
      await stores.repositories.update({ ...config, description: 'by us' }, revision)
    })
    await expect(late).rejects.toMatchObject({ code: 'CONFLICT' })
    expect((await beside.find('ann'))?.email).toBe('late@registry.example')
  })
})
