import type { UserPrincipal } from '@entrepot/kernel'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  InMemoryAccounts,
  InMemoryGroupStore,
  InMemoryUserAccountStore,
  tokensInMemory,
} from '../testing/index.js'
import type { NewAccessToken } from './access-tokens.js'

const clock = { time: 1_800_000_000_000, now: () => clock.time }
const wholeScope = 'applied-permissions/user'
const group = {
  description: '',
  autoJoin: false,
  adminPrivileges: false,
  realm: 'internal',
  realmAttributes: undefined,
  externalId: undefined,
}
let users: InMemoryUserAccountStore
let here: ReturnType<typeof tokensInMemory>
let alice: UserPrincipal
let root: UserPrincipal

beforeEach(async () => {
  clock.time = 1_800_000_000_000
  const accounts = new InMemoryAccounts()
  users = new InMemoryUserAccountStore(accounts)
  const groups = new InMemoryGroupStore(accounts)
  for (const name of ['dev', 'ops']) await groups.create({ name, ...group })
  await users.create({ name: 'alice', groups: ['dev', 'ops'] })
  await users.create({ name: 'bob' })
  await users.create({ name: 'ci', kind: 'robot' })
  for (const name of ['root', 'admin']) await users.create({ name, admin: true })
  here = tokensInMemory(users, clock)
  alice = (await here.principals.find('alice'))!
  root = (await here.principals.find('root'))!
})

const make = (wanted: Partial<NewAccessToken> = {}, by = alice) =>
  here.accessTokens.create({ subject: 'alice', scope: wholeScope, ...wanted }, by)

/** Who somebody is with a token of theirs. */
async function shown(wanted: Partial<NewAccessToken>, by = alice): Promise<UserPrincipal> {
  const { secret } = await make(wanted, by)
  return (await here.live.verify(secret))!
}

