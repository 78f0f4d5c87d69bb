import { type LogFields, type Logger, silentLogger } from '@entrepot/kernel'
import { beforeEach, describe, expect, it } from 'vitest'
import { DirectoryConfirmations } from './directory-confirmations.js'
import { PrincipalSource } from './principal-source.js'
import {
  InMemoryAccounts,
  InMemoryGroupStore,
  InMemoryUserAccountStore,
  plainGroup,
  ScriptedDirectory,
} from './testing/index.js'
import type { UserAccount } from './user-account.js'

const clock = { time: 1_000_000, now: () => clock.time }
const confirmationMilliseconds = 300_000
let accounts: InMemoryUserAccountStore
let groups: InMemoryGroupStore
let corp: ScriptedDirectory
let switchedOn: ScriptedDirectory[]
let source: PrincipalSource
let ann: UserAccount
let logged: LogFields[]

beforeEach(async () => {
  clock.time = 1_000_000
  logged = []
  const state = new InMemoryAccounts()
  accounts = new InMemoryUserAccountStore(state)
  groups = new InMemoryGroupStore(state)
  corp = new ScriptedDirectory('corp').add('ann', 'x', 'developers')
  switchedOn = [corp]
  const logger: Logger = { ...silentLogger, error: (fields) => void logged.push(fields) }
  const directories = { all: () => switchedOn }
  const confirmations = new DirectoryConfirmations(accounts, directories, clock, logger)
  source = new PrincipalSource(accounts, confirmations, clock)
  await groups.create(plainGroup('developers', { realm: 'ldap' }))
  await groups.create(plainGroup('operators', { realm: 'ldap' }))
  const identity = { ...(await corp.lookUp('ann'))!, directory: 'corp' }
  ann = await accounts.confirm(identity, false, new Date(clock.time))
  corp.lookUps = 0
})

describe('PrincipalSource with directories', () => {
  it('asks no directory within the confirmation time', async () => {
    clock.time += confirmationMilliseconds - 1
    corp.isDown = true
    expect(await source.find('ann', ann.id)).toMatchObject({ realm: 'corp', groups: ['developers'] })
    expect(corp.lookUps).toBe(0)
  })

  it('looks up again afterwards, once for a crowd, and takes over new groups', async () => {
    corp.add('ann', 'x', 'operators')
    clock.time += confirmationMilliseconds
    const found = await Promise.all(Array.from({ length: 20 }, () => source.find('ann', ann.id)))
    expect(found[19]).toMatchObject({ groups: ['operators'] })
    expect(corp.lookUps).toBe(1)
    clock.time += confirmationMilliseconds - 1
    await source.find('ann')
    expect(corp.lookUps).toBe(1)
  })

  it('takes a confirmation from the future for none, but for what clocks of replicas differ by', async () => {
    corp.add('ann', 'x', 'operators')
    clock.time -= 60_000
    expect(await source.find('ann')).toMatchObject({ groups: ['developers'] })
    clock.time -= 1
    source.forget('ann')
    expect(await source.find('ann')).toMatchObject({ groups: ['operators'] })
    expect(corp.lookUps).toBe(1)
  })

  it('looks up once for a crowd that asks past the cache', async () => {
    clock.time += confirmationMilliseconds
    await Promise.all(
      Array.from({ length: 20 }, () => {
        source.forget('ann')
        return source.find('ann')
      }),
    )
    expect(corp.lookUps).toBe(1)
  })

  it('stops somebody whom the directory has no more, until they prove their password again', async () => {
    corp.entries.delete('ann')
    clock.time += confirmationMilliseconds
    expect(await source.find('ann')).toBeUndefined()
    expect(await accounts.find('ann')).toMatchObject({ directory: undefined, memberships: [] })
    corp.add('ann', 'x')
    clock.time += 1000
    expect(await source.find('ann')).toBeUndefined()
  })

  it('gives the tokens of somebody who left to nobody who comes after, however late that is noticed', async () => {
    corp.entries.set('dora', { password: 'x', groups: [], uniqueId: 'entryuuid:1' })
    const dora = await accounts.confirm((await corp.lookUp('dora'))!, false, new Date(clock.time))
    await accounts.update('dora', { admin: true })
    clock.time += 200 * 24 * 60 * 60_000
    corp.entries.set('dora', { password: 'y', groups: [], uniqueId: 'entryuuid:2' })
    expect(await source.find('dora', dora.id)).toBeUndefined()
    const successor = await source.find('dora')
    expect(successor).toMatchObject({ admin: false })
    expect(successor?.id).not.toBe(dora.id)
  })

  it('marks what was got with a password by when the directory says that it was changed', async () => {
    const change = (day: number) =>
      corp.entries.set('ann', {
        password: 'x',
        groups: [],
        passwordChangedAt: new Date(Date.UTC(2026, 1, day)),
      })
    const markLater = () => {
      clock.time += confirmationMilliseconds
      return source.passwordMark('ann')
    }
    expect(await source.passwordMark('ann')).toBeUndefined()
    change(1)
    const first = await markLater()
    expect(first).toMatch(/^[\w-]{16}$/)
    const revision = (await source.find('ann'))?.credentialsRevision ?? Infinity
    expect(await markLater()).toBe(first)
    change(2)
    expect(await markLater()).not.toBe(first)
    expect((await source.find('ann'))?.credentialsRevision).toBe(revision + 1)
  })

  it('says that the directory is down, names it in the log only, and asks again', async () => {
    corp.isDown = true
    clock.time += confirmationMilliseconds
    const failure = await source.find('ann').catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'UNAVAILABLE' })
    expect((failure as Error).message).not.toMatch(/corp|ldap:|cn=/)
    expect(logged).toMatchObject([{ directory: 'corp' }])
    corp.isDown = false
    expect(await source.find('ann')).toMatchObject({ name: 'ann' })
  })

  it('stops the users of a directory that is switched off or deleted, at once', async () => {
    switchedOn = []
    expect(await source.find('ann')).toBeUndefined()
    expect(await accounts.find('ann')).toMatchObject({ id: ann.id })
  })

  it('stops somebody who was disabled here, however fresh', async () => {
    await accounts.update('ann', { disabled: true })
    expect(await source.find('ann')).toBeUndefined()
    clock.time += confirmationMilliseconds
    expect(await source.find('ann')).toBeUndefined()
    expect(corp.lookUps).toBe(0)
  })
})
