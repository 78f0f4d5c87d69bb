import { userId } from '@entrepot/kernel/testing'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { InternalAuthenticator } from './internal-authenticator.js'
import { PasswordHasher } from './password-hasher.js'
import { InMemoryUserAccountStore } from './testing/index.js'

const hasher = new PasswordHasher()
const password = 'with:colon and ü漢🔑'
const clock = { time: 1_000_000, now: () => clock.time }
let users: InMemoryUserAccountStore
let authenticator: InternalAuthenticator

beforeEach(async () => {
  clock.time = 1_000_000
  users = new InMemoryUserAccountStore()
  await users.create({ name: 'alice', passwordHash: await hasher.hash(password) })
  authenticator = new InternalAuthenticator(users, hasher, clock)
  vi.restoreAllMocks()
})

describe('InternalAuthenticator', () => {
  it('knows a user by a password with a colon and any UTF-8', async () => {
    expect(await authenticator.authenticate({ username: 'alice', password })).toEqual({
      kind: 'user',
      id: userId('alice'),
      name: 'alice',
      admin: false,
      realm: 'internal',
      groups: [],
    })
  })

  it.each([
    ['a wrong password', 'alice', 'wrong'],
    ['the empty password', 'alice', ''],
    ['an unknown user', 'bob', password],
    ['the empty name', '', password],
    ['__proto__', '__proto__', password],
    ['constructor', 'constructor', password],
    ['hasOwnProperty', 'hasOwnProperty', password],
    ['NUL in the name', 'alice\0', password],
    ['a line feed in the name', 'alice\n', password],
    ['a name beyond reason', 'a'.repeat(10_000), password],
    ['an LDAP filter', '*)(uid=*', password],
    ['an SQL fragment', "alice'--", password],
  ])('refuses %s', async (_what, username, given) => {
    expect(await authenticator.authenticate({ username, password: given })).toBeUndefined()
  })

  it('knows a name in any case', async () => {
    expect(await authenticator.authenticate({ username: 'ALICE', password })).toMatchObject({ name: 'alice' })
  })

  it.each([
    ['a robot', { kind: 'robot' }],
    ['somebody whose password is switched off', { internalPasswordDisabled: true }],
  ] as const)('refuses the right password of %s', async (_what, particulars) => {
    await users.create({ name: 'bob', passwordHash: await hasher.hash(password), ...particulars })
    expect(await authenticator.authenticate({ username: 'bob', password })).toBeUndefined()
  })

  it('never asks the store for a name that could not be one', async () => {
    await authenticator.authenticate({ username: 'a\0b', password })
    expect(users.lookups).toBe(0)
  })

  it('refuses a user without a password, and an empty one for them too', async () => {
    await users.create({ name: 'robot', admin: true })
    expect(await authenticator.authenticate({ username: 'robot', password: 'undefined' })).toBeUndefined()
    expect(await authenticator.authenticate({ username: 'robot', password: '' })).toBeUndefined()
  })

  it('computes one hash for an unknown user, a wrong password, a disabled user and one without a password', async () => {
    const stored = await users.find('alice')
    await users.create({ name: 'disabled', passwordHash: stored?.passwordHash, disabled: true })
    await users.create({ name: 'robot' })
    for (const username of ['nobody', 'a\0b', 'alice', 'disabled', 'robot']) {
      const verify = vi.spyOn(hasher, 'verify')
      await authenticator.authenticate({ username, password: 'wrong' })
      expect(verify, username).toHaveBeenCalledTimes(1)
      verify.mockRestore()
    }
  })

  it('takes roughly equal time for an unknown user and a wrong password', async () => {
    const unknown: number[] = []
    const wrong: number[] = []
    for (let round = 0; round < 12; round += 1) {
      unknown.push(await timed({ username: 'nobody', password: `guess ${round}` }))
      wrong.push(await timed({ username: 'alice', password: `guess ${round}` }))
    }
    const ratio = Math.min(...unknown) / Math.min(...wrong)
    expect(ratio).toBeGreaterThan(0.5)
    expect(ratio).toBeLessThan(2)
  })

  it('verifies the hash once a minute for a crowd that sends the same password', async () => {
    const verify = vi.spyOn(hasher, 'verify')
    await Promise.all(
      Array.from({ length: 20 }, () => authenticator.authenticate({ username: 'alice', password })),
    )
    clock.time += 59_999
    await authenticator.authenticate({ username: 'alice', password })
    expect(verify).toHaveBeenCalledTimes(1)
    clock.time += 1
    await authenticator.authenticate({ username: 'alice', password })
    expect(verify).toHaveBeenCalledTimes(2)
  })

  it('remembers no wrong password', async () => {
    const verify = vi.spyOn(hasher, 'verify')
    await authenticator.authenticate({ username: 'alice', password: 'wrong' })
    await authenticator.authenticate({ username: 'alice', password: 'wrong' })
    expect(verify).toHaveBeenCalledTimes(2)
  })

  it('takes a changed password at once, and the old one never again', async () => {
    await authenticator.authenticate({ username: 'alice', password })
    await users.update('alice', { passwordHash: await hasher.hash('the new one') })
    expect(await authenticator.authenticate({ username: 'alice', password })).toBeUndefined()
    expect(await authenticator.authenticate({ username: 'alice', password: 'the new one' })).toBeDefined()
  })

  it('refuses a disabled or deleted user at once, remembered password or not', async () => {
    await authenticator.authenticate({ username: 'alice', password })
    await users.update('alice', { disabled: true })
    expect(await authenticator.authenticate({ username: 'alice', password })).toBeUndefined()
  })

  it('shows a promoted user as administrator at once', async () => {
    await authenticator.authenticate({ username: 'alice', password })
    await users.update('alice', { admin: true })
    expect(await authenticator.authenticate({ username: 'alice', password })).toMatchObject({ admin: true })
  })

  it("takes no other user's remembered password", async () => {
    await users.create({ name: 'bob', passwordHash: await hasher.hash('of bob') })
    await authenticator.authenticate({ username: 'alice', password })
    expect(await authenticator.authenticate({ username: 'bob', password })).toBeUndefined()
  })

  it('passes the failure of the store on', async () => {
    users.find = () => Promise.reject(new Error('connection lost'))
    await expect(authenticator.authenticate({ username: 'alice', password })).rejects.toThrow(
      'connection lost',
    )
  })
})

async function timed(credentials: { username: string; password: string }): Promise<number> {
  const start = performance.now()
  await authenticator.authenticate(credentials)
  return performance.now() - start
}
