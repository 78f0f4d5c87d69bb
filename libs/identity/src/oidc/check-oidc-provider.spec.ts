import { describe, expect, it } from 'vitest'
import { oidcMapping, oidcProvider } from '../testing/index.js'
import { checkOidcMapping, checkOidcProvider } from './check-oidc-provider.js'

const { token } = oidcMapping()

describe('the settings of an OpenID provider', () => {
  it.each([
    { issuer: 'https://login.example/realms/corp' },
    { issuer: 'http://127.0.0.1:8080' },
    { issuer: 'http://localhost:8080/x' },
    { issuer: 'http://login.internal', allowInsecureHttp: true },
    { client: { id: 'x', secret: undefined }, audience: undefined },
  ])('may be %j', (given) => {
    expect(() => checkOidcProvider(oidcProvider(given))).not.toThrow()
  })

  it.each([
    [{ name: '' }, 'name'],
    [{ name: '../x' }, 'name'],
    [{ name: 'a:b' }, 'name'],
    [{ issuer: 'login.example' }, 'issuer'],
    [{ issuer: 'ftp://login.example' }, 'issuer'],
    [{ issuer: 'https://u:p@login.example' }, 'issuer'],
    [{ issuer: 'https://login.example?x' }, 'issuer'],
    [{ issuer: 'http://login.example' }, 'without TLS'],
    [{ issuer: 'http://127.0.0.1.evil.example' }, 'without TLS'],
    [{ audience: undefined }, 'neither'],
    [{ audience: '' }, 'audience'],
    [{ client: { id: '', secret: 'x' } }, 'client id'],
    [{ client: { id: 'x', secret: '' } }, 'client secret'],
    [{ nameClaim: '' }, 'claim'],
    [{ groupsClaim: '' }, 'claim'],
    [{ loginSeconds: 59 }, '60 to 86400'],
    [{ loginSeconds: NaN }, '60 to 86400'],
  ])('may not be %j', (given, reason) => {
    expect(() => checkOidcProvider(oidcProvider(given))).toThrow(
      expect.objectContaining({
        code: 'REQUEST_INVALID',
        message: expect.stringContaining(reason) as string,
      }),
    )
  })
})

describe('a mapping of an OpenID provider', () => {
  it.each([
    [{ name: 'a b' }, 'name'],
    [{ priority: 0.5 }, 'priority'],
    [{ claims: {} }, 'no claim is asked for'],
    [{ claims: { ref: '' } }, '"ref"'],
    [{ claims: { ref: [] } }, '"ref"'],
    [{ token: { ...token, expiresInSeconds: 0 } }, '60 to 86400'],
    [{ token: { ...token, expiresInSeconds: 86_401 } }, '60 to 86400'],
    [{ token: { ...token, scope: 'everything' } }, '"everything"'],
    [{ token: { ...token, username: undefined } }, 'neither a user name'],
    [{ token: { ...token, username: '' } }, 'user name'],
  ])('may not be %j', (given, reason) => {
    expect(() => checkOidcMapping(oidcMapping(given))).toThrow(
      expect.objectContaining({
        code: 'REQUEST_INVALID',
        message: expect.stringContaining(reason) as string,
      }),
    )
  })

  it('may be for groups without a user', () => {
    const forGroups = { ...token, username: undefined, scope: 'applied-permissions/groups:ci' }
    expect(() => checkOidcMapping(oidcMapping({ token: forGroups }))).not.toThrow()
  })
})
