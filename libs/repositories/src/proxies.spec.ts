import { MemoryBroadcast } from '@entrepot/coordination/testing'
import { RegistryError, silentLogger } from '@entrepot/kernel'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Proxies } from './proxies.js'
import type { ProxyConfig } from './proxy-config.js'
import { InMemoryProxyStore, proxyConfig, proxyStoreContract } from './testing/index.js'

proxyStoreContract('InMemoryProxyStore', async () => ({
  store: new InMemoryProxyStore(),
  stop: () => Promise.resolve(),
}))

describe('Proxies', () => {
  let store: InMemoryProxyStore
  let proxies: Proxies
  let replica: Proxies
  beforeEach(async () => {
    store = new InMemoryProxyStore()
    const broadcast = new MemoryBroadcast()
    proxies = new Proxies(store, broadcast, silentLogger)
    replica = new Proxies(store, broadcast, silentLogger)
    for (const each of [proxies, replica]) await each.start()
  })
  afterEach(() => {
    for (const each of [proxies, replica]) each.stop()
  })
  const put = (...configs: readonly ProxyConfig[]) =>
    proxies.change(() => new Map(configs.map((config) => [config.key, config])))

  test('are seen by every replica, who is told', async () => {
    let told = 0
    replica.onChange(() => (told += 1))
    await put(proxyConfig('b'), proxyConfig('a'))
    expect(proxies.all().map(({ key }) => key)).toEqual(['a', 'b'])
    await expect.poll(() => replica.find('a')).toEqual(proxyConfig('a'))
    expect(told).toBe(1)
    await proxies.change(() => new Map([['a', undefined]]))
    await expect.poll(() => replica.all().map(({ key }) => key)).toEqual(['b'])
  })

  test('have one default: the last that became it, and this service its own before that of all', async () => {
    expect(proxies.default()).toBeUndefined()
    await put(proxyConfig('a', { platformDefault: true }))
    expect(proxies.default()?.key).toBe('a')
    const changed = await put(proxyConfig('b', { platformDefault: true }))
    expect([...changed.keys()].toSorted()).toEqual(['a', 'b'])
    expect(proxies.default()?.key).toBe('b')
    expect(proxies.find('a')?.platformDefault).toBe(false)
    await put(proxyConfig('c', { services: ['jfxr', 'jfrt'] }))
    expect(proxies.default()?.key).toBe('c')
    await put(proxyConfig('d', { services: ['jfrt'] }))
    expect(proxies.default()?.key).toBe('d')
    expect(proxies.find('c')?.services).toEqual(['jfxr'])
    expect(proxies.find('b')?.platformDefault).toBe(true)
    await put(proxyConfig('e', { platformDefault: true }), proxyConfig('f', { platformDefault: true }))
    expect(
      proxies
        .all()
        .filter(({ platformDefault }) => platformDefault)
        .map(({ key }) => key),
    ).toEqual(['f'])
  })

  test('lose no change that another replica makes at the same time', async () => {
    await put(proxyConfig('a'))
    const bump = (by: Proxies) =>
      by.change((find) => {
        const current = find('a') ?? proxyConfig('a')
        return new Map([['a', { ...current, port: current.port + 1 }]])
      })
    await Promise.all([bump(proxies), bump(replica), bump(replica)])
    expect((await store.list())[0]?.config.port).toBe(3131)
  })

  test('give up when others change them all the time', async () => {
    await put(proxyConfig('a'))
    store.apply = () => Promise.reject(new RegistryError('CONFLICT', 'changed meanwhile'))
    await expect(put(proxyConfig('a', { port: 1 }))).rejects.toMatchObject({ code: 'CONFLICT' })
  })
})
