import { plainGroup } from '@entrepot/identity/testing'
import { FakeSecretBox } from '@entrepot/kernel/testing'
import { configurationTransactionsContract } from '@entrepot/admin-api/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseImageName } from '@entrepot/oci-model'
import { localConfig } from '@entrepot/repositories/testing'
import { newManifest } from '../testing/content.js'
import { TestDatabase } from '../testing/test-database.js'
import { PostgresConfiguration } from './configuration.store.js'
import { PostgresManifestStore } from './manifest.store.js'
import { PostgresPermissionTargetStore } from './permission-target.store.js'
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

  it('is changed by one at a time: whoever changes it beside waits, and who reads or logs in does not', async () => {
    const configuration = await open()
    const users = new PostgresUserAccountStore(db.database)
    const repositories = new PostgresRepositoryStore(db.database, new FakeSecretBox())
    const targets = new PostgresPermissionTargetStore(db.database)
    const ann = await users.create({ name: 'ann', admin: true })
    const { id, config, revision } = await repositories.create(localConfig('here'))
    const target = { name: 'reading', repositories: [], includes: [], excludes: [], users: {}, groups: {} }
    const done: string[] = []
    const note = (name: string) => () => void done.push(name)
    let beside: readonly Promise<void>[] = []
    await configuration.transaction(async (stores) => {
      beside = [
        users.update('ann', { email: 'late@registry.example' }).then(note('user')),
        repositories.update({ ...config, description: 'late' }, revision).then(note('repository')),
        targets.create(target).then(note('target')),
        users.create({ name: 'bob', admin: true }).then(note('administrator')),
      ]
      await users.recordLogin(ann.id, new Date())
      await repositories.list()
      await new PostgresManifestStore(db.database).put(
        id,
        parseImageName('app'),
        newManifest('{}'),
        [],
        'ann',
      )
      await stores.users.update('ann', { email: 'early@registry.example' })
      await stores.groups.create(plainGroup('made'))
      expect(done).toEqual([])
    })
    await Promise.all(beside)
    expect(done.toSorted()).toEqual(['administrator', 'repository', 'target', 'user'])
    expect((await users.find('ann'))?.email).toBe('late@registry.example')
  })

  it('is not changed by what was read before a change of another', async () => {
    const configuration = await open()
    const users = new PostgresUserAccountStore(db.database)
    const repositories = new PostgresRepositoryStore(db.database, new FakeSecretBox())
    const { config, revision } = await repositories.create(localConfig('here'))
    await repositories.update({ ...config, description: 'by another' }, revision)
    const late = configuration.transaction(async (stores) => {
      await stores.users.create({ name: 'never' })
      await stores.repositories.update({ ...config, description: 'by us' }, revision)
    })
    await expect(late).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(await users.find('never')).toBeUndefined()
  })
})