describe('an access token', () => {
  it('is its user, and is shown once', async () => {
    const { secret, token, refreshToken } = await make({ description: 'laptop' })
    expect(await here.live.verify(secret)).toEqual({ ...alice, accessTokenId: token.id, limits: undefined })
    expect(refreshToken).toBeUndefined()
    expect(token).toMatchObject({
      createdBy: 'alice',
      subject: 'alice',
      audience: '*@*',
      description: 'laptop',
    })
    expect(token.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(JSON.stringify([...here.store.rows.values()])).not.toContain(secret)
  })

  it.each(['', 'hunter2', 'ept_', `ept_${'A'.repeat(49)}`])(
    'is not %j, and nobody is asked',
    async (text) => {
      expect(await here.live.verify(text)).toBeUndefined()
      expect(here.store.lookups).toBe(0)
    },
  )

  it('is not its own hash, nor its refresh token', async () => {
    const { secret, refreshToken = '' } = await make({ refreshable: true })
    const [row] = here.store.rows.values()
    for (const other of [row?.hashes.secret ?? '', refreshToken]) {
      expect(await here.live.verify(other)).toBeUndefined()
    }
    expect(await here.live.verify(secret)).toBeDefined()
  })

  it('ends when it expires, to the millisecond and also where it was just looked up', async () => {
    const { secret } = await make({ expiresInSeconds: 60 })
    clock.time += 59_999
    expect(await here.live.verify(secret)).toBeDefined()
    clock.time += 1
    expect(await here.live.verify(secret)).toBeUndefined()
  })

  it('ends at once where it is revoked, and on another replica within a second', async () => {
    const { secret, token } = await make()
    const there = tokensInMemory(users, clock, here.store)
    expect(await here.live.verify(secret)).toBeDefined()
    expect(await there.live.verify(secret)).toBeDefined()
    expect(await there.live.principalOf(token.id)).toBeDefined()
    expect(await here.accessTokens.revoke(token.id)).toMatchObject([{ subject: 'alice' }])
    expect(await here.live.verify(secret)).toBeUndefined()
    clock.time += 1000
    expect(await there.live.verify(secret)).toBeUndefined()
    expect(await there.live.principalOf(token.id)).toBeUndefined()
    expect(await here.accessTokens.revoke(token.id)).toEqual([])
    expect(await here.accessTokens.find(token.id)).toBeUndefined()
  })

  it('is revoked by its secret and by its refresh token', async () => {
    const first = await make()
    const second = await make({ refreshable: true })
    expect(await here.accessTokens.revokeBySecret(first.secret)).toMatchObject([{ id: first.token.id }])
    expect(await here.accessTokens.revokeBySecret(second.refreshToken ?? '')).toMatchObject([
      { id: second.token.id },
    ])
    expect(await here.accessTokens.revokeBySecret('nothing')).toEqual([])
    for (const { secret } of [first, second]) expect(await here.live.verify(secret)).toBeUndefined()
  })

  it('ends with its user: disabled, deleted, made anew under the name', async () => {
    const { secret } = await make()
    await users.update('alice', { disabled: true })
    clock.time += 1000
    expect(await here.live.verify(secret)).toBeUndefined()
    await users.delete('alice')
    await users.create({ name: 'alice', admin: true })
    clock.time += 1000
    expect(await here.live.verify(secret)).toBeUndefined()
  })

  it('asks the store once a second for a crowd', async () => {
    const { secret } = await make()
    await Promise.all(Array.from({ length: 50 }, () => here.live.verify(secret)))
    expect(here.store.lookups).toBe(1)
  })

  it('tells a failure of the store as a failure, and asks again', async () => {
    const { secret } = await make()
    const working = here.store.findBySecret.bind(here.store)
    here.store.findBySecret = () => Promise.reject(new Error('connection lost'))
    await expect(here.live.verify(secret)).rejects.toThrow('connection lost')
    here.store.findBySecret = working
    expect(await here.live.verify(secret)).toBeDefined()
  })

  it('has the limits of its scope, for administrators too', async () => {
    const scope = 'artifact:docker-local/team/**:r'
    const limits = [{ repositoryKey: 'docker-local', path: 'team/**', actions: ['read'] }]
    expect(await shown({ scope })).toMatchObject({ admin: false, limits })
    expect(await shown({ subject: 'root', scope }, root)).toMatchObject({ admin: true, limits })
  })

  it('is for the metrics only where its scope says so', async () => {
    const metrics = 'system:metrics:r'
    expect(await shown({ scope: metrics }, root)).toMatchObject({ readsMetrics: true, limits: [] })
    const group = { subject: 'nobody', scope: `applied-permissions/groups:dev ${metrics}` }
    expect(await shown(group, root)).toMatchObject({ readsMetrics: true, groups: ['dev'] })
    expect((await shown({})).readsMetrics).toBeUndefined()
    await expect(make({ scope: metrics })).rejects.toMatchObject({ code: 'DENIED' })
  })

  it('has only the groups that it names, of those that its user is in', async () => {
    await users.update('alice', { groups: ['dev'] })
    const principal = await shown({ scope: 'applied-permissions/groups:dev,ops' })
    clock.time += 1000
    expect(principal).toMatchObject({ groups: ['dev', 'ops'], groupsOnly: true, admin: false })
    const { items } = await here.accessTokens.list({ limit: 10, after: undefined })
    expect(await here.live.principalOf(items[0]?.id ?? '')).toMatchObject({ groups: ['dev'] })
  })

  it('stays at most what its user is: one for an administrator is nothing more after the demotion', async () => {
    const { token } = await make({ subject: 'root', scope: 'applied-permissions/admin' }, root)
    expect(await here.live.principalOf(token.id)).toMatchObject({ admin: true })
    await users.update('root', { admin: false })
    clock.time += 1000
    expect(await here.live.principalOf(token.id)).toMatchObject({ admin: false })
  })

  it('of a subject without an account has just its groups, whoever gets the name', async () => {
    const { token } = await make({ subject: 'pipeline', scope: 'applied-permissions/groups:dev' }, root)
    const principal = { name: 'pipeline', admin: false, groups: ['dev'], groupsOnly: true, realm: 'token' }
    expect(await here.live.principalOf(token.id)).toMatchObject(principal)
    await users.create({ name: 'pipeline', admin: true })
    clock.time += 1000
    expect(await here.live.principalOf(token.id)).toMatchObject(principal)
  })
})

describe('making an access token', () => {
  it('is for oneself, and for administrators for anybody', async () => {
    await expect(make({ subject: 'bob' })).rejects.toMatchObject({ code: 'DENIED' })
    await expect(make({ subject: 'nobody', scope: 'applied-permissions/groups:dev' })).rejects.toMatchObject({
      code: 'DENIED',
    })
    expect((await make({ subject: 'ci' }, root)).token).toMatchObject({ subject: 'ci', createdBy: 'root' })
    await expect(make({ subject: 'nobody' }, root)).rejects.toMatchObject({ code: 'NAME_UNKNOWN' })
  })

  it('for an administrator is by and for administrators', async () => {
    const scope = 'applied-permissions/admin'
    await expect(make({ scope })).rejects.toMatchObject({ code: 'DENIED' })
    await expect(make({ scope }, root)).rejects.toMatchObject({ code: 'DENIED' })
    await expect(make({ scope: 'system:metrics:r' })).rejects.toMatchObject({ code: 'DENIED' })
    expect((await make({ scope, subject: 'root' }, root)).token.scope).toBe(scope)
  })

  it('never gives more than a limited token has', async () => {
    const limited = await shown({ scope: 'artifact:a/team/**:r,w artifact:b/**:r' })
    for (const scope of [
      wholeScope,
      'artifact:a:r',
      'artifact:*/team/**:r',
      'artifact:a/team/**:r,d',
      'artifact:a/*/app:r',
      'artifact:a/teams/app:r',
      'artifact:b:w',
      'artifact:b:r artifact:c:r',
      'applied-permissions/groups:dev',
    ]) {
      await expect(make({ scope }, limited), scope).rejects.toMatchObject({ code: 'DENIED' })
    }
    for (const scope of [
      'artifact:a/team/**:r',
      'artifact:a/team/app:r,w',
      'artifact:a/team/a/*:r',
      'artifact:b:r artifact:a/team/x:w',
    ]) {
      expect((await make({ scope }, limited)).token.scope).toBe(scope)
    }
  })

  it('never gives an administrator with a limited token the rights back', async () => {
    const limited = await shown({ subject: 'root', scope: 'artifact:a:r' }, root)
    await expect(make({ subject: 'root' }, limited)).rejects.toMatchObject({ code: 'DENIED' })
    await expect(make({ subject: 'alice', scope: 'artifact:a:r' }, limited)).rejects.toMatchObject({
      code: 'DENIED',
    })
    await expect(
      make({ subject: 'root', scope: 'applied-permissions/admin' }, limited),
    ).rejects.toMatchObject({
      code: 'DENIED',
    })
  })

  it('never leaves the groups of a token for groups, nor those one is in', async () => {
    const dev = await shown({ scope: 'applied-permissions/groups:dev' })
    for (const scope of [wholeScope, 'artifact:a:r', 'applied-permissions/groups:ops']) {
      await expect(make({ scope }, dev), scope).rejects.toMatchObject({ code: 'DENIED' })
    }
    expect(await make({ scope: 'applied-permissions/groups:dev artifact:a:r' }, dev)).toBeDefined()
    await expect(make({ scope: 'applied-permissions/groups:admins' })).rejects.toMatchObject({
      code: 'DENIED',
    })
  })

  it('never outlives the token that is shown for it', async () => {
    const brief = await shown({ expiresInSeconds: 600 })
    clock.time += 60_000
    expect((await make({}, brief)).token.expiresAt).toEqual(new Date(1_800_000_600_000))
    expect((await make({ expiresInSeconds: 60 }, brief)).token.expiresAt).toEqual(new Date(1_800_000_120_000))
    await expect(make({ expiresInSeconds: 541 }, brief)).rejects.toMatchObject({ code: 'DENIED' })
    await expect(make({ refreshable: true }, brief)).rejects.toMatchObject({ code: 'DENIED' })
    clock.time += 540_000
    await expect(make({}, brief)).rejects.toMatchObject({ code: 'DENIED' })
  })

  it.each([
    ['a bad scope', { scope: 'everything' }],
    ['a scope that is too long', { scope: `artifact:a/${'x'.repeat(500)}:r` }],
    ['no time', { expiresInSeconds: 0 }],
    ['a negative time', { expiresInSeconds: -5 }],
    ['half a second', { expiresInSeconds: 0.5 }],
    ['no number', { expiresInSeconds: NaN }],
    ['a time beyond all dates', { expiresInSeconds: Number.MAX_SAFE_INTEGER }],
    ['a description with NUL', { description: 'a\0b' }],
    ['a description without end', { description: 'x'.repeat(2000) }],
    ['an audience with a line break', { audience: 'a\nb' }],
  ])('refuses %s', async (_what, wanted) => {
    await expect(make(wanted)).rejects.toMatchObject({ code: 'REQUEST_INVALID' })
  })
})

describe('refreshing an access token', () => {
  it('gives a new one of the same kind, and the old one works no more', async () => {
    const first = await make({ refreshable: true, expiresInSeconds: 60, scope: 'artifact:a:r' })
    clock.time += 100_000
    const second = await here.accessTokens.refresh(first.refreshToken ?? '')
    expect(second.token).toMatchObject({ scope: 'artifact:a:r', expiresAt: new Date(clock.time + 60_000) })
    expect(await here.live.verify(second.secret)).toMatchObject({ name: 'alice' })
    expect(await here.live.verify(first.secret)).toBeUndefined()
    const third = await here.accessTokens.refresh(second.refreshToken ?? '')
    expect(third.token.expiresAt).toEqual(new Date(clock.time + 60_000))
  })

  it('works once, also when it is asked for twice at one time', async () => {
    const { refreshToken = '' } = await make({ refreshable: true })
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => here.accessTokens.refresh(refreshToken)))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    await expect(here.accessTokens.refresh(refreshToken)).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  })

  it('is over 90 days after its end, when it was revoked, and when its user is gone', async () => {
    const old = await make({ refreshable: true, expiresInSeconds: 60 })
    clock.time += 60_000 + 90 * 24 * 60 * 60 * 1000
    await expect(here.accessTokens.refresh(old.refreshToken ?? '')).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
    })
    const revoked = await make({ refreshable: true })
    await here.accessTokens.revoke(revoked.token.id)
    const disabled = await make({ refreshable: true })
    await users.update('alice', { disabled: true })
    for (const { refreshToken = '' } of [revoked, disabled]) {
      await expect(here.accessTokens.refresh(refreshToken)).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
    }
    const anew = await make({ refreshable: true, subject: 'bob' }, root)
    await users.delete('bob')
    await users.create({ name: 'bob' })
    await expect(here.accessTokens.refresh(anew.refreshToken ?? '')).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
    })
  })

  it('works for a subject without an account, whoever has got the name', async () => {
    const wanted = { subject: 'pipeline', scope: 'applied-permissions/groups:dev', refreshable: true }
    const { refreshToken = '' } = await make(wanted, root)
    await users.create({ name: 'pipeline', admin: true, disabled: true })
    const { secret } = await here.accessTokens.refresh(refreshToken)
    expect(await here.live.verify(secret)).toMatchObject({ name: 'pipeline', admin: false, groups: ['dev'] })
  })

  it.each(['', 'x', `epr_${'A'.repeat(49)}`])('is not for %j', async (text) => {
    await expect(here.accessTokens.refresh(text)).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  })

  it('takes a refresh token that is used again for stolen: none of its family works any more', async () => {
    const stranger = await make({ refreshable: true })
    const first = await make({ refreshable: true })
    const second = await here.accessTokens.refresh(first.refreshToken ?? '')
    const third = await here.accessTokens.refresh(second.refreshToken ?? '')
    expect(await here.live.verify(third.secret)).toBeDefined()
    await expect(here.accessTokens.refresh(first.refreshToken ?? '')).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
      token: { id: first.token.id },
      revoked: [{ id: third.token.id }],
    })
    expect(await here.live.verify(third.secret)).toBeUndefined()
    await expect(here.accessTokens.refresh(third.refreshToken ?? '')).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
    })
    expect(await here.live.verify(stranger.secret)).toBeDefined()
  })

  it('is not for an access token in place of a refresh token', async () => {
    const { secret } = await make({ refreshable: true })
    await expect(here.accessTokens.refresh(secret)).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  })
})

