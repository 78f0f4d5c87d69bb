import { describe, expect, it } from 'vitest'
import { RefreshTokens } from './refresh-tokens.js'
import { InMemoryRefreshTokenStore, InMemoryUserAccountStore, tokensInMemory } from './testing/index.js'

const day = 24 * 60 * 60 * 1000

async function setup() {
  const clock = { time: 1_000_000, now: () => clock.time }
  const users = new InMemoryUserAccountStore()
  await users.create({ name: 'alice', passwordHash: 'one' })
  const store = new InMemoryRefreshTokenStore(clock)
  const { accessTokens, live, principals, bearers } = tokensInMemory(users, clock)
  const tokens = new RefreshTokens(store, bearers, clock)
  const principal = (await principals.find('alice'))!
  const token = await tokens.issue(principal, 'entrepot')
  return { clock, users, store, tokens, token, principal, principals, accessTokens, live }
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

  it.each([
    ['changed', { passwordHash: 'another' }],
    ['taken away', { passwordHash: undefined }],
  ])('refuses a token for a password that was %s after it was verified', async (_how, change) => {
    const { tokens, principal, principals, users } = await setup()
    await users.update('alice', change)
    await tokens.revokeAllOf('alice')
    const late = await tokens.issue(principal, 'entrepot')
    principals.forget('alice')
    expect(await tokens.redeem(late, 'entrepot')).toBeUndefined()
    const current = await tokens.issue((await principals.find('alice'))!, 'entrepot')
    expect(await tokens.redeem(current, 'entrepot')).toMatchObject({ name: 'alice' })
  })

  it('refuses a token that was issued while its user was disabled, when they are enabled again', async () => {
    const { tokens, principal, principals, users } = await setup()
    await users.update('alice', { disabled: true })
    const late = await tokens.issue(principal, 'entrepot')
    await users.update('alice', { disabled: false })
    principals.forget('alice')
    expect(await tokens.redeem(late, 'entrepot')).toBeUndefined()
  })

  it('takes a token for the new password where the old one is still known', async () => {
    const { tokens, principal, users } = await setup()
    await users.update('alice', { passwordHash: 'another' })
    const fresh = await tokens.issue({ ...principal, credentialsRevision: 2 }, 'entrepot')
    expect(await tokens.redeem(fresh, 'entrepot')).toMatchObject({ name: 'alice', credentialsRevision: 1 })
  })

  it('refuses the token of a user who was deleted and made anew', async () => {
    const { tokens, token, users, clock } = await setup()
    await users.delete('alice')
    await users.create({ name: 'alice', admin: true })
    clock.time += 1000
    expect(await tokens.redeem(token, 'entrepot')).toBeUndefined()
  })

  it('gives what the access token may that was shown for it, and dies with that', async () => {
    const { tokens, principal, accessTokens, live } = await setup()
    const made = await accessTokens.create({ subject: 'alice', scope: 'artifact:docker:r' }, principal)
    const limited = (await live.verify(made.secret))!
    const token = await tokens.issue(limited, 'entrepot')
    expect(await tokens.redeem(token, 'entrepot')).toEqual(limited)
    await accessTokens.revoke(made.token.id)
    expect(await tokens.redeem(token, 'entrepot')).toBeUndefined()
  })

  it('works for a bearer without an account', async () => {
    const { tokens, principal, accessTokens, live } = await setup()
    const scope = 'applied-permissions/groups:dev'
    const made = await accessTokens.create({ subject: 'pipeline', scope }, { ...principal, admin: true })
    const token = await tokens.issue((await live.verify(made.secret))!, 'entrepot')
    expect(await tokens.redeem(token, 'entrepot')).toMatchObject({ name: 'pipeline', groups: ['dev'] })
  })

  it('refuses a token of before users had ids', async () => {
    const { tokens, token, store } = await setup()
    for (const [hash, stored] of store.tokens) store.tokens.set(hash, { ...stored, userId: undefined })
    expect(await tokens.redeem(token, 'entrepot')).toBeUndefined()
  })
})
