import {
  groupStoreContract,
  passwordHashesContract,
  plainGroup,
  userAccountStoreContract,
  withdrawalContract,
} from '@entrepot/identity/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestDatabase } from '../testing/test-database.js'
import { PostgresGroupStore } from './group.store.js'
import { PostgresPermissionTargetStore } from './permission-target.store.js'
import { PostgresUserAccountStore } from './user-account.store.js'

describe('the stores of accounts and groups', () => {
  let db: TestDatabase
  beforeAll(async () => {
    db = await TestDatabase.create()
  })
  afterAll(() => db.close())

  const open = async () => {
    await db.database.query(
      { text: 'TRUNCATE users, groups, access_tokens, refresh_tokens, security_settings CASCADE' },
      [],
    )
    return {
      users: new PostgresUserAccountStore(db.database),
      groups: new PostgresGroupStore(db.database),
      close: async () => undefined,
    }
  }

  userAccountStoreContract('PostgresUserAccountStore', open)
  passwordHashesContract('PostgresUserAccountStore', open)
  withdrawalContract('PostgresUserAccountStore', open)
  groupStoreContract('PostgresGroupStore', open)

  const addTokens = async (userId: string, name: string) => {
    const accessToken = `
      INSERT INTO access_tokens (id, family_id, hash, subject, user_id, scope, created_by, created_at)
      VALUES (gen_random_uuid(), gen_random_uuid(), $2, $2, $1, '', $2, now())`
    await db.database.query({ text: accessToken }, [userId, name])
    const refreshToken = `
      INSERT INTO refresh_tokens (hash, username, user_id, service, expires_at)
      VALUES ($2, $2, $1, 'registry', now() + interval '1 hour')`
    await db.database.query({ text: refreshToken }, [userId, name])
  }
  const tokensLeft = async () => {
    const text = 'SELECT subject AS name FROM access_tokens UNION ALL SELECT username FROM refresh_tokens'
    return (await db.database.query<{ name: string }>({ text }, [])).map(({ name }) => name).sort()
  }

  it('takes the tokens of a deleted user along', async () => {
    const { users } = await open()
    for (const name of ['ann', 'bob']) await addTokens((await users.create({ name })).id, name)
    await users.delete('ann')
    expect(await tokensLeft()).toEqual(['bob', 'bob'])
  })

  it('takes the tokens along of one whom another directory took over, and not of one who may return', async () => {
    const { users } = await open()
    const identity = (username: string, directory: string) => ({
      directory,
      username,
      dn: `uid=${username}`,
      uniqueId: undefined,
      email: undefined,
      groups: [],
    })
    for (const name of ['ann', 'bob', 'eve']) {
      const { id } = await users.confirm(identity(name, 'corp'), false, new Date())
      await addTokens(id, name)
      if (name === 'ann') await users.withdraw(id, new Date())
    }
    await users.confirm(identity('bob', 'partner'), false, new Date())
    expect(await tokensLeft()).toEqual(['ann', 'ann', 'eve', 'eve'])
    const successor = { ...identity('ann', 'corp'), dn: 'uid=ann,ou=new' }
    await users.confirm(successor, false, new Date())
    expect(await tokensLeft()).toEqual(['eve', 'eve'])
  })

  it('takes the grants that permission targets made to the name, in any case, from who comes after', async () => {
    const { users } = await open()
    const identity = { directory: 'corp', username: 'ann', dn: 'uid=ann', email: undefined, groups: [] }
    await users.confirm({ ...identity, uniqueId: 'entryuuid:1' }, false, new Date())
    const targets = new PostgresPermissionTargetStore(db.database)
    const target = { name: 'team', repositories: ['ANY'], includes: [], excludes: [], groups: {} }
    await targets.create({ ...target, users: { Ann: ['manage'], ann: ['read'], bob: ['read'] } })
    await targets.create({ ...target, name: 'others', users: { annabel: ['read'] } })
    const before = await targets.list()
    await users.confirm({ ...identity, uniqueId: 'entryuuid:1' }, false, new Date())
    expect(await targets.list()).toEqual(before)
    await users.confirm({ ...identity, uniqueId: 'entryuuid:2' }, false, new Date())
    const [others, team] = await targets.list()
    expect(others).toEqual(before[0])
    expect(team?.target.users).toEqual({ bob: ['read'] })
    expect(team?.revision).toBeGreaterThan(before[1]?.revision ?? Infinity)
  })

  it('makes one user of many who are created at one time under one name', async () => {
    const { users } = await open()
    const made = await Promise.allSettled(Array.from({ length: 8 }, () => users.create({ name: 'ann' })))
    expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const result of made) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'CONFLICT' })
    }
  })

  it('lets no change of one replica undo that of another', async () => {
    const { users, groups } = await open()
    await groups.create(plainGroup('ops'))
    await users.create({ name: 'root', admin: true })
    await users.create({ name: 'ann' })
    await Promise.all([
      users.update('ann', { disabled: true }),
      users.update('ann', { email: 'ann@corp.example' }),
      users.update('ann', { admin: true, groups: ['ops'] }),
    ])
    expect(await users.find('ann')).toMatchObject({
      disabled: true,
      email: 'ann@corp.example',
      admin: true,
      memberships: [{ group: 'ops', source: 'internal' }],
    })
  })

  it('finds an account with its memberships in one statement', async () => {
    const { users } = await open()
    await users.create({ name: 'ann' })
    const asked: string[] = []
    const counting = {
      query: (statement: { name?: string; text: string }, values: readonly unknown[]) => {
        asked.push(statement.name ?? '')
        return db.database.query(statement, values)
      },
    }
    await new PostgresUserAccountStore(counting as unknown as typeof db.database).find('ann')
    expect(asked).toEqual(['user-find'])
  })
})
