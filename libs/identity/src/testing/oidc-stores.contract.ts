import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { OidcLoginStore, PendingOidcLogin } from '../oidc/oidc-login-store.js'
import type { OidcProviderStore } from '../oidc/oidc-provider-store.js'
import { oidcMapping, oidcProvider } from './oidc-examples.js'

export interface OidcStores {
  readonly providers: OidcProviderStore
  readonly logins: OidcLoginStore
  close(): Promise<void>
}

/** What every implementation of the ports of OpenID Connect does. */
export function oidcStoresContract(name: string, open: () => Promise<OidcStores>): void {
  describe(`the ${name} stores keep the contracts of OpenID Connect`, () => {
    let stores: OidcStores
    let providers: OidcProviderStore
    beforeEach(async () => {
      stores = await open()
      providers = stores.providers
    })
    afterEach(() => stores.close())

    it('creates, changes and lists providers with their mappings in order', async () => {
      const corp = oidcProvider({ client: { id: 'x', secret: 'y' } })
      await providers.create(corp)
      await providers.create(oidcProvider({ name: 'ci' }))
      await expect(providers.create(corp)).rejects.toMatchObject({ code: 'CONFLICT' })
      for (const [mapping, priority] of [
        ['b', 1],
        ['a', 2],
        ['c', 1],
      ] as const) {
        await providers.putMapping('corp', oidcMapping({ name: mapping, priority }))
      }
      await providers.putMapping('corp', oidcMapping({ name: 'c', priority: 0, claims: { a: ['b', 'c'] } }))
      const [ci, stored] = await providers.list()
      expect(ci).toMatchObject({ provider: { name: 'ci' }, mappings: [], revision: 1 })
      expect(stored?.provider).toMatchObject({ client: { id: 'x', secret: 'y' }, issuer: corp.issuer })
      expect(stored?.mappings.map((mapping) => mapping.name)).toEqual(['c', 'b', 'a'])
      expect(stored?.mappings[0]?.claims).toEqual({ a: ['b', 'c'] })
      const revision = stored?.revision ?? 0
      expect(revision).toBeGreaterThan(1)
      await providers.update({ ...corp, description: 'new' }, revision)
      await expect(providers.update(corp, revision)).rejects.toMatchObject({ code: 'CONFLICT' })
      expect((await providers.list())[1]).toMatchObject({
        provider: { description: 'new' },
        revision: revision + 1,
      })
      expect(await providers.deleteMapping('corp', 'b')).toBe(true)
      expect(await providers.deleteMapping('corp', 'b')).toBe(false)
      expect((await providers.list())[1]).toMatchObject({
        mappings: [{ name: 'c' }, { name: 'a' }],
        revision: revision + 2,
      })
      expect(await providers.delete('corp')).toBe(true)
      expect(await providers.delete('corp')).toBe(false)
      expect(await providers.list()).toHaveLength(1)
    })

    it.each(['nowhere', '', '__proto__', 'a\0b'])('has nothing under %j', async (unknown) => {
      await expect(providers.update(oidcProvider({ name: unknown }), 1)).rejects.toMatchObject({
        code: 'NAME_UNKNOWN',
      })
      await expect(providers.putMapping(unknown, oidcMapping())).rejects.toMatchObject({
        code: 'NAME_UNKNOWN',
      })
      expect(await providers.deleteMapping(unknown, unknown)).toBe(false)
      expect(await providers.delete(unknown)).toBe(false)
    })

    it('gives a pending login once, to one of many, and none that has expired', async () => {
      await providers.create(oidcProvider())
      const now = new Date('2026-05-01T12:00:00Z')
      const login: PendingOidcLogin = {
        stateHash: 'state',
        browserHash: 'browser',
        provider: 'corp',
        nonce: 'nonce',
        codeVerifier: 'verifier',
        redirectUri: 'https://here.example/callback',
        returnTo: '/ui/',
        expiresAt: new Date(now.getTime() + 1000),
      }
      await stores.logins.add(login, now)
      const taken = await Promise.all(Array.from({ length: 5 }, () => stores.logins.take('state', now)))
      expect(taken.filter((one) => one !== undefined)).toEqual([login])
      await stores.logins.add(login, now)
      expect(await stores.logins.take('state', login.expiresAt)).toBeUndefined()
      expect(await stores.logins.take('unknown', now)).toBeUndefined()
    })
  })
}
