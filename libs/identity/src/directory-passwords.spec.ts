import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { AuthenticatorChain } from './authenticator-chain.js'
import { PasswordHasher } from './password-hasher.js'
import { principalOf } from './principal-source.js'
import {
  InMemoryAccounts,
  InMemoryGroupStore,
  InMemoryUserAccountStore,
  loginChain,
  noAccessTokens,
  plainGroup,
  ScriptedDirectory,
} from './testing/index.js'

const hasher = new PasswordHasher()
const clock = { time: 1_000_000, now: () => clock.time }
const minute = 60_000
let accounts: InMemoryUserAccountStore
let groups: InMemoryGroupStore
let corp: ScriptedDirectory
let partner: ScriptedDirectory
let switchedOn: ScriptedDirectory[]
let chain: AuthenticatorChain

beforeEach(() => {
  clock.time = 1_000_000
  const state = new InMemoryAccounts()
  accounts = new InMemoryUserAccountStore(state)
  groups = new InMemoryGroupStore(state)
  corp = new ScriptedDirectory('corp').add('ann', 'of ann', 'developers')
  partner = new ScriptedDirectory('partner', false).add('pat', 'of pat').add('ann', 'of another ann')
  switchedOn = [corp, partner]
  chain = loginChain({
    accounts,
    hasher,
    clock,
    directories: { all: () => switchedOn },
    accessTokens: noAccessTokens,
  })
})

const login = (username: string, password: string) => chain.authenticate({ username, password })

