import { userId } from '@entrepot/kernel/testing'
import { hashSync } from 'bcryptjs'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { AuthenticatorChain } from './authenticator-chain.js'
import { PasswordHasher } from './password-hasher.js'
import { InMemoryUserAccountStore, internalLogins } from './testing/index.js'

const hasher = new PasswordHasher()
const password = 'with:colon and ü漢🔑'
const clock = { time: 1_000_000, now: () => clock.time }
let users: InMemoryUserAccountStore
let authenticator: AuthenticatorChain

beforeEach(async () => {
  clock.time = 1_000_000
  users = new InMemoryUserAccountStore()
  await users.create({ name: 'alice', passwordHash: await hasher.hash(password) })
  authenticator = internalLogins(users, hasher, clock)
  vi.restoreAllMocks()
})

describe('AuthenticatorChain with accounts that live here', () => {
  it('knows a user by a password with a colon and any UTF-8', async () => {
    expect(await authenticator.authenticate({ username: 'alice', password })).toEqual({
      kind: 'user',
      id: userId('alice'),
      name: 'alice',
      admin: false,
      realm: 'internal',
      groups: [],
      credentialsRevision: 1,
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
    ['a name that is not in NFC', 'zoe\u0308', password],
    ['a compatibility form of the name', '\uff41lice', password],
    ['an invisible character', 'ali\u200bce', password],
    ['a space before the name', ' alice', password],
    ['two spaces in the name', 'ali  ce', password],
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

  it('verifies the hash once a minute', async () => {
    const verify = vi.spyOn(hasher, 'verify')
    await authenticator.authenticate({ username: 'alice', password })
    clock.time += 59_999
    await authenticator.authenticate({ username: 'alice', password })
    expect(verify).toHaveBeenCalledTimes(1)
    clock.time += 1
    await authenticator.authenticate({ username: 'alice', password })
    expect(verify).toHaveBeenCalledTimes(2)
  })

  it('asks the store for nobody whose password is not remembered before it is verified', async () => {
    expect(await authenticator.recall({ username: 'alice', password })).toBeUndefined()
    expect(users.lookups).toBe(0)
    await authenticator.authenticate({ username: 'alice', password })
    expect(await authenticator.recall({ username: 'ALICE', password })).toMatchObject({ name: 'alice' })
  })

  it('writes the login down when it verifies, not when it remembers', async () => {
    await authenticator.authenticate({ username: 'alice', password })
    clock.time += 10_000
    await authenticator.authenticate({ username: 'alice', password })
    expect((await users.find('alice'))?.lastLoginAt).toEqual(new Date(1_000_000))
  })

  it('verifies a bcrypt hash and puts argon2id in its place', async () => {
    await users.create({ name: 'imported', passwordHash: hashSync(password, 5) })
    expect(await authenticator.authenticate({ username: 'imported', password: 'wrong' })).toBeUndefined()
    expect((await users.find('imported'))?.passwordHash).toMatch(/^\$2b\$05\$/)
    expect(await authenticator.authenticate({ username: 'imported', password })).toMatchObject({
      name: 'imported',
    })
    expect((await users.find('imported'))?.passwordHash).toMatch(/^\$argon2id\$/)
    const verify = vi.spyOn(hasher, 'verify')
    expect(await authenticator.authenticate({ username: 'imported', password })).toBeDefined()
    expect(verify).not.toHaveBeenCalled()
    clock.time += 60_000
    expect(await authenticator.authenticate({ username: 'imported', password })).toBeDefined()
  })

  it('never overwrites a password that was changed while the old one was verified', async () => {
    await users.create({ name: 'imported', passwordHash: hashSync(password, 5) })
    const changed = await hasher.hash('the new one')
    const hash = vi.spyOn(hasher, 'hash').mockImplementation(async () => {
      await users.update('imported', { passwordHash: changed })
      return 'a hash of the old one'
    })
    await authenticator.authenticate({ username: 'imported', password })
    hash.mockRestore()
    expect((await users.find('imported'))?.passwordHash).toBe(changed)
    expect(await authenticator.authenticate({ username: 'imported', password })).toBeUndefined()
  })

  it('remembers nobody longer when the clock is set back', async () => {
    await authenticator.authenticate({ username: 'alice', password })
    clock.time -= 60 * 60_000
    expect(await authenticator.recall({ username: 'alice', password })).toBeUndefined()
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
