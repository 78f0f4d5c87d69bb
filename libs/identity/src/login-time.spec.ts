import { type Pause, type RegistryError, silentLogger } from '@entrepot/kernel'
import { RecordingAuditTrail } from '@entrepot/kernel/testing'
import { hashSync } from 'bcryptjs'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { PasswordCredentials } from './authenticator.js'
import { FailureCount } from './failure-count.js'
import { defaultRefusalLimits, HeldRefusals } from './held-refusals.js'
import { defaultLockPolicy } from './lock-policy.js'
import { LoginGuard } from './login-guard.js'
import { PasswordHasher } from './password-hasher.js'
import {
  InMemoryLoginFailureStore,
  InMemoryUserAccountStore,
  loginChain,
  noAccessTokens,
  ScriptedDirectory,
} from './testing/index.js'

/** What a thing costs by this clock, in milliseconds. */
const costs = { argon2id: 13, bcrypt: 250, unknownThere: 4, wrongThere: 45 }

const clock = { time: 0, now: () => clock.time }
const hashes = { argon2id: await new PasswordHasher().hash('right'), bcrypt: hashSync('right', 4) }

/** Hashes that take their time by the test's clock. */
class TimedHasher extends PasswordHasher {
  override async verify(phc: string | undefined, password: string): Promise<boolean> {
    clock.time += phc?.startsWith('$2') === true ? costs.bcrypt : costs.argon2id
    return super.verify(phc, password)
  }
}

class TimedDirectory extends ScriptedDirectory {
  override async verify(credentials: PasswordCredentials) {
    const verdict = await super.verify(credentials)
    clock.time += this.extra + (verdict.kind === 'unknown' ? costs.unknownThere : costs.wrongThere)
    return verdict
  }

  extra = 0
}

let accounts: InMemoryUserAccountStore
let failures: InMemoryLoginFailureStore
let corp: TimedDirectory
let directories: readonly TimedDirectory[]

beforeEach(async () => {
  clock.time = 1_000_000
  accounts = new InMemoryUserAccountStore()
  failures = new InMemoryLoginFailureStore()
  corp = new TimedDirectory('corp').add('dora', 'of dora').add('dirk', 'of dirk')
  directories = [corp]
  await accounts.create({ name: 'argon', passwordHash: hashes.argon2id })
  await accounts.create({ name: 'import', passwordHash: hashes.bcrypt })
  await accounts.create({ name: 'gone', passwordHash: hashes.argon2id, disabled: true })
  await accounts.create({ name: 'import-gone', passwordHash: hashes.bcrypt, disabled: true })
  await accounts.create({ name: 'no-password', internalPasswordDisabled: true })
  await accounts.create({ name: 'robot', kind: 'robot' })
  const identity = {
    directory: 'corp',
    dn: 'uid=dirk,dc=corp',
    uniqueId: undefined,
    email: undefined,
    groups: [],
  }
  await accounts.confirm({ ...identity, username: 'dirk' }, false, new Date(clock.time))
  await accounts.confirm({ ...identity, username: 'dirk-gone' }, false, new Date(clock.time))
  await accounts.update('dirk-gone', { disabled: true })
})

const kinds: readonly (readonly [string, string, string])[] = [
  ['an unknown user', 'nobody', 'wrong'],
  ['a wrong password', 'argon', 'wrong'],
  ['a wrong password of an imported user', 'import', 'wrong'],
  ["a wrong password of a directory's user", 'dora', 'wrong'],
  ["a wrong password of a directory's user who was here", 'dirk', 'wrong'],
  ['a disabled user', 'gone', 'right'],
  ['a disabled imported user', 'import-gone', 'right'],
  ["a disabled user of a directory's", 'dirk-gone', 'wrong'],
  ['somebody without a password', 'no-password', 'wrong'],
  ['a robot', 'robot', 'wrong'],
  ['an empty password', 'argon', ''],
  ['an empty password of nobody', 'nobody', ''],
  ['an empty name', '', 'wrong'],
  ['NUL in the name', 'argon\0', 'wrong'],
  ['an LDAP filter', '*)(uid=*', 'wrong'],
  ['a name beyond reason', 'x'.repeat(10_000), 'wrong'],
]

const passing: Pause = async (milliseconds) => {
  clock.time += milliseconds
}