describe('AuthenticatorChain with directories', () => {
  it('makes an account at the first login, with the groups that exist here', async () => {
    await groups.create(plainGroup('Developers', { realm: 'ldap' }))
    expect(await login('Ann', 'of ann')).toMatchObject({
      name: 'ann',
      realm: 'corp',
      admin: false,
      groups: ['Developers'],
    })
    expect(await accounts.find('ann')).toMatchObject({ transient: false, lastLoginAt: new Date(1_000_000) })
  })

  it('asks the next directory for who is not in the first, and marks who gets no account', async () => {
    expect(await login('pat', 'of pat')).toMatchObject({ realm: 'partner' })
    expect(await accounts.find('pat')).toMatchObject({ transient: true })
  })

  it('asks no other directory once one knows the name', async () => {
    expect(await login('ann', 'of another ann')).toBeUndefined()
    expect(partner.binds).toBe(0)
    expect(await accounts.find('ann')).toBeUndefined()
  })

  it('asks the directory that confirmed the name first, wherever it stands now', async () => {
    await login('pat', 'of pat')
    corp.add('pat', 'of a new pat')
    clock.time += minute
    expect(await login('pat', 'of pat')).toMatchObject({ realm: 'partner' })
    expect(await login('pat', 'of a new pat')).toBeUndefined()
  })

  it('takes a name for somebody else when another directory has it after the first let it go', async () => {
    const before = await login('pat', 'of pat')
    partner.entries.delete('pat')
    corp.add('pat', 'of a new pat')
    const after = await login('pat', 'of a new pat')
    expect(after).toMatchObject({ name: 'pat', realm: 'corp' })
    expect(after?.id).not.toBe(before?.id)
    expect(await login('pat', 'of pat')).toBeUndefined()
  })

  it('never asks a directory for a name that lives here', async () => {
    corp.add('admin', 'of the directory').add('ci', 'of the directory')
    await accounts.create({ name: 'admin', passwordHash: await hasher.hash('of the registry') })
    await accounts.create({ name: 'ci', kind: 'robot' })
    await accounts.create({ name: 'off', internalPasswordDisabled: true })
    for (const name of ['admin', 'ADMIN', 'ci', 'off']) {
      expect(await login(name, 'of the directory'), name).toBeUndefined()
    }
    expect(await login('admin', 'of the registry')).toMatchObject({ realm: 'internal' })
    expect(corp.binds + partner.binds).toBe(0)
  })

  it('refuses the empty password and impossible names before anybody is asked', async () => {
    for (const [name, password] of [
      ['ann', ''],
      ['ann\0', 'of ann'],
      ['\u0001', 'x'],
      ['a'.repeat(256), 'x'],
      ['', 'x'],
    ] as const) {
      expect(await login(name, password)).toBeUndefined()
    }
    expect(corp.binds).toBe(0)
    expect(accounts.lookups).toBe(0)
  })

  it('refuses somebody disabled here, whatever the directory says', async () => {
    await login('ann', 'of ann')
    await accounts.update('ann', { disabled: true })
    expect(await login('ann', 'of ann')).toBeUndefined()
    clock.time += 10 * minute
    expect(await login('ann', 'of ann')).toBeUndefined()
    expect(corp.binds).toBe(1)
  })

  it('computes one hash for each refusal and none for a right password', async () => {
    await login('ann', 'of ann')
    await accounts.create({ name: 'here', passwordHash: await hasher.hash('of here') })
    await accounts.update('ann', { disabled: false })
    for (const name of ['ann', 'pat', 'nobody', 'here', 'a\0']) {
      const verify = vi.spyOn(hasher, 'verify')
      expect(await login(name, 'wrong')).toBeUndefined()
      expect(verify, name).toHaveBeenCalledTimes(1)
      verify.mockRestore()
    }
    const verify = vi.spyOn(hasher, 'verify')
    expect(await login('pat', 'of pat')).toBeDefined()
    expect(verify).not.toHaveBeenCalled()
    verify.mockRestore()
  })

  it('spares the directory a bind for every request of a minute', async () => {
    for (let count = 0; count < 10; count += 1) await login('ann', 'of ann')
    expect(corp.binds).toBe(1)
    clock.time += minute
    await login('ann', 'of ann')
    expect(corp.binds).toBe(2)
  })

  it('takes a changed password after a minute, and the new one at once', async () => {
    await login('ann', 'of ann')
    corp.add('ann', 'new')
    expect(await login('ann', 'new')).toBeDefined()
    clock.time += minute
    expect(await login('ann', 'of ann')).toBeUndefined()
    corp.isDown = true
    expect(await login('ann', 'new')).toBeDefined()
    await expect(login('ann', 'of ann')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  it('lets nobody in by a remembered password after the directory was switched off', async () => {
    await login('ann', 'of ann')
    switchedOn = []
    expect(await login('ann', 'of ann')).toBeUndefined()
  })
})

describe('AuthenticatorChain while a directory is down', () => {
  it('says so to names that it has or could have, and never "wrong password"', async () => {
    await login('ann', 'of ann')
    corp.isDown = true
    for (const [name, password] of [
      ['ann', 'wrong'],
      ['nobody', 'x'],
      ['newcomer-of-partner', 'x'],
    ] as const) {
      const refusal = await login(name, password).catch((error: unknown) => error)
      expect(refusal).toMatchObject({ code: 'UNAVAILABLE', retryAfterSeconds: expect.any(Number) as number })
      expect((refusal as Error).message).not.toMatch(/corp|ldap:|cn=/)
    }
    expect(partner.binds).toBe(0)
  })

  it('goes on with internal users and with those of other directories', async () => {
    await accounts.create({ name: 'admin', passwordHash: await hasher.hash('of admin') })
    await login('pat', 'of pat')
    corp.isDown = true
    clock.time += 10 * minute
    expect(await login('admin', 'of admin')).toMatchObject({ realm: 'internal' })
    expect(await login('pat', 'of pat')).toMatchObject({ realm: 'partner' })
    expect(await login('pat', 'wrong')).toBeUndefined()
  })

  it('keeps who was just verified working until the confirmation time is over', async () => {
    await login('ann', 'of ann')
    corp.isDown = true
    clock.time += 5 * minute - 1
    expect(await login('ann', 'of ann')).toMatchObject({ name: 'ann' })
    await expect(login('ann', 'wrong')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    clock.time += 1
    await expect(login('ann', 'of ann')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  it('does not make the remembered wait for it at every request', async () => {
    await login('ann', 'of ann')
    corp.isDown = true
    clock.time += 2 * minute
    for (let count = 0; count < 5; count += 1) expect(await login('ann', 'of ann')).toBeDefined()
    expect(corp.binds).toBe(2)
    corp.isDown = false
    clock.time += 10_000
    await login('ann', 'of ann')
    expect(corp.binds).toBe(3)
  })

  it('asks it when it is back, even after the confirmation time', async () => {
    await login('ann', 'of ann')
    clock.time += 60 * minute
    expect(await login('ann', 'of ann')).toBeDefined()
    expect(corp.binds).toBe(2)
  })

  it('lets nobody in by a remembered password whom it has withdrawn', async () => {
    const ann = await login('ann', 'of ann')
    await accounts.withdraw(ann!.id)
    corp.isDown = true
    await expect(login('ann', 'of ann')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  it('passes a failure of our own on as it is', async () => {
    corp.verify = () => Promise.reject(new TypeError('a fault'))
    await expect(login('ann', 'of ann')).rejects.toThrow('a fault')
  })
})

describe('AuthenticatorChain with access tokens', () => {
  const accessTokens = {
    isAccessToken: (secret: string) => secret.startsWith('token-of-'),
    verify: async (secret: string) => {
      const account = await accounts.find(secret.slice('token-of-'.length))
      return account && { ...principalOf(account), accessTokenId: 't1' }
    },
  }
  beforeEach(async () => {
    chain = loginChain({ accounts, hasher, clock, directories: { all: () => switchedOn }, accessTokens })
    await accounts.create({ name: 'ci', kind: 'robot' })
  })

  it('takes a token for a password, of robots too', async () => {
    expect(await login('CI', 'token-of-ci')).toMatchObject({ name: 'ci', accessTokenId: 't1' })
  })

  it('refuses a token beside the name of another, and one that is unknown', async () => {
    expect(await login('ann', 'token-of-ci')).toBeUndefined()
    expect(await login('', 'token-of-ci')).toBeUndefined()
    expect(await login('ci', 'token-of-nobody')).toBeUndefined()
  })

  it('never shows a token to a directory or to the hasher', async () => {
    const verify = vi.spyOn(hasher, 'verify')
    await login('ann', 'token-of-nobody')
    expect(corp.binds).toBe(0)
    expect(verify).not.toHaveBeenCalled()
    verify.mockRestore()
  })
})
