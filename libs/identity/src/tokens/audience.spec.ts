import { describe, expect, it } from 'vitest'
import { InMemoryUserAccountStore, tokensInMemory } from '../testing/index.js'
import { isMeantForHere } from './audience.js'

describe('isMeantForHere', () => {
  it.each([
    '*@*',
    '*',
    'jfrt@*',
    'jfrt@entrepot',
    '*@entrepot',
    'jfxr@* jfrt@*',
    'jfxr@01, jfrt@entrepot',
    ' *@* ',
  ])('takes %j', (audience) => expect(isMeantForHere(audience)).toBe(true))

  it.each([
    '',
    ' , ',
    'jfxr@*',
    'jfrt@01j0another',
    'jfrt@entrepot2',
    'xjfrt@entrepot',
    'JFRT@ENTREPOT',
    'jfrt@*.*',
    '.*',
    'jfrt',
    'jfxr@* jfds@*',
  ])('refuses %j', (audience) => expect(isMeantForHere(audience)).toBe(false))
})

describe('an access token', () => {
  const made = async (audience: string | undefined) => {
    const users = new InMemoryUserAccountStore()
    await users.create({ name: 'alice' })
    const here = tokensInMemory(users, { now: () => 1_800_000_000_000 })
    const alice = (await here.principals.find('alice'))!
    const wanted = { subject: 'alice', scope: 'applied-permissions/user', audience }
    return { ...here, ...(await here.accessTokens.create(wanted, alice)) }
  }

  it.each(['jfrt@entrepot', 'jfrt@*', 'jfxr@* jfrt@*', '*@*', '', undefined])(
    'for %j is taken here',
    async (audience) => {
      const { live, secret, token } = await made(audience)
      expect(await live.verify(secret)).toMatchObject({ name: 'alice' })
      expect(await live.principalOf(token.id)).toMatchObject({ name: 'alice' })
    },
  )

  it.each(['jfxr@*', 'jfrt@another', 'jfrt'])(
    'for %j is for another service, and nobody here',
    async (audience) => {
      const { live, secret, token } = await made(audience)
      expect(token.audience).toBe(audience)
      expect(await live.verify(secret)).toBeUndefined()
      expect(await live.principalOf(token.id)).toBeUndefined()
    },
  )
})
