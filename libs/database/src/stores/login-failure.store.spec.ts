import { defaultLockPolicy, FailureCount, LoginGuard, PasswordHasher } from '@entrepot/identity'
import {
  InMemoryUserAccountStore,
  internalLogins,
  loginFailureStoreContract,
  refusedAtOnce,
} from '@entrepot/identity/testing'
import { type Clock, systemClock } from '@entrepot/kernel'
import { RecordingAuditTrail } from '@entrepot/kernel/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestDatabase } from '../testing/test-database.js'
import { PostgresLoginFailureStore } from './login-failure.store.js'
import { PostgresUserAccountStore } from './user-account.store.js'

describe('the store of login failures', () => {
  let db: TestDatabase
  beforeAll(async () => {
    db = await TestDatabase.create()
  })
  afterAll(() => db.close())

  const open = async () => {
    await db.database.query({ text: 'TRUNCATE login_failures; TRUNCATE users CASCADE' }, [])
    const users = new PostgresUserAccountStore(db.database)
    await users.create({ name: 'root', admin: true })
    await users.create({ name: 'ann' })
    return { failures: new PostgresLoginFailureStore(db.database, 'caller'), close: async () => undefined }
  }

  loginFailureStoreContract('PostgresLoginFailureStore', open)

  const start = Date.parse('2026-11-20T12:00:00Z')
  const days = (count: number) => new Date(start + count * 24 * 60 * 60_000)
  const left = async () => {
    const text = `SELECT key FROM login_failures WHERE kind = 'user' ORDER BY key`
    return (await db.database.query<{ key: string }>({ text }, [])).map(({ key }) => key)
  }

  it('clears old failures away, and locks of names without an account after thirty days', async () => {
    const { failures } = await open()
    const locking = { ...defaultLockPolicy, enabled: true, loginAttempts: 1 }
    await failures.add({ user: 'ann', address: 'a' }, locking, days(0))
    await failures.add({ user: 'made-up', address: 'a' }, locking, days(0))
    await failures.add({ user: 'forgotten', address: 'a' }, defaultLockPolicy, days(0))
    await failures.add({ user: 'later', address: 'b' }, defaultLockPolicy, days(3))
    expect(await left()).toEqual(['ann', 'later', 'made-up'])
    await failures.add({ user: 'last', address: 'b' }, defaultLockPolicy, days(31))
    expect(await left()).toEqual(['ann', 'last'])
  })

  it('has nobody wait for longer because the clock of a replica is ahead or behind', async () => {
    await open()
    const failures = new PostgresLoginFailureStore(db.database)
    const attempt = { user: 'ann', address: 'a' }
    for (const day of [5, -5, 5, -5, 5, -5, 5, -5]) await failures.add(attempt, defaultLockPolicy, days(day))
    for (const day of [0, 9, -9]) {
      const { blockedUntil } = await failures.find(attempt, days(day))
      const wait = (blockedUntil?.getTime() ?? 0) - days(day).getTime()
      expect(wait).toBeGreaterThan(0)
      expect(wait).toBeLessThanOrEqual(16_000)
    }
  })

  /** Two replicas: each its own memory and its own turns, one database. */
  const replicas = async (failures: PostgresLoginFailureStore, clock: Clock) => {
    const hasher = new PasswordHasher()
    const passwordHash = await hasher.hash('right')
    const audit = new RecordingAuditTrail()
    const guards = await Promise.all(
      [1, 2].map(async () => {
        const accounts = new InMemoryUserAccountStore()
        await accounts.create({ name: 'ann', passwordHash })
        const chain = internalLogins(accounts, hasher, clock)
        const count = new FailureCount(failures, { current: defaultLockPolicy }, audit, clock)
        return new LoginGuard(chain, count, refusedAtOnce(clock), clock)
      }),
    )
    return { guards, audit }
  }

  it('lets guesses at one time through to few passwords, on two replicas together', async () => {
    const { failures } = await open()
    const { guards, audit } = await replicas(failures, systemClock)
    const guesses = Array.from({ length: 40 }, (_unused, index) =>
      guards[index % 2]!.authenticate(
        { username: 'ann', password: `guess ${index}` },
        { address: `192.0.2.${index}`, requestId: 'r' },
      ),
    )
    const settled = await Promise.allSettled(guesses)
    const tried = settled.filter(({ status }) => status === 'fulfilled').length
    expect(tried).toBeGreaterThanOrEqual(3)
    expect(tried).toBeLessThanOrEqual(5)
    expect(audit.entries.filter(({ outcome }) => outcome === 'refused')).toHaveLength(tried)
    const state = await failures.find({ user: 'ann', address: '192.0.2.200' }, new Date())
    expect(state.userFailures).toBe(tried)
    for (const result of settled) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'TOO_MANY_REQUESTS' })
    }
  })

  it('holds on one replica what was counted on the other', async () => {
    const { failures } = await open()
    const clock = { time: start, now: () => clock.time }
    const { guards } = await replicas(failures, clock)
    const origin = { address: '192.0.2.1', requestId: 'r' }
    const [here, there] = guards as [LoginGuard, LoginGuard]
    for (const password of ['a', 'b', 'c']) await here.authenticate({ username: 'ann', password }, origin)
    const right = { username: 'ann', password: 'right' }
    await expect(there.authenticate(right, origin)).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' })
    clock.time += 500
    expect(await there.authenticate(right, origin)).toMatchObject({ name: 'ann' })
    expect((await failures.find({ user: 'ann', address: 'x' }, new Date(start))).userFailures).toBe(0)
  })
})
