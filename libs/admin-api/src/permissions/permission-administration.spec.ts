import { type PermissionTarget, PermissionTargetPolicy, PermissionTargets } from '@entrepot/access'
import { InMemoryPermissionTargetStore, InMemorySecuritySettingStore } from '@entrepot/access/testing'
import { MemoryBroadcast } from '@entrepot/coordination/testing'
import { PasswordHasher, PasswordPolicies } from '@entrepot/identity'
import {
  InMemoryAccounts,
  InMemoryGroupStore,
  InMemoryUserAccountStore,
  plainGroup,
} from '@entrepot/identity/testing'
import { silentLogger } from '@entrepot/kernel'
import { RecordingAuditTrail, userPrincipal } from '@entrepot/kernel/testing'
import { RepositoryDirectory, type RepositoryKey } from '@entrepot/repositories'
import { InMemoryRepositoryStore, localConfig } from '@entrepot/repositories/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Caller } from '../caller.js'
import { GrantCleanup } from './grant-cleanup.js'
import { PermissionAdministration } from './permission-administration.js'
import { noPermissionInput } from './permission-access.js'

const team: PermissionTarget = {
  name: 'team',
  repositories: ['ANY LOCAL'],
  includes: ['team/**'],
  excludes: [],
  users: { mia: ['manage', 'read'] },
  groups: {},
}

const callerOf = (name: string, administrator: boolean): Caller => ({
  principal: userPrincipal(name, { admin: administrator }),
  origin: { address: '192.0.2.7', requestId: 'r1' },
  unlimited: true,
  scoped: false,
  administrator,
})
const manager = callerOf('mia', false)
const administrator = callerOf('admin', true)

/** What this replica knows stays as it was at the start until it looks again, as within the second before it would. */
let here: PermissionTargets
let there: PermissionTargets
let store: InMemoryPermissionTargetStore
let users: InMemoryUserAccountStore
let groups: InMemoryGroupStore
let repositories: RepositoryDirectory
let audit: RecordingAuditTrail
let administration: PermissionAdministration

beforeEach(async () => {
  store = new InMemoryPermissionTargetStore()
  here = new PermissionTargets(store, new MemoryBroadcast(), silentLogger)
  there = new PermissionTargets(store, new MemoryBroadcast(), silentLogger)
  await there.create(team)
  await here.start()
  here.stop()
  const accounts = new InMemoryAccounts()
  users = new InMemoryUserAccountStore(accounts)
  for (const name of ['mia', 'bob', 'eve']) await users.create({ name })
  audit = new RecordingAuditTrail()
  groups = new InMemoryGroupStore(accounts)
  repositories = new RepositoryDirectory(new InMemoryRepositoryStore(), new MemoryBroadcast(), silentLogger)
  await groups.create(plainGroup('ops'))
  await repositories.create(localConfig('docker-local'))
  const permissions = {
    targets: here,
    policy: new PermissionTargetPolicy(
      here,
      () => false,
      () => 'local',
    ),
    anonymous: { enabled: false, change: () => Promise.reject(new Error('is not changed here')) },
  }
  administration = new PermissionAdministration(
    permissions,
    {
      users,
      groups,
      hasher: new PasswordHasher(),
      passwordPolicies: new PasswordPolicies(
        new InMemorySecuritySettingStore(),
        new MemoryBroadcast(),
        silentLogger,
      ),
      passwords: { authenticate: async () => undefined },
      principals: { forget: () => undefined },
      refreshTokens: { revokeAllOf: async () => undefined },
    },
    repositories,
    new GrantCleanup(permissions, audit),
    audit,
  )
})

const elsewhere = (change: Partial<PermissionTarget>) =>
  there.update('team', (current) => ({ ...current, ...change }))
const stored = async () => {
  await there.update('team', (current) => current)
  return there.find('team')?.target
}
const granting = (grants: PermissionTarget['users'], more: Partial<PermissionTarget> = {}) => ({
  ...noPermissionInput,
  users: { mia: ['manage', 'read'] as const, ...grants },
  ...more,
})