describe('the last use of an access token', () => {
  it('is written later, once a minute, and again after a failure', async () => {
    const { secret, token } = await make()
    const lastUse = async () => (await here.store.find(token.id))?.lastUsedAt
    await here.live.verify(secret)
    expect(await lastUse()).toBeUndefined()
    const working = here.store.recordUses.bind(here.store)
    here.store.recordUses = () => Promise.reject(new Error('connection lost'))
    await here.uses.write()
    here.store.recordUses = working
    await here.uses.write()
    expect(await lastUse()).toEqual(new Date(1_800_000_000_000))
    clock.time += 59_999
    await here.live.verify(secret)
    await here.uses.write()
    expect(await lastUse()).toEqual(new Date(1_800_000_000_000))
    clock.time += 1
    await here.live.verify(secret)
    await here.uses.stop()
    expect(await lastUse()).toEqual(new Date(clock.time))
  })

  it('is also that of what was got with it', async () => {
    const { token } = await make()
    await here.live.principalOf(token.id)
    await here.uses.write()
    expect((await here.store.find(token.id))?.lastUsedAt).toEqual(new Date(clock.time))
  })

  it('is none for a token that was refused', async () => {
    const { secret, token } = await make({ expiresInSeconds: 1 })
    clock.time += 1000
    await here.live.verify(secret)
    await here.uses.write()
    expect((await here.store.find(token.id))?.lastUsedAt).toBeUndefined()
  })
})
