import { MemoryBroadcast } from '@entrepot/coordination/testing'
import { PostgresRepositoryStore, PostgresUserAccountStore } from '@entrepot/database'
import { TestDatabase } from '@entrepot/database/testing'
import { PasswordHasher } from '@entrepot/identity'
import { internalLogins } from '@entrepot/identity/testing'
import { type LogFields, silentLogger, systemClock } from '@entrepot/kernel'
import { FakeSecretBox } from '@entrepot/kernel/testing'
import { RepositoryDirectory } from '@entrepot/repositories'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FirstStart } from './first-start.js'
import { StartupError } from './startup-error.js'

const settings = { adminPassword: 'quay-side:Crane 42', bootstrap: 'default' } as const

describe('the first start', () => {
  let database: TestDatabase
  let users: PostgresUserAccountStore
  const started: RepositoryDirectory[] = []
  const errors: string[] = []
  const logger = {
    ...silentLogger,
    error: (_fields: LogFields, message: string) => void errors.push(message),
  }
  beforeEach(async () => {
    database = await TestDatabase.create()
    users = new PostgresUserAccountStore(database.database)
  })
  afterEach(async () => {
    for (const repositories of started.splice(0)) repositories.stop()
    errors.length = 0
    await database.close()
  })

  const replica = async () => {
    const store = new PostgresRepositoryStore(database.database, new FakeSecretBox())
    const repositories = new RepositoryDirectory(store, new MemoryBroadcast(), silentLogger)
    await repositories.start()
    started.push(repositories)
    return {
      repositories,
      firstStart: new FirstStart(users, new PasswordHasher(), repositories, database.database, logger),
    }
  }
  const logsIn = async (password: string): Promise<boolean> =>
    (await internalLogins(users, new PasswordHasher(), systemClock).authenticate({
      username: 'admin',
      password,
    })) !== undefined

  it('makes an administrator and a virtual repository over a local and a remote one', async () => {
    const { repositories, firstStart } = await replica()
    expect(await firstStart.run(settings)).toEqual({ isFirst: true, generatedPassword: undefined })
    expect(await logsIn(settings.adminPassword)).toBe(true)
    expect(repositories.find('docker')?.config).toMatchObject({
      rclass: 'virtual',
      repositories: ['docker-local', 'docker-hub'],
      defaultDeploymentRepo: 'docker-local',
    })
    expect(repositories.find('docker-hub')?.config).toMatchObject({ url: 'https://registry-1.docker.io' })
    expect(repositories.find('docker-local')?.config.rclass).toBe('local')
  })

  it('makes up a password that nobody has set', async () => {
    const { generatedPassword } = await (await replica()).firstStart.run({ bootstrap: 'default' })
    expect(generatedPassword).toMatch(/^[0-9a-f]{32}$/)
    expect(await logsIn(generatedPassword ?? '')).toBe(true)
  })

  it('makes no repositories when told so', async () => {
    const { repositories, firstStart } = await replica()
    await firstStart.run({ ...settings, bootstrap: 'none' })
    expect(repositories.all()).toEqual([])
  })

  it('changes nothing at the next start', async () => {
    await (await replica()).firstStart.run(settings)
    const { repositories, firstStart } = await replica()
    const hub = repositories.find('docker')?.config.key
    if (hub !== undefined) await repositories.delete(hub)
    const again = await firstStart.run({ adminPassword: 'another password 7', bootstrap: 'default' })
    expect(again).toEqual({ isFirst: false, generatedPassword: undefined })
    expect(repositories.find('docker')).toBeUndefined()
    expect(await logsIn('another password 7')).toBe(false)
  })

  it('is not made again when the last administrator is gone: the password of then may be in strange hands', async () => {
    await (await replica()).firstStart.run(settings)
    await users.confirm(
      {
        directory: 'corp',
        username: 'ann',
        dn: 'uid=ann',
        uniqueId: undefined,
        email: undefined,
        groups: [],
      },
      false,
      new Date(),
    )
    const ann = await users.update('ann', { admin: true })
    const admin = await users.update('admin', { disabled: true, admin: false })
    await (await replica()).firstStart.run(settings)
    expect(errors).toEqual([])
    await users.withdraw(ann.id, new Date())
    const again = await (await replica()).firstStart.run(settings)
    expect(again).toEqual({ isFirst: false, generatedPassword: undefined })
    expect(await users.find('admin')).toEqual(admin)
    expect(await logsIn(settings.adminPassword)).toBe(false)
    expect(errors).toEqual([expect.stringContaining('nobody can administer')])
    await database.database.query({ text: `DELETE FROM security_settings WHERE name = 'administered'` }, [])
    expect(await (await replica()).firstStart.run(settings)).toMatchObject({ isFirst: true })
    expect(await logsIn(settings.adminPassword)).toBe(true)
  })

  it('goes on where one was cut off', async () => {
    const { repositories, firstStart } = await replica()
    await expect(firstStart.run({ ...settings, adminPassword: 'password' })).rejects.toThrow(StartupError)
    expect(await firstStart.run(settings)).toMatchObject({ isFirst: true })
    expect(repositories.all()).toHaveLength(3)
  })

  it('is made by one of several replicas', async () => {
    const replicas = await Promise.all([replica(), replica(), replica()])
    const outcomes = await Promise.all(
      replicas.map(({ firstStart }) => firstStart.run({ bootstrap: 'default' })),
    )
    expect(outcomes.filter(({ isFirst }) => isFirst)).toHaveLength(1)
    expect(outcomes.filter(({ generatedPassword }) => generatedPassword !== undefined)).toHaveLength(1)
  })
})
