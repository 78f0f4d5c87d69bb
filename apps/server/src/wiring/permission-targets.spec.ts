import { AnonymousAccess, PermissionTargetPolicy, PermissionTargets } from '@entrepot/access'
import { permissionTarget } from '@entrepot/access/testing'
import { type Broadcast, PostgresBroadcast } from '@entrepot/coordination'
import {
  createDataSourceOptions,
  Database,
  PostgresPermissionTargetStore,
  PostgresSecuritySettingStore,
} from '@entrepot/database'
import { TestDatabase } from '@entrepot/database/testing'
import { anonymous, silentLogger } from '@entrepot/kernel'
import { userPrincipal } from '@entrepot/kernel/testing'
import { DataSource } from 'typeorm'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

const anna = userPrincipal('anna', { groups: ['people'] })
const target = { repositoryKey: 'docker-local', image: 'team/app' }

/** What a change may take to be known everywhere. A hint takes far less, a lost one is made good each second. */
const withinHint = { timeout: 500, interval: 5 }
const withinSecond = { timeout: 1500, interval: 10 }

describe('a change of rights', () => {
  let database: TestDatabase
  const ends: (() => Promise<unknown>)[] = []

  beforeAll(async () => {
    database = await TestDatabase.create()
  })
  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end()
  })
  afterAll(() => database.close())

  const connected = async (): Promise<Broadcast> => {
    const broadcast = new PostgresBroadcast(database.connection, silentLogger)
    await broadcast.start()
    ends.push(() => broadcast.close())
    return broadcast
  }

  const deaf: Broadcast = {
    publish: () => Promise.reject(new Error('connection lost')),
    subscribe: () => () => undefined,
    close: () => Promise.resolve(),
  }

  /** A replica with database connections of its own. */
  const replica = async (broadcast: Broadcast) => {
    const source = await new DataSource(createDataSourceOptions(database.options)).initialize()
    ends.push(() => source.destroy())
    const own = new Database(source)
    const targets = new PermissionTargets(new PostgresPermissionTargetStore(own), broadcast, silentLogger)
    const access = new AnonymousAccess(new PostgresSecuritySettingStore(own), broadcast, silentLogger)
    await Promise.all([targets.start(), access.start()])
    ends.push(async () => {
      targets.stop()
      access.stop()
    })
    const policy = new PermissionTargetPolicy(
      targets,
      () => access.enabled,
      () => 'local',
    )
    return { targets, access, policy }
  }

  it.each([
    ['by a hint through PostgreSQL', connected, withinHint],
    ['within a second where hints are lost', () => Promise.resolve(deaf), withinSecond],
  ])('takes effect on the other replica %s', async (_how, broadcast, limit) => {
    const [here, there] = [await replica(await broadcast()), await replica(await broadcast())]
    const isAllowed = () => there.policy.allows(anna, 'read', target)
    expect(isAllowed()).toBe(false)
    await here.targets.create(permissionTarget('one', { groups: { people: ['read'] } }))
    expect(here.policy.allows(anna, 'read', target)).toBe(true)
    await expect.poll(isAllowed, limit).toBe(true)
    await here.targets.update('one', (current) => ({ ...current, excludes: ['team/**'] }))
    await expect.poll(isAllowed, limit).toBe(false)
    await there.targets.delete('one')
    await here.targets.create(permissionTarget('one', { users: { anonymous: ['read'] } }))
    await here.access.change(true)
    await expect.poll(() => there.policy.allows(anonymous, 'read', target), limit).toBe(true)
    await there.access.change(false)
    await expect.poll(() => here.policy.allows(anonymous, 'read', target), limit).toBe(false)
    await there.targets.delete('one')
    await expect.poll(() => here.targets.all(), limit).toEqual([])
  })
})
