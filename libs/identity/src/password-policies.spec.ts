import { MemoryBroadcast, MemoryBroadcastHub } from '@entrepot/coordination/testing'
import { silentLogger } from '@entrepot/kernel'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { LockPolicyStore } from './lock-policies.js'
import { PasswordPolicies } from './password-policies.js'
import { defaultPasswordPolicy, policyRefusalOf } from './password-policy.js'

class InMemorySettings implements LockPolicyStore {
  readonly documents = new Map<string, NonNullable<Awaited<ReturnType<LockPolicyStore['find']>>>>()

  async find(name: string) {
    return this.documents.get(name)
  }

  async replace(name: string, value: Readonly<Record<string, unknown>>, revision: number) {
    if ((this.documents.get(name)?.revision ?? 0) !== revision) return false
    this.documents.set(name, { value, revision: revision + 1 })
    return true
  }
}

describe('policyRefusalOf', () => {
  const strict = { uppercase: 1, lowercase: 2, digit: 1, specialChar: 1, length: 10 }

  it.each([
    ['Ab1!', /4 characters, expected at least 10/],
    ['abcdefgh1!', /0 upper-case letters, expected at least 1/],
    ['ABCDEFGHi1!', /1 lower-case letters, expected at least 2/],
    ['Abcdefghij!', /0 digits/],
    ['Abcdefghi1', /0 special characters/],
  ])('refuses %j', (password, reason) => {
    expect(policyRefusalOf(strict, password)).toMatch(reason)
  })

  it.each(['Abcdefgh1!', 'Ärger über 7', 'ПАРОЛЬ-длинный-8'])('accepts %j', (password) => {
    expect(policyRefusalOf(strict, password)).toBeUndefined()
  })
})

describe('PasswordPolicies', () => {
  const started: PasswordPolicies[] = []
  afterEach(() => {
    for (const policies of started.splice(0)) policies.stop()
  })
  const replica = async (store: LockPolicyStore, hub = new MemoryBroadcastHub()) => {
    const policies = new PasswordPolicies(store, new MemoryBroadcast(hub), silentLogger)
    await policies.start()
    started.push(policies)
    return policies
  }

  it('ask for nothing but what holds everywhere until somebody changes them', async () => {
    const policies = await replica(new InMemorySettings())
    expect(policies.current).toEqual(defaultPasswordPolicy)
    expect(policies.refusalOf('ann', 'correct horse battery')).toBeUndefined()
    expect(policies.refusalOf('ann', 'Password1')).toMatch(/well-known/)
    await policies.change({ length: 0 })
    expect(policies.refusalOf('ann', 'short')).toMatch(/5 characters, expected at least 8/)
  })

  it('are changed here at once, elsewhere upon the hint, and keep what a change does not name', async () => {
    const [store, hub] = [new InMemorySettings(), new MemoryBroadcastHub()]
    const [here, there] = [await replica(store, hub), await replica(store, hub)]
    await Promise.all([here.change({ digit: 1 }), there.change({ length: 12 })])
    const expected = { ...defaultPasswordPolicy, digit: 1, length: 12 }
    await vi.waitFor(() => expect([here.current, there.current]).toEqual([expected, expected]))
    expect(there.refusalOf('ann', 'correct horse battery')).toBe('it has 0 digits, expected at least 1')
  })

  it('give up when others change them all the time', async () => {
    const store = new InMemorySettings()
    store.replace = async () => false
    await expect((await replica(store)).change({ digit: 1 })).rejects.toMatchObject({ code: 'CONFLICT' })
  })
})
