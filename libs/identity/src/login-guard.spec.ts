import { RegistryError } from '@entrepot/kernel'
import { RecordingAuditTrail } from '@entrepot/kernel/testing'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { FailureCount } from './failure-count.js'
import { defaultLockPolicy, type LockPolicy } from './lock-policy.js'
import { LoginGuard } from './login-guard.js'
import { PasswordHasher } from './password-hasher.js'
import { principalOf } from './principal-source.js'
import {
  InMemoryLoginFailureStore,
  InMemoryUserAccountStore,
  loginChain,
  refusedAtOnce,
  ScriptedDirectory,
} from './testing/index.js'

const hasher = new PasswordHasher()
const hashed = await hasher.hash('right')
const clock = { time: 1_000_000, now: () => clock.time }
const origin = { address: '192.0.2.7', requestId: 'r1' }
let accounts: InMemoryUserAccountStore
let failures: InMemoryLoginFailureStore
let corp: ScriptedDirectory
let audit: RecordingAuditTrail
let policy: LockPolicy
let count: FailureCount
let guard: LoginGuard

beforeEach(async () => {
  clock.time = 1_000_000
  policy = defaultLockPolicy
  accounts = new InMemoryUserAccountStore()
  failures = new InMemoryLoginFailureStore((name) => name === 'admin')
  corp = new ScriptedDirectory('corp').add('dora', 'of dora')
  audit = new RecordingAuditTrail()
  await accounts.create({ name: 'ann', passwordHash: hashed })
  await accounts.create({ name: 'admin', passwordHash: hashed, admin: true })
  await accounts.create({ name: 'ci', kind: 'robot' })
  const accessTokens = {
    isAccessToken: (secret: string) => secret.startsWith('token-of-'),
    verify: async (secret: string) => {
      const account = await accounts.find(secret.slice('token-of-'.length))
      return account && { ...principalOf(account), accessTokenId: 't1' }
    },
  }
  const chain = loginChain({ accounts, hasher, clock, directories: { all: () => [corp] }, accessTokens })
  const policies = {
    get current() {
      return policy
    },
  }
  count = new FailureCount(failures, policies, audit, clock)
  guard = new LoginGuard(chain, count, refusedAtOnce(clock), clock)
})

const login = (username: string, password: string, address = origin.address) =>
  guard.authenticate({ username, password }, { ...origin, address })
const outcomes = () => audit.entries.map(({ outcome, actor }) => `${outcome} ${actor}`)

async function fail(username: string, times: number, address?: string): Promise<void> {
  for (let count = 0; count < times; count += 1) {
    const barrier = await failures.find({ user: username, address: address ?? origin.address }, new Date(0))
    clock.time = Math.max(clock.time, barrier.blockedUntil?.getTime() ?? 0)
    expect(await login(username, `guess ${count}`, address)).toBeUndefined()
  }
}

