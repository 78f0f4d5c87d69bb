import { userPrincipal } from '@entrepot/kernel/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { JwtTokenService } from '../jwt-token-service.js'
import {
  InMemoryAccessTokenStore,
  InMemorySigningKeyStore,
  InMemoryUserAccountStore,
  signingKeysInMemory,
  tokensInMemory,
} from '../testing/index.js'

const principal = userPrincipal('alice')
const scope = { type: 'repository', name: 'docker/team/app', actions: ['pull'] }
const settings = { issuer: 'entrepot', service: 'registry.example' }

const clock = { time: 1_800_000_000_000, now: () => clock.time }
let users: InMemoryUserAccountStore
let keys: InMemorySigningKeyStore
let accessTokenStore: InMemoryAccessTokenStore
let service: JwtTokenService

beforeEach(async () => {
  users = new InMemoryUserAccountStore()
  await users.create({ name: 'root', admin: true })
  await users.create({ name: 'alice' })
  keys = new InMemorySigningKeyStore()
  accessTokenStore = new InMemoryAccessTokenStore()
  service = replica()
})

function replica(): JwtTokenService {
  const { bearers } = tokensInMemory(users, clock, accessTokenStore)
  return new JwtTokenService(signingKeysInMemory(clock, keys), bearers, settings, clock)
}

describe('a bearer token', () => {
  it('is over when the password is changed that it was got with, within a second everywhere', async () => {
    await users.update('alice', { passwordHash: 'the first' })
    const { token } = await service.issue(principal, [scope])
    const other = replica()
    expect((await other.verify(token)).principal).toMatchObject({ name: 'alice' })
    await users.update('alice', { passwordHash: 'the second' })
    clock.time += 1000
    for (const replica of [service, other]) {
      await expect(replica.verify(token)).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
    }
    await users.update('alice', { passwordHash: undefined })
    clock.time += 1000
    await expect(other.verify(token)).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  })

  it('is good at once with the new password, though other replicas have known the old one a moment ago', async () => {
    await users.update('alice', { passwordHash: 'the first' })
    const [there, elsewhere] = [replica(), replica()]
    const { token: old } = await service.issue(principal, [scope])
    for (const replica of [there, elsewhere]) await replica.verify(old)
    await users.update('alice', { passwordHash: 'the second' })
    const { token } = await there.issue(principal, [scope])
    for (const replica of [there, elsewhere, service]) await replica.verify(token)
    clock.time += 1000
    for (const replica of [there, elsewhere, service]) await replica.verify(token)
  })

  it('of an access token outlives a change of the password', async () => {
    const { accessTokens, live } = tokensInMemory(users, clock, accessTokenStore)
    const made = await accessTokens.create({ subject: 'alice', scope: 'applied-permissions/user' }, principal)
    const { token } = await service.issue((await live.verify(made.secret))!, [scope])
    await users.update('alice', { passwordHash: 'the second' })
    clock.time += 1000
    expect(await service.verify(token)).toBeDefined()
  })
})
