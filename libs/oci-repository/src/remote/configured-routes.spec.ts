import { ForwardProxy, FaultyRegistry } from '@entrepot/upstream/testing'
import { proxyConfig, remoteConfig } from '@entrepot/repositories/testing'
import type { ProxyConfig, RemoteConfig, RepositoryKey } from '@entrepot/repositories'
import { alwaysThrough, type ProxyRules, throughMissing } from '@entrepot/upstream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Workbench } from '../testing/workbench.js'
import { ConfiguredRoutes } from './configured-routes.js'

describe('ConfiguredRoutes', () => {
  const environment: ProxyRules = { http: undefined, https: undefined, except: '*', missing: undefined }
  const routes = (proxies: readonly ProxyConfig[]) =>
    new ConfiguredRoutes(
      {
        find: (key) => proxies.find((proxy) => proxy.key === key),
        default: () => proxies.find(({ platformDefault }) => platformDefault),
        onChange: () => undefined,
      },
      environment,
    )
  const named = proxyConfig('named', { username: 'u', password: 'p', redirectedToHosts: ['login.corp'] })
  const fallback = proxyConfig('fallback', { platformDefault: true })
  const throughNamed = alwaysThrough({
    name: 'named',
    host: 'proxy.example',
    port: 3128,
    username: 'u',
    password: 'p',
    redirectedToHosts: ['login.corp'],
  })

  it('prefers the proxy that is named to the default one, and that to the environment', () => {
    const way = (proxy: string, all: readonly ProxyConfig[]) => routes(all).of({ proxy, disableProxy: false })
    expect(way('named', [named, fallback])).toEqual(throughNamed)
    expect(way('', [named, fallback])?.https?.name).toBe('fallback')
    expect(way('', [named])).toBe(environment)
    expect(way('none', [named, fallback])).toEqual(throughMissing('none'))
  })

  it('has none for whoever is to go without', () => {
    expect(routes([fallback]).of({ proxy: '', disableProxy: true })).toBeUndefined()
    expect(routes([named]).of({ proxy: 'named', disableProxy: true })).toBeUndefined()
  })
})

describe('a remote repository', () => {
  let bench: Workbench
  let registry: FaultyRegistry
  let proxy: ForwardProxy
  beforeEach(async () => {
    bench = new Workbench()
    registry = await FaultyRegistry.start()
    proxy = await ForwardProxy.start()
    for (const tag of ['1', '2', '3']) registry.addImage('a', tag)
  })
  afterEach(async () => {
    await bench.close()
    await proxy.close()
    await registry.close()
  })

  const add = (changes: Partial<RemoteConfig> = {}) =>
    bench.add(remoteConfig('remote', registry.url, changes))
  const put = (config: ProxyConfig) => bench.proxies.change(() => new Map([[config.key, config]]))
  const corp = (changes: Partial<ProxyConfig> = {}) =>
    proxyConfig('corp', { host: '127.0.0.1', port: proxy.port, ...changes })
  const pulled = async (tag: string) => (await bench.pull('remote', 'a', tag)) !== undefined

  it('goes through its proxy from the moment on that it is told, and leaves its client alone before', async () => {
    await put(corp())
    await add()
    const client = bench.repositories.upstreamOf('remote' as RepositoryKey)
    expect(await pulled('1')).toBe(true)
    expect(proxy.requests).toEqual([])
    await bench.directory.update('remote', (config) => ({ ...config, description: 'other' }))
    expect(bench.repositories.upstreamOf('remote' as RepositoryKey)).toBe(client)
    await bench.directory.update('remote', (config) => ({ ...config, proxy: 'corp' }) as RemoteConfig)
    expect(bench.repositories.upstreamOf('remote' as RepositoryKey)).not.toBe(client)
    expect(await pulled('2')).toBe(true)
    expect(proxy.requests.length).toBeGreaterThan(0)
  })

  it('takes over what is changed of its proxy, and nothing of others', async () => {
    proxy.credentials = { username: 'u', password: 'right' }
    await put(corp({ username: 'u', password: 'wrong' }))
    await add({ proxy: 'corp' })
    await expect(pulled('1')).rejects.toMatchObject({
      code: 'UPSTREAM_FAILED',
      message: expect.stringContaining('proxy corp') as string,
    })
    const client = bench.repositories.upstreamOf('remote' as RepositoryKey)
    await put(proxyConfig('another'))
    expect(bench.repositories.upstreamOf('remote' as RepositoryKey)).toBe(client)
    await put(corp({ username: 'u', password: 'right' }))
    expect(await pulled('1')).toBe(true)
  })

  it('goes through the default one unless it is told not to, and nowhere when its own is gone', async () => {
    await put(corp({ platformDefault: true }))
    await add()
    expect(await pulled('1')).toBe(true)
    const count = proxy.requests.length
    expect(count).toBeGreaterThan(0)
    await bench.directory.update('remote', (config) => ({ ...config, disableProxy: true }) as RemoteConfig)
    expect(await pulled('2')).toBe(true)
    expect(proxy.requests).toHaveLength(count)
    const gone = { disableProxy: false, proxy: 'gone' }
    await bench.directory.update('remote', (config) => ({ ...config, ...gone }))
    await expect(pulled('3')).rejects.toMatchObject({ code: 'UPSTREAM_FAILED' })
  })
})
