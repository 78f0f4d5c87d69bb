import type { UserPrincipal } from '@entrepot/kernel'
import { beforeEach, describe, expect, it } from 'vitest'
import { InMemoryUserAccountStore, tokensInMemory } from '../testing/index.js'
import type { CreatedAccessToken, NewAccessToken } from './access-tokens.js'

const clock = { time: 1_800_000_000_000, now: () => clock.time }
let here: ReturnType<typeof tokensInMemory>
let alice: UserPrincipal
let root: UserPrincipal

beforeEach(async () => {
  const users = new InMemoryUserAccountStore()
  await users.create({ name: 'alice' })
  await users.create({ name: 'ci', kind: 'robot' })
  await users.create({ name: 'root', admin: true })
  here = tokensInMemory(users, clock)
  alice = (await here.principals.find('alice'))!
  root = (await here.principals.find('root'))!
})

const make = (by: UserPrincipal, wanted: Partial<NewAccessToken> = {}) =>
  here.accessTokens.create({ subject: by.name, scope: 'applied-permissions/user', ...wanted }, by)

/** Made by who shows the token. */
async function makeWith(
  { secret }: CreatedAccessToken,
  wanted: Partial<NewAccessToken> = {},
): Promise<CreatedAccessToken> {
  return make((await here.live.verify(secret))!, wanted)
}

const works = async ({ secret }: CreatedAccessToken) => (await here.live.verify(secret)) !== undefined

describe('a token that was made with another one', () => {
  it.each([
    ['its own user', () => alice, 'alice'],
    ['an administrator for a robot', () => root, 'ci'],
  ])('ends when that one is revoked, as does what was made with it, by %s', async (_who, by, subject) => {
    const leaked = await make(by())
    const made = await makeWith(leaked, { subject })
    const madeOfIt = await makeWith(made)
    const other = await make(by())
    const revoked = await here.accessTokens.revoke(leaked.token.id)
    expect(revoked.map(({ id }) => id)).toEqual([leaked, made, madeOfIt].map(({ token }) => token.id))
    for (const token of [leaked, made, madeOfIt]) expect(await works(token)).toBe(false)
    expect(await works(other)).toBe(true)
  })

  it('ends with the token that the first one was refreshed to', async () => {
    const first = await make(alice, { refreshable: true })
    const made = await makeWith(first)
    const second = await here.accessTokens.refresh(first.refreshToken ?? '')
    expect(await works(made)).toBe(true)
    await here.accessTokens.revoke(second.token.id)
    expect(await works(made)).toBe(false)
  })

  it('ends with a family whose refresh token was used twice', async () => {
    const first = await make(alice, { refreshable: true })
    const second = await here.accessTokens.refresh(first.refreshToken ?? '')
    const made = await makeWith(second)
    await expect(here.accessTokens.refresh(first.refreshToken ?? '')).rejects.toMatchObject({
      revoked: [{ id: second.token.id }, { id: made.token.id }],
    })
    expect(await works(made)).toBe(false)
  })

  it('ends together with what it was refreshed to itself', async () => {
    const leaked = await make(alice)
    const made = await makeWith(leaked, { refreshable: true })
    const refreshed = await here.accessTokens.refresh(made.refreshToken ?? '')
    await here.accessTokens.revoke(leaked.token.id)
    expect(await works(refreshed)).toBe(false)
    await expect(here.accessTokens.refresh(refreshed.refreshToken ?? '')).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
    })
  })

  it('stays when that is wanted, and when the first one expires by itself', async () => {
    const kept = await make(root)
    const made = await makeWith(kept, { subject: 'ci' })
    expect(await here.accessTokens.revoke(kept.token.id, true)).toMatchObject([{ id: kept.token.id }])
    expect([await works(kept), await works(made)]).toEqual([false, true])
    const short = await make(root, { expiresInSeconds: 60 })
    const longer = await makeWith(short, { subject: 'ci' })
    clock.time += 60_000
    expect([await works(short), await works(longer)]).toEqual([false, true])
  })

  it('is not made when the first one is revoked in that moment', async () => {
    const leaked = await make(root)
    const shown = (await here.live.verify(leaked.secret))!
    await here.accessTokens.revoke(leaked.token.id)
    const late = make(shown, { subject: 'ci' })
    await expect(late).rejects.toMatchObject({ code: 'DENIED' })
    await expect(late).rejects.toThrow('the token that you show is not valid any more')
  })
})