describe('a manager whose replica does not know yet what an administrator has changed', () => {
  it('does not undo a change of the patterns', async () => {
    await elsewhere({ includes: ['team/public/**'], excludes: ['team/public/drafts/**'] })
    const target = await administration.replace(manager, 'team', granting({ bob: ['read'] }))
    expect(target).toMatchObject({
      includes: ['team/public/**'],
      excludes: ['team/public/drafts/**'],
      users: { bob: ['read'] },
    })
    expect(await stored()).toEqual(target)
    expect(audit.entries).toMatchObject([
      { action: 'permission.update', before: { repo: { 'include-patterns': ['team/public/**'] } } },
    ])
  })

  it('is refused who sends the patterns that were', async () => {
    const { target: narrowed } = await elsewhere({ includes: ['team/public/**'] })
    const { repositories, includes, excludes } = team
    const input = granting({ bob: ['read'] }, { repositories, includes, excludes })
    await expect(administration.replace(manager, 'team', input)).rejects.toMatchObject({ code: 'DENIED' })
    expect(await stored()).toEqual(narrowed)
  })

  it('does not use a manage that was taken away', async () => {
    await elsewhere({ users: { mia: ['read'] } })
    await expect(administration.replace(manager, 'team', granting({ bob: ['read'] }))).rejects.toMatchObject({
      code: 'DENIED',
    })
    expect((await stored())?.users).toEqual({ mia: ['read'] })
    expect(audit.entries).toEqual([])
  })

  it('names nobody who has been taken out because they are gone', async () => {
    await elsewhere({ users: { ...team.users, ghost: ['read'] } })
    await here.update('team', (current) => current)
    await here.update('team', (current) => current)
    await there.forget({ user: 'ghost' })
    await expect(
      administration.replace(manager, 'team', granting({ ghost: ['read'] })),
    ).rejects.toMatchObject({ code: 'REQUEST_INVALID' })
    expect(Object.keys((await stored())?.users ?? {})).toEqual(['mia'])
  })
})

describe('an administrator whose replica is behind', () => {
  it('replaces all, and the audit trail has what was really there before', async () => {
    await elsewhere({ includes: ['other/**'] })
    const input = granting({ eve: ['read'] }, { repositories: ['ANY'], includes: [], excludes: [] })
    const target = await administration.replace(administrator, 'team', input)
    expect(target).toMatchObject({ repositories: ['ANY'], includes: [], users: { eve: ['read'] } })
    expect(audit.entries).toMatchObject([{ before: { repo: { 'include-patterns': ['other/**'] } } }])
  })

  it('names neither users nor repositories that are not there', async () => {
    for (const input of [
      granting({ nobody: ['read'] }, { repositories: ['ANY'] }),
      granting({}, { repositories: ['gone'] }),
    ]) {
      await expect(administration.replace(administrator, 'team', input)).rejects.toMatchObject({
        code: 'REQUEST_INVALID',
      })
    }
  })

  it('keeps a repository that the target named before, though it is gone', async () => {
    await elsewhere({ repositories: ['gone'] })
    const input = granting({}, { repositories: ['gone'], includes: ['x/**'], excludes: [] })
    expect(await administration.replace(administrator, 'team', input)).toMatchObject({ includes: ['x/**'] })
  })
})

describe('a change of a permission target that names what is deleted in that moment', () => {
  const deletions = {
    'a user': async () => {
      await users.delete('bob')
      await here.forget({ user: 'bob' })
    },
    'a group': async () => {
      await groups.delete('ops')
      await here.forget({ group: 'ops' })
    },
    'a repository': async () => {
      await repositories.delete('docker-local' as RepositoryKey)
      await here.forget({ repository: 'docker-local' })
    },
  }
  const wanted = {
    ...noPermissionInput,
    repositories: ['ANY REMOTE', 'docker-local'],
    users: { anonymous: ['read'], bob: ['read'], eve: ['read'] },
    groups: { ops: ['read'] },
  } as const
  const left = {
    'a user': { users: { anonymous: ['read'], eve: ['read'] }, groups: { ops: ['read'] } },
    'a group': { users: wanted.users, groups: {} },
    'a repository': { repositories: ['ANY REMOTE'], users: wanted.users },
  }

  /** After it was looked up, and before what names it is stored. */
  function deleteBeforeStoring(what: keyof typeof deletions): void {
    const [create, update] = [store.create.bind(store), store.update.bind(store)]
    const deleted = async () => {
      store.create = create
      store.update = update
      await deletions[what]()
    }
    store.create = async (target) => {
      await deleted()
      return create(target)
    }
    store.update = async (target, revision) => {
      await deleted()
      return update(target, revision)
    }
  }

  it.each(['a user', 'a group', 'a repository'] as const)(
    'leaves nothing in a new target for who gets the name of %s',
    async (what) => {
      deleteBeforeStoring(what)
      const created = await administration.create(administrator, 'fresh', wanted)
      expect(created).toEqual({ ...created, ...left[what] })
      expect(here.find('fresh')?.target).toEqual(created)
    },
  )

  it.each(['a user', 'a group', 'a repository'] as const)(
    'leaves nothing in one that was there for who gets the name of %s, and says so in the trail',
    async (what) => {
      deleteBeforeStoring(what)
      const replaced = await administration.replace(administrator, 'team', wanted)
      expect(replaced).toEqual({ ...replaced, ...left[what] })
      expect(await stored()).toEqual(replaced)
      expect(audit.entries.map(({ action, subject }) => [action, subject?.name])).toEqual([
        ['permission.update', 'team'],
        ['permission.update', 'team'],
      ])
    },
  )
})
