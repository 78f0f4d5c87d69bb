import { MemoryBroadcast } from '@entrepot/coordination/testing'
import { silentLogger } from '@entrepot/kernel'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AnonymousAccess } from './anonymous-access.js'
import { InMemorySecuritySettingStore } from './testing/in-memory-security-setting-store.js'

describe('the switch for anonymous access', () => {
  const store = new InMemorySecuritySettingStore()
  let broadcast: MemoryBroadcast
  let access: AnonymousAccess

  beforeEach(async () => {
    broadcast = new MemoryBroadcast()
    access = new AnonymousAccess(store, broadcast, silentLogger)
    await access.start()
  })
  afterEach(async () => {
    access.stop()
    await broadcast.close()
  })

  it('is off until somebody puts it on, and on until somebody puts it off, on every replica', async () => {
    const other = new AnonymousAccess(store, broadcast, silentLogger)
    await other.start()
    expect(access.enabled).toBe(false)
    await access.change(true)
    expect(access.enabled).toBe(true)
    await expect.poll(() => other.enabled).toBe(true)
    await other.change(false)
    expect(other.enabled).toBe(false)
    await expect.poll(() => access.enabled).toBe(false)
    other.stop()
  })

  it('stays as it was over a restart', async () => {
    await access.change(true)
    const restarted = new AnonymousAccess(store, broadcast, silentLogger)
    await restarted.start()
    expect(restarted.enabled).toBe(true)
    restarted.stop()
  })

  it.each([{}, { enabled: 'true' }, { enabled: 1 }])('is off when %j is stored', async (value) => {
    await store.put('anonymous', value)
    const restarted = new AnonymousAccess(store, broadcast, silentLogger)
    await restarted.start()
    expect(restarted.enabled).toBe(false)
    restarted.stop()
  })
})
