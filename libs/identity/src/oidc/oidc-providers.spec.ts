import { MemoryBroadcast, MemoryBroadcastHub } from '@entrepot/coordination/testing'
import { silentLogger, systemClock } from '@entrepot/kernel'
import { beforeEach, describe, expect, it } from 'vitest'
import { InMemoryOidcProviderStore, oidcMapping, oidcProvider } from '../testing/index.js'
import { OidcProviders } from './oidc-providers.js'

let hub: MemoryBroadcastHub
let store: InMemoryOidcProviderStore
let here: OidcProviders

beforeEach(() => {
  hub = new MemoryBroadcastHub()
  store = new InMemoryOidcProviderStore()
  here = replica()
})

const replica = () => new OidcProviders(store, new MemoryBroadcast(hub), silentLogger, systemClock)

describe('OidcProviders', () => {
  it('are the same on every replica after each change', async () => {
    const there = replica()
    await there.start()
    await here.create(oidcProvider())
    await expect.poll(() => there.find('corp')?.provider.issuer).toBe('https://login.example')
    await here.putMapping('corp', oidcMapping())
    await expect.poll(() => there.find('corp')?.mappings.length).toBe(1)
    await here.deleteMapping('corp', 'main')
    await expect.poll(() => there.find('corp')?.mappings.length).toBe(0)
    await here.delete('corp')
    await expect.poll(() => there.all().length).toBe(0)
    there.stop()
  })

  it('keep the connection of a provider that has not changed, and make another one when it has', async () => {
    await here.create(oidcProvider())
    await here.create(oidcProvider({ name: 'other' }))
    const before = here.find('corp')?.connection
    await here.putMapping('corp', oidcMapping())
    await here.delete('other')
    expect(here.find('corp')?.connection).toBe(before)
    await here.update('corp', (provider) => ({ ...provider, audience: 'elsewhere' }))
    expect(here.find('corp')?.connection).not.toBe(before)
    expect(here.find('corp')?.connection.provider.audience).toBe('elsewhere')
  })

  it('see one made anew under a name with other mappings as another', async () => {
    await here.create(oidcProvider())
    await here.putMapping('corp', oidcMapping())
    await store.delete('corp')
    await store.create(oidcProvider())
    await store.putMapping('corp', oidcMapping({ claims: { repository: 'other/app' } }))
    await here.update('corp', (provider) => provider)
    expect(here.find('corp')?.mappings[0]?.claims).toEqual({ repository: 'other/app' })
  })

  it('are stored only when they are right, and keep their name', async () => {
    const bad = oidcProvider({ issuer: 'http://login.example' })
    await expect(here.create(bad)).rejects.toMatchObject({ code: 'REQUEST_INVALID' })
    await here.create(oidcProvider())
    await expect(here.update('corp', () => bad)).rejects.toMatchObject({ code: 'REQUEST_INVALID' })
    await expect(here.putMapping('corp', oidcMapping({ claims: {} }))).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
    })
    await expect(here.update('nowhere', (provider) => provider)).rejects.toMatchObject({
      code: 'NAME_UNKNOWN',
    })
    await here.update('corp', (provider) => ({ ...provider, name: 'stolen' }))
    expect(here.all().map(({ provider }) => provider.name)).toEqual(['corp'])
    expect(here.find('corp')?.mappings).toEqual([])
  })
})
