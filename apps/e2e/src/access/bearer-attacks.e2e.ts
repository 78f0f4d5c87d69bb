import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto'
import { PostgresSigningKeyStore } from '@entrepot/database'
import { TestDatabase } from '@entrepot/database/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { secretBox } from '../support/entrepot.js'
import { errorCodes, expectStatus, json, type Answer, type Credentials } from '../support/registry-client.js'
import { eventually } from '../support/workplace.js'
import { keys } from './matrix/grants.js'
import { admin, smallManifest, userPassword, World } from './matrix/world.js'

/** What is withdrawn is promised to be of no use within a second; the rest is for the machine of the test. */
const withdrawnWithinMs = 2000

const image = `${keys.local}/attacks/app`
const scope = `repository:${image}:pull registry:admin:* registry:catalog:*`
const paths = [`/v2/`, `/v2/${image}/manifests/1`, `/v2/${image}/tags/list`, '/v2/_catalog']
const adminPaths = ['/access/api/v2/users', '/artifactory/api/repositories', '/access/api/v1/tokens']

type Fields = Readonly<Record<string, unknown>>

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const partOf = (token: string, position: number) =>
  JSON.parse(Buffer.from(token.split('.')[position] ?? '', 'base64url').toString('utf8')) as Fields

/** RFC 7515 3.1. */
function signed(header: Fields, claims: Fields, signature: (input: string) => Buffer): string {
  const input = `${encoded(header)}.${encoded(claims)}`
  return `${input}.${signature(input).toString('base64url')}`
}
const byKey = (key: KeyObject) => (input: string) =>
  sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' })
const bySecret = (secret: string | Buffer) => (input: string) =>
  createHmac('sha256', secret).update(input).digest()
const byNobody = () => Buffer.alloc(0)

