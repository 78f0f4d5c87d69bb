import { describe, expect, it } from 'vitest'
import { RefreshTokens } from './refresh-tokens.js'
import { InMemoryRefreshTokenStore, InMemoryUserAccountStore, internalPrincipals } from './testing/index.js'

const day = 24 * 60 * 60 * 1000

async function setup() {
  const clock = { time: 1_000_000, now: () => clock.time }
  const users = new InMemoryUserAccountStore()
  await users.create({ name: 'alice' })
  const store = new InMemoryRefreshTokenStore(clock)
  const principals = internalPrincipals(users, clock)
  const tokens = new RefreshTokens(store, principals, clock)
  const principal = await principals.find('alice')
  return { clock, users, store, tokens, token: await tokens.issue(principal!, 'entrepot') }
}

describe('RefreshTokens', () => {
  it('exchanges a token for its user, more than once', async () => {
    const { tokens, token } = await setup()
    expect(await tokens.redeem(token, 'entrepot')).toMatchObject({ name: 'alice' })
    expect(await tokens.redeem(token, 'entrepot')).toMatchObject({ name: 'alice' })
  })

  it('gives 256 random bits and stores their hash only', async () => {
    const { store, token } = await setup()
    expect(Buffer.from(token, 'base64url')).toHaveLength(32)
    expect(JSON.stringify([...store.tokens.values()])).not.toContain(token)
  })

  it('refuses tokens that are unknown, empty, changed, or the stored hash itself', async () => {
    const { tokens, token, store } = await setup()
    for (const forged of ['', 'x', `${token} `, token.slice(1), [...store.tokens.keys()][0] ?? '']) {
      expect(await tokens.redeem(forged, 'entrepot')).toBeUndefined()
    }
  })

  it('refuses a token of another service', async () => {
    const { tokens, token } = await setup()
    expect(await tokens.redeem(token, 'elsewhere')).toBeUndefined()
  })

  it('refuses a token after 90 days, even from a store that still has it', async () => {
    const { tokens, token, clock, store } = await setup()
    store.find = async (hash) => store.tokens.get(hash)
    clock.time += 90 * day - 1
    expect(await tokens.redeem(token, 'entrepot')).toBeDefined()
    clock.time += 1
    expect(await tokens.redeem(token, 'entrepot')).toBeUndefined()
  })

  it('refuses the token of a user who was disabled', async () => {
    const { tokens, token, users, clock } = await setup()
    await users.update('alice', { disabled: true })
    clock.time += 1000
    expect(await tokens.redeem(token, 'entrepot')).toBeUndefined()
  })

  it("revokes all of a user's tokens at once", async () => {
    const { tokens, token } = await setup()
    await tokens.revokeAllOf('alice')
    expect(await tokens.redeem(token, 'entrepot')).toBeUndefined()
  })
})
