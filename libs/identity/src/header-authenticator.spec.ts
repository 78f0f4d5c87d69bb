import { anonymous, RegistryError, type RequestOrigin } from '@entrepot/kernel'
import { userPrincipal } from '@entrepot/kernel/testing'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PasswordCredentials, WaitingClient } from './authenticator.js'
import { ForgedToken } from './forged-token.js'
import { HeaderAuthenticator } from './header-authenticator.js'
import type { TokenService } from './token-service.js'

const origin = { address: '192.0.2.7', requestId: 'request-1' }
const alice = userPrincipal('alice', { admin: false })

function setup(password: string) {
  const seen: PasswordCredentials[] = []
  const clients: (WaitingClient | undefined)[] = []
  const attempts: string[] = []
  const blocked = { is: false }
  const guard = {
    refused: async (reason: string, { address }: RequestOrigin) => {
      attempts.push(`${address} ${reason}`)
      if (blocked.is) throw new RegistryError('TOO_MANY_REQUESTS', 'wait', { retryAfterSeconds: 1 })
    },
    authenticate: async (
      credentials: PasswordCredentials,
      _origin: RequestOrigin,
      client: WaitingClient | undefined,
    ) => {
      seen.push(credentials)
      clients.push(client)
      return credentials.password === password ? alice : undefined
    },
  }
  const tokens: TokenService = {
    issue: () => Promise.reject(new Error('nothing is issued here')),
    verify: async (token) => {
      if (token === 'old.token') throw new RegistryError('UNAUTHORIZED', 'it has expired')
      if (token === 'unreadable.token') throw new RegistryError('UNAVAILABLE', 'no keys')
      if (token !== 'good.token') throw new ForgedToken('no')
      return { principal: anonymous, scopes: [] }
    },
  }
  const accessTokens = {
    isAccessToken: (secret: string) => secret.startsWith('ept_'),
    verify: async (secret: string) => {
      if (secret === 'ept_of_directory') throw new RegistryError('UNAVAILABLE', 'the directory is down')
      return secret === 'ept_good' ? alice : undefined
    },
  }
  const authenticator = new HeaderAuthenticator(guard, tokens, accessTokens)
  return { seen, clients, attempts, blocked, authenticator }
}

const basic = (text: string | Uint8Array) => `Basic ${Buffer.from(text as string).toString('base64')}`

