import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { defaultLockPolicy, type LockPolicy } from '../lock-policy.js'
import type { LoginFailureStore } from '../login-failure-store.js'

export interface LoginFailures {
  readonly failures: LoginFailureStore
  close(): Promise<void>
}

const start = Date.parse('2026-11-20T12:00:00Z')
const at = (milliseconds: number) => new Date(start + milliseconds)
const ann = { user: 'ann', address: '192.0.2.1' }
const locking: LockPolicy = { ...defaultLockPolicy, enabled: true, loginAttempts: 3 }

/**
 * What every implementation of the LoginFailureStore port does.
 * @param open with the accounts `root`, an administrator, and `ann`, none
 */
export function loginFailureStoreContract(name: string, open: () => Promise<LoginFailures>): void {
  describe(`${name} keeps the contract of LoginFailureStore`, () => {
    let stores: LoginFailures
    let failures: LoginFailureStore
    beforeEach(async () => {
      stores = await open()
      failures = stores.failures
    })
    afterEach(() => stores.close())

    const fail = async (times: number, attempt = ann, policy = defaultLockPolicy) => {
      for (let count = 0; count < times; count += 1) await failures.add(attempt, policy, at(0))
    }

    it('has nothing against anybody at first', async () => {
      expect(await failures.find(ann, at(0))).toEqual({
        locked: false,
        blockedUntil: undefined,
        userFailures: 0,
        addressFailures: 0,
      })
    })

    it('makes the third failure wait half a second, and doubles that up to a minute', async () => {
      await fail(2)
      expect(await failures.find(ann, at(0))).toMatchObject({ blockedUntil: undefined, userFailures: 2 })
      const waits: number[] = []
      for (let count = 3; count <= 12; count += 1) {
        const { blockedUntil } = await failures.add(ann, defaultLockPolicy, at(0))
        waits.push((blockedUntil?.getTime() ?? 0) - start)
      }
      expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000])
      expect((await failures.find(ann, at(59_999))).blockedUntil).toEqual(at(60_000))
      expect((await failures.find(ann, at(60_000))).blockedUntil).toBeUndefined()
    })

    it('survives any number of failures', async () => {
      const policy = { ...defaultLockPolicy, user: { ...defaultLockPolicy.user, from: 1 } }
      await fail(80, ann, policy)
      expect((await failures.find(ann, at(0))).blockedUntil).toEqual(at(60_000))
    })

    it('counts a user whatever the address, and an address whatever the user', async () => {
      const policy = { ...defaultLockPolicy, address: { ...defaultLockPolicy.address, from: 3 } }
      for (const user of ['a', 'b', 'c']) {
        await failures.add({ user, address: '192.0.2.9' }, policy, at(0))
      }
      const other = await failures.find({ user: 'd', address: '192.0.2.9' }, at(0))
      expect(other).toMatchObject({ blockedUntil: at(500), userFailures: 0, addressFailures: 3 })
      await fail(3)
      expect(await failures.find({ user: 'ann', address: '192.0.2.8' }, at(0))).toMatchObject({
        blockedUntil: at(500),
        userFailures: 3,
      })
      expect((await failures.find({ user: 'e', address: '192.0.2.8' }, at(0))).blockedUntil).toBeUndefined()
    })

    it('counts the address alone where there could be no user', async () => {
      const policy = { ...defaultLockPolicy, address: { ...defaultLockPolicy.address, from: 1 } }
      const nobody = { user: undefined, address: '192.0.2.1' }
      expect(await failures.add(nobody, policy, at(0))).toEqual({
        locked: false,
        blockedUntil: at(500),
        userFailures: 0,
        addressFailures: 1,
      })
      expect((await failures.find(nobody, at(0))).blockedUntil).toEqual(at(500))
    })

    it('keeps a user apart from an address of the same text', async () => {
      await fail(3, { user: '192.0.2.1', address: '192.0.2.2' })
      const address = await failures.find({ user: undefined, address: '192.0.2.1' }, at(0))
      expect(address.blockedUntil).toBeUndefined()
    })

    it('counts all failures that come at one time', async () => {
      await Promise.all(Array.from({ length: 20 }, () => failures.add(ann, defaultLockPolicy, at(0))))
      expect((await failures.find(ann, at(0))).userFailures).toBe(20)
    })

    it('forgets failures after their time, but not before', async () => {
      await fail(2)
      const { forgottenAfterMilliseconds: time } = defaultLockPolicy.user
      expect((await failures.add(ann, defaultLockPolicy, at(time - 1))).userFailures).toBe(3)
      expect((await failures.add(ann, defaultLockPolicy, at(2 * time - 1))).userFailures).toBe(1)
    })

    it('locks after as many failures as the policy says, known here or not, and for ever', async () => {
      for (const user of ['ann', 'nobody']) {
        const attempt = { user, address: '192.0.2.1' }
        await fail(2, attempt, locking)
        expect((await failures.find(attempt, at(0))).locked).toBe(false)
        expect((await failures.add(attempt, locking, at(0))).locked).toBe(true)
        const later = at(20 * defaultLockPolicy.user.forgottenAfterMilliseconds)
        expect((await failures.find(attempt, later)).locked).toBe(true)
        expect((await failures.add(attempt, locking, later)).locked).toBe(true)
      }
      expect(await failures.locked()).toEqual(['ann', 'nobody'])
    })

    it('locks nobody while the lock is switched off', async () => {
      await fail(5)
      expect((await failures.find(ann, at(0))).locked).toBe(false)
      expect(await failures.locked()).toEqual([])
    })

    it('unlocks one user, and leaves the address as it is', async () => {
      await fail(3, ann, locking)
      await fail(3, { ...ann, user: 'bob' }, locking)
      expect(await failures.unlock('ann')).toBe(true)
      expect(await failures.unlock('ann')).toBe(false)
      expect(await failures.find({ ...ann, address: '192.0.2.7' }, at(0))).toEqual({
        locked: false,
        blockedUntil: undefined,
        userFailures: 0,
        addressFailures: 0,
      })
      expect(await failures.locked()).toEqual(['bob'])
    })

    it('unlocks all who are locked', async () => {
      await fail(3, ann, locking)
      await fail(3, { ...ann, user: 'bob' }, locking)
      expect(await failures.unlockAll()).toEqual(['ann', 'bob'])
      expect(await failures.unlockAll()).toEqual([])
    })

    it('unlocks the administrators among them', async () => {
      await fail(3, ann, locking)
      await fail(3, { ...ann, user: 'root' }, locking)
      expect(await failures.unlockAdministrators()).toEqual(['root'])
      expect(await failures.locked()).toEqual(['ann'])
    })
  })
}