describe('a bearer token', () => {
  let db: TestDatabase
  let world: World
  /** A good one of the administrator's, and what it is made of. */
  let token: string
  let header: Fields
  let claims: Fields
  /** As whoever has the database has it. */
  let ours: KeyObject
  let addresses = 0
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })

  beforeAll(async () => {
    db = await TestDatabase.create()
    world = await World.start({
      env: { ENTREPOT_DATABASE_URL: db.url, ENTREPOT_TRUSTED_PROXIES: '127.0.0.0/8' },
    })
    await world.createRepositories()
    await world.entrepot.registry.pushImage(image, '1', smallManifest('attacked'))
    token = ((await world.visitor(admin).bearer(scope)) ?? '').slice('Bearer '.length)
    ;[header, claims] = [partOf(token, 0), partOf(token, 1)]
    const stored = await new PostgresSigningKeyStore(db.database, secretBox()).list()
    ours = createPrivateKey(stored.find(({ id }) => id === header['kid'])?.privateKeyPem ?? '')
  })
  afterAll(async () => {
    await world?.stop()
    await db?.close()
  })

  /** From an address of its own: who shows forged ones has to wait after some. */
  const show = (shown: string, path: string): Promise<Answer> => {
    const headers = { 'x-forwarded-for': `10.0.${addresses >> 8}.${addresses % 256}` }
    addresses += 1
    return world.wire.sendWith(`Bearer ${shown}`, 'GET', path, { headers })
  }
  const statuses = async (shown: string, asked: readonly string[]) =>
    Promise.all(asked.map(async (path) => (await show(shown, path)).status))

  async function expectRefused(shown: string): Promise<void> {
    for (const path of paths) {
      const answer = await show(shown, path)
      expect([path, answer.status, errorCodes(answer)]).toEqual([path, 401, ['UNAUTHORIZED']])
      const challenge = answer.headers.get('www-authenticate')
      expect(challenge).toMatch(
        /^Bearer realm="http:\/\/[^"]+\/v2\/token",service="[^"]+".*,error="invalid_token"$/,
      )
      expect(answer.body.toString('utf8')).not.toContain(shown)
    }
    for (const path of adminPaths) {
      const answer = await show(shown, path)
      expect([path, answer.status]).toEqual([path, 401])
      expect(answer.headers.get('www-authenticate')).toMatch(/^Basic realm=/)
    }
    expectStatus(await show(shown, '/v2/token?service=entrepot'), 401)
  }

  it('of this registry is taken, and so is one that the tests sign as it does', async () => {
    expect(await statuses(token, [...paths, ...adminPaths])).toEqual([200, 200, 200, 200, 200, 200, 200])
    const again = signed(header, claims, byKey(ours))
    expect(await statuses(again, [...paths, ...adminPaths])).toEqual([200, 200, 200, 200, 200, 200, 200])
  })

  it('that is forged counts for its address, and one that is over does not', async () => {
    const headers = { 'x-forwarded-for': '198.51.100.7' }
    const send = async (authorization: string) =>
      (await world.wire.sendWith(authorization, 'GET', '/v2/', { headers })).status
    const forged = `Bearer ${signed(header, claims, byKey(other.privateKey))}`
    const over = `Bearer ${signed(header, { ...claims, exp: Number(claims['iat']) - 3600 }, byKey(ours))}`
    const times = async (count: number, authorization: string) => {
      const answers = new Set<number>()
      for (let sent = 0; sent < count; sent += 1) answers.add(await send(authorization))
      return [...answers]
    }
    expect(await times(120, over)).toEqual([401])
    expect(await times(50, forged)).toEqual([401])
    expect(await times(50, `Bearer ept_${'A'.repeat(43)}`)).toEqual([401])
    expect(await send(forged)).toBe(429)
    // Who has a right one is not asked to wait.
    expect(await send(`Bearer ${token}`)).toBe(200)
    expect((await show(token, '/v2/')).status).toBe(200)
  })

  it.each(['none', 'None', 'NONE', 'nOnE', ''])('is not taken with the algorithm %j', async (alg) => {
    await expectRefused(signed({ ...header, alg }, claims, byNobody))
    await expectRefused(signed({ alg, typ: 'JWT' }, claims, byNobody))
    await expectRefused(`${encoded({ ...header, alg })}.${encoded(claims)}`)
    await expectRefused(`${encoded({ ...header, alg })}.${encoded(claims)}.${token.split('.')[2]}`)
  })

  it('is not taken when the public key was its secret', async () => {
    const published = json(
      expectStatus(await world.wire.sendWith(undefined, 'GET', '/access/api/v1/jwks'), 200),
    )
    const jwk = (published as { keys: Fields[] }).keys.find(({ kid }) => kid === header['kid']) ?? {}
    const key = createPublicKey({ key: jwk, format: 'jwk' })
    const secrets = [
      key.export({ type: 'spki', format: 'pem' }),
      key.export({ type: 'spki', format: 'der' }),
      JSON.stringify(jwk),
      Buffer.from(String(jwk['x']), 'base64url'),
      '',
    ]
    for (const secret of secrets)
      for (const alg of ['HS256', 'ES256'])
        await expectRefused(signed({ ...header, alg }, claims, bySecret(secret)))
    expect(JSON.stringify(published)).not.toContain('"d"')
  })

  it('is not taken with a key that it brings, or names a place for', async () => {
    const jwk = other.publicKey.export({ format: 'jwk' })
    for (const brought of [
      { jwk },
      { jwk: { ...jwk, kid: header['kid'] } },
      { x5c: [other.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')] },
      { jku: `${world.upstream.url}/jwks` },
      { x5u: `${world.upstream.url}/cert` },
      { crit: ['exp'] },
      { b64: false, crit: ['b64'] },
    ]) {
      await expectRefused(signed({ ...header, ...brought }, claims, byKey(other.privateKey)))
      await expectRefused(signed({ alg: 'ES256', typ: 'JWT', ...brought }, claims, byKey(other.privateKey)))
    }
    expect(world.upstream.seen.filter(({ path }) => path.includes('jwks') || path.includes('cert'))).toEqual(
      [],
    )
  })

  it.each<unknown>([
    '',
    'nobody',
    '../../../../dev/null',
    "' OR 1=1 --",
    '\0',
    'a'.repeat(5000),
    7,
    null,
    ['x'],
    {},
  ])('is not taken for a key called %j', async (kid) => {
    await expectRefused(signed({ ...header, kid }, claims, byKey(other.privateKey)))
  })

  it('is not taken when another key has signed it, or something in it was changed', async () => {
    await expectRefused(signed(header, claims, byKey(other.privateKey)))
    const [head, body, signature = ''] = token.split('.')
    await expectRefused(`${head}.${encoded({ ...claims, sub: 'root' })}.${signature}`)
    await expectRefused(`${encoded({ ...header, extra: 1 })}.${body}.${signature}`)
    await expectRefused(`${head}.${body}.${signature.slice(2)}`)
    await expectRefused(`${head}.${body}.${Buffer.alloc(64).toString('base64url')}`)
    await expectRefused(`${head}.${body}.`)
    await expectRefused(`${head}.${body}.${signature}.${signature}`)
  })

  it('is not taken for another audience, issuer, type or time, though it is signed with our key', async () => {
    const now = Math.floor(Date.now() / 1000)
    const wrong: readonly Fields[] = [
      { aud: 'other-registry' },
      { aud: ['other-registry'] },
      { aud: undefined },
      { aud: '' },
      { iss: 'other-registry' },
      { iss: undefined },
      { exp: now - 120 },
      { exp: undefined },
      { exp: 'never' },
      { nbf: now + 3600 },
      { nbf: undefined },
      { iat: undefined },
      { jti: undefined },
      { sub: undefined },
      { uid: undefined },
      { uid: '' },
      { uid: '00000000-0000-4000-8000-000000000000' },
      { sub: 'nobody-of-this-name' },
      { ati: '00000000-0000-4000-8000-000000000000' },
      { ati: 7 },
      { pwm: undefined },
      { pwm: 'another-password' },
      { access: undefined },
      { access: [{ type: 'registry', name: 'admin', actions: '*' }] },
    ]
    for (const fields of wrong) await expectRefused(signed(header, { ...claims, ...fields }, byKey(ours)))
    for (const fields of [{ typ: 'at+jwt' }, { typ: undefined }, { alg: 'ES384' }, { alg: 'RS256' }])
      await expectRefused(signed({ ...header, ...fields }, claims, byKey(ours)))
  })

  it.each(['', '.', '..', '...', 'a.b.c', '{}.{}.{}', 'A'.repeat(30_000), 'ey\u00e9.x.y'])(
    'is not taken when it is %j',
    async (shown) => {
      const answer = await show(shown, paths[1] ?? '')
      expect(answer.status).toBe(401)
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm=/)
      expect((await show(shown, adminPaths[0] ?? '')).status).toBe(401)
    },
  )

  describe('that was good', () => {
    const manifest = `/v2/${image}/manifests/1`
    const bearerOf = async (credentials: Credentials) =>
      ((await world.visitor(credentials).bearer(`repository:${image}:pull`)) ?? '').slice('Bearer '.length)
    const readerCalled = async (name: string) => {
      const credentials = await world.createUser(name)
      await world.putPermission(`attacks-${name}`, {
        repositories: [keys.local],
        includes: ['attacks/**'],
        users: { [name]: ['read'] },
      })
      return credentials
    }
    const expectWithdrawn = async (shown: string) => {
      const isOver = async () => (await show(shown, manifest)).status === 401
      await eventually('the token is of no use', isOver, withdrawnWithinMs)
      await expectRefused(shown)
    }

    it('is over with the access token that it was got with', async () => {
      await readerCalled('worker')
      const access = await world.createToken('worker', 'applied-permissions/user')
      const [shown, byAccessToken] = [await bearerOf(access), access.password]
      expect(await statuses(shown, [manifest])).toEqual([200])
      expect(await statuses(byAccessToken, [manifest])).toEqual([200])
      await world.arrange('POST', '/access/api/v1/tokens/revoke', { token: byAccessToken })
      await expectWithdrawn(shown)
      await expectWithdrawn(byAccessToken)
    })

    it('is over when its user is disabled, and good again when they are let in again', async () => {
      const shown = await bearerOf(await readerCalled('suspended'))
      expect(await statuses(shown, [manifest])).toEqual([200])
      await world.arrange('PATCH', '/access/api/v2/users/suspended', { status: 'disabled' })
      await expectWithdrawn(shown)
      await world.arrange('PATCH', '/access/api/v2/users/suspended', { status: 'enabled' })
      await eventually(
        'the user is back',
        async () => (await show(shown, manifest)).status === 200,
        withdrawnWithinMs,
      )
    })

    it('is over when its user is deleted', async () => {
      const shown = await bearerOf(await readerCalled('leaver'))
      expect(await statuses(shown, [manifest])).toEqual([200])
      await world.arrange('DELETE', '/access/api/v2/users/leaver')
      await expectWithdrawn(shown)
    })

    it('is over when the password is changed that it was got with', async () => {
      const credentials = await readerCalled('changer')
      const shown = await bearerOf(credentials)
      expect(await statuses(shown, [manifest])).toEqual([200])
      const next = `${userPassword} again`
      const own = world.visitor(credentials)
      const change = { password: next, old_password: userPassword }
      const changed = await own.send('PUT', '/access/api/v2/users/changer/password', {
        headers: { 'content-type': 'application/json' },
        body: Buffer.from(JSON.stringify(change)),
      })
      expectStatus(changed, 204)
      await expectWithdrawn(shown)
      expect(await statuses(await bearerOf({ ...credentials, password: next }), [manifest])).toEqual([200])
    })
  })

  it('has left the server up, and the log without any of them', async () => {
    expect((await world.wire.sendWith(undefined, 'GET', '/readyz')).status).toBe(200)
    expect(await statuses(token, [...paths, ...adminPaths])).toEqual([200, 200, 200, 200, 200, 200, 200])
    expect(world.entrepot.output).not.toContain('request failed')
    expect(world.entrepot.output).not.toContain(token.split('.')[2])
  })
})
