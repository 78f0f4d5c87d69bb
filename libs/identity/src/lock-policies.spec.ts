import { MemoryBroadcast, MemoryBroadcastHub } from '@entrepot/coordination/testing'
import { silentLogger } from '@entrepot/kernel'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { LockPolicies, type LockPolicyStore } from './lock-policies.js'
import { defaultLockPolicy } from './lock-policy.js'

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

const started: LockPolicies[] = []
afterEach(() => {
  for (const policies of started.splice(0)) policies.stop()
})

async function replica(store: LockPolicyStore, hub: MemoryBroadcastHub): Promise<LockPolicies> {
  const policies = new LockPolicies(store, new MemoryBroadcast(hub), silentLogger)
  await policies.start()
  started.push(policies)
  return policies
}

describe('LockPolicies', () => {
  it('has the defaults at first: a slow-down, and no lock', async () => {
    const policies = await replica(new InMemorySettings(), new MemoryBroadcastHub())
    expect(policies.current).toEqual(defaultLockPolicy)
    expect(policies.current.enabled).toBe(false)
  })

  it('shows a change here at once and to the others upon the hint, and to who starts later', async () => {
    const [store, hub] = [new InMemorySettings(), new MemoryBroadcastHub()]
    const [here, there] = [await replica(store, hub), await replica(store, hub)]
    expect(await here.change({ enabled: true, loginAttempts: 7 })).toEqual({
      ...defaultLockPolicy,
      enabled: true,
      loginAttempts: 7,
    })
    await vi.waitFor(() => expect(there.current).toEqual(here.current))
    await there.change({ enabled: false })
    expect((await replica(store, hub)).current).toEqual({ ...defaultLockPolicy, loginAttempts: 7 })
  })

  it('loses neither of two changes that come at one time', async () => {
    const [store, hub] = [new InMemorySettings(), new MemoryBroadcastHub()]
    const [here, there] = [await replica(store, hub), await replica(store, hub)]
    await Promise.all([here.change({ enabled: true }), there.change({ loginAttempts: 7 })])
    expect((await replica(store, hub)).current).toMatchObject({ enabled: true, loginAttempts: 7 })
  })

  it('gives up when others change it all the time, and says so', async () => {
    const store = new InMemorySettings()
    store.replace = async () => false
    const policies = await replica(store, new MemoryBroadcastHub())
    await expect(policies.change({ enabled: true })).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(policies.current).toEqual(defaultLockPolicy)
  })

  it.each([
    { enabled: true, loginAttempts: 0 },
    { loginAttempts: -1 },
    { loginAttempts: 1.5 },
    { loginAttempts: 1001 },
    { user: { ...defaultLockPolicy.user, from: 0 } },
    { user: { ...defaultLockPolicy.user, from: 2 ** 31 } },
    { user: { ...defaultLockPolicy.user, forgottenAfterMilliseconds: 1e15 } },
    { address: { ...defaultLockPolicy.address, maximumMilliseconds: Infinity } },
  ])('refuses %j and keeps what was', async (change) => {
    const store = new InMemorySettings()
    const policies = await replica(store, new MemoryBroadcastHub())
    await expect(policies.change(change)).rejects.toMatchObject({ code: 'REQUEST_INVALID' })
    expect(policies.current).toEqual(defaultLockPolicy)
    expect(store.documents.size).toBe(0)
  })

  it('takes no attempts for no policy, and wants some before it locks anybody', async () => {
    const policies = await replica(new InMemorySettings(), new MemoryBroadcastHub())
    expect(await policies.change({ enabled: false, loginAttempts: 0 })).toMatchObject({ loginAttempts: 0 })
    await expect(policies.change({ enabled: true })).rejects.toMatchObject({ code: 'REQUEST_INVALID' })
    expect(await policies.change({ enabled: true, loginAttempts: 3 })).toMatchObject({ enabled: true })
  })

  it('takes from the defaults what a stored document lacks', async () => {
    const store = new InMemorySettings()
    await store.replace('lockPolicy', { enabled: true, user: { from: 9 } }, 0)
    const policies = await replica(store, new MemoryBroadcastHub())
    expect(policies.current).toEqual({
      ...defaultLockPolicy,
      enabled: true,
      user: { ...defaultLockPolicy.user, from: 9 },
    })
  })
})