describe('LoginGuard', () => {
  it.each(['ann', 'nobody', 'dora', 'ci'])('slows down who guesses for %s, known or not', async (name) => {
    await fail(name, 3)
    const verify = vi.spyOn(hasher, 'verify')
    const binds = corp.binds
    await expect(login(name, 'right')).rejects.toMatchObject({
      code: 'TOO_MANY_REQUESTS',
      retryAfterSeconds: 1,
      message: 'too many logins have failed: try again in 1 s',
    })
    expect(verify).not.toHaveBeenCalled()
    expect(corp.binds).toBe(binds)
    verify.mockRestore()
    clock.time += 500
    await fail(name, 3)
    await expect(login(name, 'right')).rejects.toMatchObject({ retryAfterSeconds: 4 })
    expect(audit.entries.at(-1)).toMatchObject({ action: 'login', outcome: 'locked', actor: name, origin })
  })

  it('counts one name in any case', async () => {
    await fail('Ann', 1)
    await fail('ANN', 1)
    await fail('ann', 1)
    await expect(login('aNN', 'right')).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' })
  })

  it('starts again after a success', async () => {
    await fail('ann', 4)
    clock.time += 1000
    expect(await login('ann', 'right')).toMatchObject({ name: 'ann' })
    await fail('ann', 2)
    expect(await login('ann', 'right')).toMatchObject({ name: 'ann' })
  })

  it('slows down an address that tries one password with many names', async () => {
    policy = { ...policy, address: { ...policy.address, from: 10 } }
    for (let count = 0; count < 10; count += 1) await login(`user-${count}`, 'Winter2026')
    await expect(login('ann', 'right')).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' })
    expect(await login('ann', 'right', '198.51.100.1')).toBeDefined()
    await expect(login('another', 'x')).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' })
  })

  it('lets an address that has to wait try one name after the wait, not many at once', async () => {
    policy = { ...policy, address: { ...policy.address, from: 10 } }
    for (let count = 0; count < 10; count += 1) await login(`user-${count}`, 'Winter2026')
    clock.time += 500
    const names = Array.from({ length: 40 }, (_, count) => `sprayed-${count}`)
    const tried = await Promise.allSettled(names.map((name) => login(name, 'Winter2026')))
    expect(tried.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    clock.time += 1000
    expect(await login('ann', 'right')).toMatchObject({ name: 'ann' })
  })

  it('gives an address no credit for a success', async () => {
    policy = { ...policy, address: { ...policy.address, from: 4 } }
    await fail('nobody', 2)
    await login('ann', 'right')
    await fail('nobody-2', 2)
    await expect(login('admin', 'right')).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' })
  })

  it('asks for nothing and writes nothing while a password is remembered', async () => {
    await login('ann', 'right')
    const before = failures.statements
    const lookups = accounts.lookups
    for (let count = 0; count < 5; count += 1) expect(await login('ann', 'right')).toBeDefined()
    expect(failures.statements).toBe(before)
    expect(accounts.lookups).toBe(lookups + 5)
    expect(outcomes()).toEqual(['ok ann'])
  })

  it('lets in who is remembered while somebody else guesses for the name', async () => {
    await login('ann', 'right')
    await fail('ann', 5, '203.0.113.9')
    expect(await login('ann', 'right')).toMatchObject({ name: 'ann' })
  })

  it.each([
    ['another address', '203.0.113.9'],
    ['the same address', origin.address],
  ])('tells nobody at %s who has to wait which password is remembered', async (_where, address) => {
    await login('ann', 'right')
    clock.time += 1
    await fail('ann', 5, address)
    await expect(login('ann', 'one more guess', address)).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' })
    await expect(login('ann', 'right', address)).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' })
  })

  it('asks for the barrier, but for no hash, when a remembered password comes from another address', async () => {
    await login('ann', 'right')
    const verify = vi.spyOn(hasher, 'verify')
    const before = failures.statements
    expect(await login('ann', 'right', '198.51.100.1')).toMatchObject({ name: 'ann' })
    expect(await login('ann', 'right', '198.51.100.1')).toMatchObject({ name: 'ann' })
    expect(failures.statements).toBe(before + 1)
    expect(verify).not.toHaveBeenCalled()
    verify.mockRestore()
  })

  it('makes one attempt of equal ones at one time, and never more guesses at once than one', async () => {
    const verify = vi.spyOn(hasher, 'verify')
    const found = await Promise.all(Array.from({ length: 20 }, () => login('ann', 'right')))
    expect(found.every((principal) => principal?.name === 'ann')).toBe(true)
    expect(verify).toHaveBeenCalledTimes(1)
    verify.mockClear()
    const guesses = await Promise.allSettled(
      Array.from({ length: 20 }, (_unused, index) => login('admin', `guess ${index}`)),
    )
    expect(guesses.filter(({ status }) => status === 'fulfilled')).toHaveLength(3)
    expect(verify).toHaveBeenCalledTimes(3)
    verify.mockRestore()
  })

  it('does not count an outage of a directory', async () => {
    corp.isDown = true
    for (let count = 0; count < 10; count += 1) {
      await expect(login('dora', `x${count}`)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    }
    corp.isDown = false
    expect(await login('dora', 'of dora')).toMatchObject({ realm: 'corp' })
    expect(outcomes()).toEqual([...Array<string>(10).fill('failed dora'), 'ok dora'])
  })

  it.each([
    ['within a minute', 1],
    ['later', 4 * 60_000],
  ])('tells nobody elsewhere by a right guess while the directory is down, %s', async (_when, later) => {
    await login('dora', 'of dora')
    corp.isDown = true
    clock.time += later
    const foreign = '203.0.113.9'
    for (let count = 0; count < 300; count += 1) {
      await expect(login('dora', `guess ${count}`, foreign)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    }
    await expect(login('dora', 'of dora', foreign)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(await login('dora', 'of dora')).toMatchObject({ name: 'dora' })
    expect(await login('dora', 'of dora')).toMatchObject({ name: 'dora' })
  })

  it('bridges an outage where the name was proven, until a password that is not remembered comes from there', async () => {
    await login('dora', 'of dora')
    corp.isDown = true
    clock.time += 4 * 60_000
    expect(await login('dora', 'of dora')).toMatchObject({ name: 'dora' })
    await expect(login('dora', 'guess')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await expect(login('dora', 'of dora')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  it('does not count, and does not let in, when the failures can not be counted', async () => {
    failures.find = () => Promise.reject(new RegistryError('UNAVAILABLE', 'the database is down'))
    await expect(login('ann', 'right')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  it('refuses the empty password before anything is asked', async () => {
    expect(await login('ann', '')).toBeUndefined()
    expect(failures.statements + accounts.lookups).toBe(0)
    expect(outcomes()).toEqual(['refused ann'])
  })

  it('counts a name that could be none for the address only', async () => {
    await login('a\0b', 'x')
    await login('x'.repeat(300), 'x')
    expect(failures.users.size).toBe(0)
    expect(failures.addresses.get('192.0.2.7')?.failures).toBe(2)
  })

  it('never writes a password into the audit trail', async () => {
    await login('ann', 'canary-1-wrong')
    await login('ann', 'right')
    await login('ci', 'token-of-canary')
    const written = JSON.stringify(audit.entries)
    expect(written).not.toContain('canary-1')
    expect(written).not.toContain('token-of')
    expect(written).not.toContain('"right"')
  })
})

describe('LoginGuard with wrong tokens as Bearer', () => {
  it('slows their address down, for passwords too, and nobody else', async () => {
    for (let count = 0; count < 100; count += 1) await guard.refused('forged', origin)
    await expect(guard.refused('forged', origin)).rejects.toMatchObject({
      code: 'TOO_MANY_REQUESTS',
      retryAfterSeconds: 1,
    })
    await expect(login('ann', 'right')).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' })
    expect(await login('ann', 'right', '198.51.100.1')).toMatchObject({ name: 'ann' })
    expect(await login('ci', 'token-of-ci')).toMatchObject({ name: 'ci' })
  })

  it('counts them with the passwords of the address', async () => {
    for (let count = 0; count < 99; count += 1) await guard.refused('forged', origin)
    expect(await login('nobody', 'wrong')).toBeUndefined()
    await expect(guard.refused('forged', origin)).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' })
  })

  it('writes them down', async () => {
    await guard.refused('the bearer token is forged', origin)
    expect(audit.entries).toEqual([
      {
        action: 'login',
        outcome: 'refused',
        actor: 'anonymous',
        origin,
        reason: 'the bearer token is forged',
      },
    ])
  })
})

describe('LoginGuard with access tokens', () => {
  it('lets a token in whatever stands against its name and address', async () => {
    policy = { ...policy, enabled: true, loginAttempts: 3, address: { ...policy.address, from: 3 } }
    await fail('ci', 3)
    expect(await login('ci', 'token-of-ci')).toMatchObject({ name: 'ci' })
  })

  it('writes down its login once a minute for each address', async () => {
    for (let count = 0; count < 3; count += 1) await login('ci', 'token-of-ci')
    await login('ci', 'token-of-ci', '198.51.100.1')
    clock.time += 60_000
    await login('ci', 'token-of-ci')
    expect(outcomes()).toEqual(['ok ci', 'ok ci', 'ok ci'])
    expect(failures.statements).toBe(0)
  })

  it('counts a wrong one for the address and not for the user', async () => {
    policy = { ...policy, address: { ...policy.address, from: 3 } }
    for (let count = 0; count < 3; count += 1) {
      expect(await login('ann', `token-of-nobody-${count}`)).toBeUndefined()
    }
    await expect(login('ann', 'token-of-nobody')).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' })
    expect(failures.users.size).toBe(0)
    expect(await login('ann', 'right', '198.51.100.1')).toBeDefined()
  })
})

describe('LoginGuard with the lock switched on', () => {
  beforeEach(() => {
    policy = { ...policy, enabled: true, loginAttempts: 4 }
  })

  it.each(['ann', 'nobody'])('locks %s until an administrator unlocks', async (name) => {
    await fail(name, 4)
    clock.time += 100 * 24 * 60 * 60_000
    await expect(login(name, 'right')).rejects.toMatchObject({
      code: 'DENIED',
      message: expect.stringContaining('an administrator has to unlock it') as string,
    })
    expect(await count.locked()).toEqual([name])
    expect(await count.unlock(name.toUpperCase())).toBe(true)
    expect(await count.unlock(name)).toBe(false)
    expect(await count.locked()).toEqual([])
    expect((await login(name, 'right'))?.name).toBe(name === 'ann' ? 'ann' : undefined)
  })

  it('unlocks everybody, or the administrators among them', async () => {
    await fail('ann', 4)
    await fail('admin', 4)
    expect(await count.unlockAdministrators()).toEqual(['admin'])
    expect(await login('admin', 'right')).toMatchObject({ admin: true })
    await expect(login('ann', 'right')).rejects.toMatchObject({ code: 'DENIED' })
    expect(await count.unlockAll()).toEqual(['ann'])
    expect(await login('ann', 'right')).toBeDefined()
  })

  it('says in the audit trail that a user was locked, and each attempt afterwards', async () => {
    await fail('ann', 4)
    await expect(login('ann', 'right')).rejects.toMatchObject({ code: 'DENIED' })
    expect(audit.entries.at(-2)).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('locked') as string,
    })
    expect(audit.entries.at(-1)).toMatchObject({ outcome: 'locked', actor: 'ann' })
  })
})
