import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SecuritySettingStore } from '../security-setting-store.js'

interface Opened {
  readonly store: SecuritySettingStore
  stop(): Promise<void>
}

/** What every SecuritySettingStore does. */
export function securitySettingStoreContract(name: string, open: () => Promise<Opened>): void {
  describe(`${name} keeps the contract of SecuritySettingStore`, () => {
    let opened: Opened
    let store: SecuritySettingStore

    beforeAll(async () => {
      opened = await open()
      store = opened.store
    })
    afterAll(() => opened.stop())

    it('finds nothing where nothing was put', async () => {
      expect(await store.find('never')).toBeUndefined()
    })

    it('keeps what was put last, each setting for itself, under a growing revision', async () => {
      const other = await store.put('other', { attempts: 3 })
      const first = await store.put('one', { enabled: true, list: ['a', null] })
      const second = await store.put('one', { enabled: false })
      expect(first.value).toEqual({ enabled: true, list: ['a', null] })
      expect(second.revision).toBeGreaterThan(first.revision)
      expect(await store.find('one')).toEqual(second)
      expect(second.value).toEqual({ enabled: false })
      expect(await store.find('other')).toEqual(other)
    })

    it('replaces what nobody has changed meanwhile, and only that', async () => {
      expect(await store.replace('checked', { count: 1 }, 7)).toBe(false)
      const first = await Promise.all([1, 2, 3].map((count) => store.replace('checked', { count }, 0)))
      expect(first.filter(Boolean)).toHaveLength(1)
      const { revision = 0 } = (await store.find('checked')) ?? {}
      const second = await Promise.all(
        [4, 5, 6].map((count) => store.replace('checked', { count }, revision)),
      )
      expect(second.filter(Boolean)).toHaveLength(1)
      const after = await store.find('checked')
      expect(after?.value).toEqual({ count: 4 + second.indexOf(true) })
      expect(await store.replace('checked', { count: 9 }, revision)).toBe(false)
      expect(await store.find('checked')).toEqual(after)
    })

    it('loses none of several that are put at the same time', async () => {
      const stored = await Promise.all([1, 2, 3, 4].map((count) => store.put('many', { count })))
      const revisions = stored.map(({ revision }) => revision)
      expect(new Set(revisions).size).toBe(4)
      const last = stored.find(({ revision }) => revision === Math.max(...revisions))
      expect(await store.find('many')).toEqual(last)
    })
  })
}
