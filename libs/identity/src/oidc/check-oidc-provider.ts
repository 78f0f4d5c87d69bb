import { RegistryError } from '@entrepot/kernel'
import { parseAccessTokenScope } from '../tokens/access-token-scope.js'
import type { OidcMapping, OidcProvider } from './oidc-provider.js'

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/
const minimumSeconds = 60
const maximumSeconds = 24 * 60 * 60

/** @throws RegistryError REQUEST_INVALID that names the field */
export function checkOidcProvider(provider: OidcProvider): void {
  const { name, issuer, client, audience, nameClaim, groupsClaim, loginSeconds } = provider
  refuseUnless(namePattern.test(name), `the name is ${quoted(name)}: expected letters, digits and . _ -`)
  refuseUnless(isIssuer(issuer), `the issuer is ${quoted(issuer)}: expected https://host/path, without query`)
  refuseUnless(
    new URL(issuer).protocol === 'https:' || isLoopback(issuer) || provider.allowInsecureHttp,
    `the issuer is ${quoted(issuer)}: without TLS anybody on the way could log in as anybody`,
  )
  refuseUnless(client !== undefined || audience !== undefined, 'neither a client id nor an audience is given')
  refuseUnless(client === undefined || client.id !== '', 'the client id is empty')
  refuseUnless(client?.secret !== '', 'the client secret is empty: leave it out for a public client')
  refuseUnless(audience !== '', 'the audience is empty')
  refuseUnless(nameClaim !== '' && groupsClaim !== '', 'the name of a claim is empty')
  refuseUnless(isLifetime(loginSeconds), lifetimeRefusal('a login', loginSeconds))
}

/** @throws RegistryError REQUEST_INVALID that names the field */
export function checkOidcMapping(mapping: OidcMapping): void {
  const { name, priority, claims, token } = mapping
  refuseUnless(namePattern.test(name), `the name is ${quoted(name)}: expected letters, digits and . _ -`)
  refuseUnless(Number.isSafeInteger(priority), `the priority is ${priority}: expected a whole number`)
  refuseUnless(
    Object.keys(claims).length > 0,
    'no claim is asked for: then every token of the issuer would do, whoever got it',
  )
  for (const [claim, wanted] of Object.entries(claims)) {
    const values = typeof wanted === 'string' ? [wanted] : wanted
    refuseUnless(
      claim !== '' && values.length > 0 && !values.includes(''),
      `the claim ${quoted(claim)} has no value to be compared with`,
    )
  }
  refuseUnless(isLifetime(token.expiresInSeconds), lifetimeRefusal('a token', token.expiresInSeconds))
  const { rights } = parseAccessTokenScope(token.scope)
  refuseUnless(
    token.username !== undefined || typeof rights !== 'string',
    'neither a user name nor applied-permissions/groups:<names> is given: nobody would have any rights',
  )
  refuseUnless(token.username !== '', 'the user name is empty')
}

/** On this machine, where TLS adds nothing. */
export function isLoopback(url: string): boolean {
  const { hostname } = new URL(url)
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}

function isIssuer(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, password } = new URL(text)
  return /^https?:$/.test(protocol) && username === '' && password === '' && !/[?#\s]/.test(text)
}

function isLifetime(seconds: number): boolean {
  return Number.isSafeInteger(seconds) && seconds >= minimumSeconds && seconds <= maximumSeconds
}

function lifetimeRefusal(what: string, seconds: number): string {
  return `${what} is to last ${seconds} s: expected ${minimumSeconds} to ${maximumSeconds}`
}

function refuseUnless(good: boolean, message: string): void {
  if (!good) throw new RegistryError('REQUEST_INVALID', message)
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 160))
}