function guardWith(
  stepMilliseconds: number,
  { locks = false, pause = passing }: { readonly locks?: boolean; readonly pause?: Pause } = {},
): LoginGuard {
  const parts = { accounts, hasher: new TimedHasher(), clock, accessTokens: noAccessTokens }
  const chain = loginChain({ ...parts, directories: { all: () => directories } })
  const policy = { ...defaultLockPolicy, enabled: locks, loginAttempts: 3 }
  const count = new FailureCount(failures, { current: policy }, new RecordingAuditTrail(), clock)
  const sources = { directories: { all: () => directories }, accounts }
  const limits = { ...defaultRefusalLimits, stepMilliseconds }
  return new LoginGuard(
    chain,
    count,
    new HeldRefusals(sources, limits, { clock, pause }, silentLogger),
    clock,
  )
}

/** @returns what the answer was and how long it took */
async function attempt(guard: LoginGuard, username: string, password: string, address = '192.0.2.7') {
  const began = clock.time
  const origin = { address, requestId: 'r' }
  const answer = await guard.authenticate({ username, password }, origin).then(
    (principal) => principal?.name ?? 'refused',
    (error: RegistryError) => error.code,
  )
  return [answer, clock.time - began] as const
}

describe('the time of a refused login', () => {
  it.each(kinds)('is one step for %s', async (_kind, username, password) => {
    expect(await attempt(guardWith(500), username, password)).toEqual(['refused', 500])
  })

  it('would tell several of them apart without steps', async () => {
    const guard = guardWith(0)
    const times = new Set<number>()
    for (const [, username, password] of kinds) times.add((await attempt(guard, username, password))[1])
    expect(times.size).toBeGreaterThanOrEqual(4)
  })

  it.each(kinds)(
    'is one step for %s with imported users and no directory',
    async (_kind, username, password) => {
      directories = []
      expect(await attempt(guardWith(500), username, password)).toEqual(['refused', 500])
    },
  )

  it('is that of one hash for every name that was not imported, where there is no directory', async () => {
    directories = []
    for (const name of ['import', 'import-gone']) await accounts.update(name, { passwordHash: undefined })
    for (const [, username, password] of kinds.filter(([, , given]) => given !== '')) {
      expect(await attempt(guardWith(500), username, password), username).toEqual(['refused', costs.argon2id])
    }
  })

  it('is more than a step, whoever it is, where the directory takes longer', async () => {
    corp.extra = 600
    for (const name of ['nobody', 'dora', 'dirk']) {
      expect(await attempt(guardWith(500), name, 'wrong')).toEqual(['refused', 1000])
    }
  })

  it.each(['nobody', 'argon', 'import', 'dora'])('is one step for %s, who is locked', async (name) => {
    const guard = guardWith(500, { locks: true })
    for (const password of ['1', '2', '3']) {
      clock.time += 10_000
      expect(await attempt(guard, name, password)).toEqual(['refused', 500])
    }
    expect(await attempt(guard, name, 'right')).toEqual(['DENIED', 500])
  })

  it.each(['nobody', 'argon', 'import', 'dora'])(
    'tells who was slowed down behind a guess for %s nothing of its length',
    async (name) => {
      const guard = guardWith(500)
      for (const password of ['1', '2']) await attempt(guard, name, password)
      const both = await Promise.all([attempt(guard, name, '3'), attempt(guard, name, '4')])
      expect(both.map(([answer]) => answer)).toEqual(['refused', 'TOO_MANY_REQUESTS'])
      // The pauses of both pass on one clock: what counts is that each ends on a step.
      expect(both[1][1] % 500).toBe(0)
    },
  )

  it('leaves a success as quick as it is', async () => {
    const guard = guardWith(500)
    expect(await attempt(guard, 'argon', 'right')).toEqual(['argon', costs.argon2id])
    expect(await attempt(guard, 'dora', 'of dora')).toEqual(['dora', costs.wrongThere])
    expect(await attempt(guard, 'dora', 'of dora')).toEqual(['dora', 0])
  })

  it('leaves an outage as quick as it is', async () => {
    corp.isDown = true
    expect(await attempt(guardWith(500), 'dora', 'wrong')).toEqual(['UNAVAILABLE', 0])
  })

  it('has nobody else wait for it: neither the next attempt for the name nor the next of the address', async () => {
    const held: (() => void)[] = []
    const guard = guardWith(500, { pause: () => new Promise((resolve) => held.push(resolve)) })
    const refused = attempt(guard, 'dora', 'wrong')
    await vi.waitFor(() => expect(held).toHaveLength(1))
    expect((await attempt(guard, 'dora', 'of dora'))[0]).toBe('dora')
    expect((await attempt(guard, 'argon', 'right'))[0]).toBe('argon')
    held[0]?.()
    expect((await refused)[0]).toBe('refused')
  })
})
