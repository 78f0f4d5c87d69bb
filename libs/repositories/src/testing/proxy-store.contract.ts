import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ProxyStore } from '../proxy-config.js'
import { proxyConfig } from './proxy-config.js'

/** What every ProxyStore does. */
export function proxyStoreContract(
  name: string,
  open: () => Promise<{ readonly store: ProxyStore; stop(): Promise<void> }>,
): void {
  describe(`${name} keeps the contract of ProxyStore`, () => {
    let opened: Awaited<ReturnType<typeof open>>
    let store: ProxyStore
    beforeAll(async () => {
      opened = await open()
      store = opened.store
    })
    afterAll(() => opened.stop())

    const revisionOf = async (key: string) =>
      (await store.list()).find(({ config }) => config.key === key)?.revision ?? 0
    const corp = proxyConfig('corp', {
      username: 'user',
      password: 'secret',
      redirectedToHosts: ['a.example'],
    })

    it('keeps what was put, by key, until it goes', async () => {
      expect(await store.list()).toEqual([])
      const edge = proxyConfig('an-edge', { platformDefault: true, services: ['jfxr'] })
      await store.apply([corp, edge].map((config) => ({ key: config.key, config, revision: 0 })))
      expect((await store.list()).map(({ config }) => config)).toEqual([edge, corp])
      await store.apply([{ key: 'an-edge', config: undefined, revision: await revisionOf('an-edge') }])
      expect((await store.list()).map(({ config }) => config)).toEqual([corp])
    })

    it('changes what nobody has changed meanwhile, all of it or nothing', async () => {
      const before = await revisionOf('corp')
      const changed = { ...corp, port: 8080 }
      await store.apply([{ key: 'corp', config: changed, revision: before }])
      expect(await revisionOf('corp')).not.toBe(before)
      const fresh = { key: 'new', config: proxyConfig('new'), revision: 0 }
      const stale = { key: 'corp', config: corp, revision: before }
      const outdated = [
        [fresh, stale],
        [fresh, { ...stale, revision: 0 }],
        [fresh, { ...stale, config: undefined }],
        [fresh, { key: 'gone', config: proxyConfig('gone'), revision: 7 }],
        [fresh, { key: 'gone', config: undefined, revision: 7 }],
      ]
      for (const changes of outdated) {
        await expect(store.apply(changes)).rejects.toMatchObject({ code: 'CONFLICT' })
      }
      expect((await store.list()).map(({ config }) => config)).toEqual([changed])
    })
  })
}