describe('HeaderAuthenticator', () => {
  it('says none without a header', async () => {
    expect(await setup('x').authenticator.authenticate(undefined, origin)).toEqual({ kind: 'none' })
  })

  it('splits Basic at the first colon and reads UTF-8', async () => {
    const { authenticator, seen } = setup('a:b:ü🔑')
    expect(await authenticator.authenticate(basic('älice:a:b:ü🔑'), origin)).toEqual({
      kind: 'basic',
      principal: alice,
    })
    expect(seen).toEqual([{ username: 'älice', password: 'a:b:ü🔑' }])
  })

  it('tells who checks the password whether the client still waits', async () => {
    const { authenticator, clients } = setup('pw')
    const client = { signal: AbortSignal.abort() }
    await authenticator.authenticate(basic('alice:pw'), origin, client)
    expect(clients).toEqual([client])
  })

  it('takes the scheme in any case and base64 without padding', async () => {
    const { authenticator } = setup('pw')
    const header = basic('alice:pw').replace('Basic', 'bAsIc').replaceAll('=', '')
    expect(await authenticator.authenticate(header, origin)).toMatchObject({ kind: 'basic' })
    expect(await authenticator.authenticate('bearer good.token', origin)).toMatchObject({ kind: 'bearer' })
  })

  it('gives back what a token says', async () => {
    expect(await setup('x').authenticator.authenticate('Bearer good.token', origin)).toEqual({
      kind: 'bearer',
      token: { principal: anonymous, scopes: [] },
    })
  })

  it('takes an access token as Bearer and hands it to nobody else', async () => {
    expect(await setup('x').authenticator.authenticate('Bearer ept_good', origin)).toEqual({
      kind: 'access-token',
      principal: alice,
    })
  })

  it.each([
    ['a wrong password', basic('alice:wrong'), false],
    ['a bad access token', 'Bearer ept_bad', false],
    ['what no login is made of', 'Basic !!!!', true],
  ])('leaves %s to one entry in the audit trail', async (_what, header, isForAudit) => {
    await expect(setup('pw').authenticator.authenticate(header, origin)).rejects.toMatchObject({ isForAudit })
  })

  it.each([
    ['an empty header', ''],
    ['a bad access token', 'Bearer ept_bad'],
    ['an access token under another scheme', 'Token ept_good'],
    ['a scheme alone', 'Basic'],
    ['a scheme and blanks', 'Basic   '],
    ['Bearer alone', 'Bearer'],
    ['another scheme', 'Digest username="alice"'],
    ['Negotiate', 'Negotiate YII='],
    ['two schemes in one', `${basic('alice:pw')}, Bearer good.token`],
    ['no colon', basic('alice')],
    ['nothing in base64', 'Basic ===='],
    ['base64url', 'Basic _-_-'],
    ['no base64', 'Basic !!!!'],
    ['broken UTF-8', basic(new Uint8Array([0x61, 0x3a, 0xff, 0xfe]))],
    ['overlong UTF-8', basic(new Uint8Array([0xc0, 0xba, 0x3a, 0x61]))],
    ['a wrong password', basic('alice:wrong')],
    ['an empty password', basic('alice:')],
    ['a bad token', 'Bearer bad.token'],
    ['a token with blanks', 'Bearer good .token'],
  ])('refuses %s with UNAUTHORIZED, never "none"', async (_what, header) => {
    await expect(setup('pw').authenticator.authenticate(header, origin)).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
    })
  })

  it.each([
    ['Bearer ept_bad', 'the access token is wrong'],
    ['Bearer bad.token', 'the bearer token is forged'],
  ])('counts %s for its address, which waits when that was too often', async (header, reason) => {
    const { authenticator, attempts, blocked } = setup('x')
    await expect(authenticator.authenticate(header, origin)).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
    expect(attempts).toEqual([`${origin.address} ${reason}`])
    blocked.is = true
    await expect(authenticator.authenticate(header, origin)).rejects.toMatchObject({
      code: 'TOO_MANY_REQUESTS',
      retryAfterSeconds: 1,
    })
  })

  it.each(['good.token', 'ept_good', 'old.token', 'unreadable.token', 'ept_of_directory'])(
    'does not count %s, however often the address has failed',
    async (token) => {
      const { authenticator, attempts, blocked } = setup('x')
      blocked.is = true
      await authenticator.authenticate(`Bearer ${token}`, origin).catch(() => undefined)
      expect(attempts).toEqual([])
    },
  )

  it('never shows the credentials in its refusal', async () => {
    const refusal = setup('pw').authenticator.authenticate(basic('alice:canary-7'), origin)
    await expect(refusal).rejects.not.toThrow(/canary|YWxpY2U/)
  })

  it('hands over every user name without colon and every password as they were', async () => {
    const { authenticator, seen } = setup('never')
    const name = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes(':'))
    await fc.assert(
      fc.asyncProperty(name, fc.string({ unit: 'grapheme' }), async (username, password) => {
        seen.length = 0
        await authenticator.authenticate(basic(`${username}:${password}`), origin).catch(() => undefined)
        expect(seen).toEqual([{ username, password }])
      }),
    )
  })

  it('refuses any other text with UNAUTHORIZED', async () => {
    const { authenticator } = setup('never')
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (header) => {
        await expect(authenticator.authenticate(header, origin)).rejects.toMatchObject({
          code: 'UNAUTHORIZED',
        })
      }),
    )
  })
})
