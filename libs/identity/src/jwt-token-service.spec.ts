import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  type KeyObject,
} from 'node:crypto'
import { anonymous } from '@entrepot/kernel'
import { userPrincipal } from '@entrepot/kernel/testing'
import * as fc from 'fast-check'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { ForgedToken } from './forged-token.js'
import { JwtTokenService } from './jwt-token-service.js'
import {
  InMemoryAccessTokenStore,
  InMemorySigningKeyStore,
  InMemoryUserAccountStore,
  signingKeysInMemory,
  tokensInMemory,
} from './testing/index.js'

const principal = userPrincipal('alice', { admin: true, credentialsRevision: 1 })
const scope = { type: 'repository', name: 'docker/team/app', actions: ['pull', 'push'] }
const settings = { issuer: 'entrepot', service: 'registry.example' }

const clock = { time: 1_800_000_000_000, now: () => clock.time }
const seconds = () => Math.floor(clock.time / 1000)
let users: InMemoryUserAccountStore
let store: InMemorySigningKeyStore
let accessTokenStore: InMemoryAccessTokenStore
let service: JwtTokenService

beforeEach(async () => {
  clock.time = 1_800_000_000_000
  users = new InMemoryUserAccountStore()
  for (const name of ['root', 'alice']) await users.create({ name, admin: true })
  store = new InMemorySigningKeyStore()
  accessTokenStore = new InMemoryAccessTokenStore()
  service = serviceWith(settings)
})

function serviceWith(given: typeof settings & { lifetimeSeconds?: number }): JwtTokenService {
  const { bearers } = tokensInMemory(users, clock, accessTokenStore)
  return new JwtTokenService(signingKeysInMemory(clock, store), bearers, given, clock)
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const decode = (part: string | undefined) =>
  JSON.parse(Buffer.from(part ?? '', 'base64url').toString()) as Record<string, unknown>

/** What the registry itself would sign, with changes; `undefined` leaves a claim out. */
async function forge(changes: { header?: object; claims?: object; key?: KeyObject }): Promise<string> {
  const [key] = await storedKeys()
  const header = { alg: 'ES256', kid: key?.id, typ: 'JWT', ...changes.header }
  const claims = {
    iss: settings.issuer,
    aud: settings.service,
    sub: 'alice',
    uid: principal.id,
    iat: seconds(),
    nbf: seconds(),
    exp: seconds() + 300,
    jti: 'x',
    access: [scope],
    ...changes.claims,
  }
  const input = `${encode(header)}.${encode(claims)}`
  const signature = sign('sha256', Buffer.from(input), {
    key: changes.key ?? key?.privateKeyPem ?? '',
    dsaEncoding: 'ieee-p1363',
  } as Parameters<typeof sign>[2])
  return `${input}.${signature.toString('base64url')}`
}

async function storedKeys() {
  await service.issue(anonymous, [])
  return store.list()
}

const foreignKey = generateKeyPairSync('ec', { namedCurve: 'P-256' })

describe('JwtTokenService', () => {
  it('issues a token that it verifies, for the service, for five minutes', async () => {
    const issued = await service.issue(principal, [scope])
    expect(issued).toMatchObject({ expiresInSeconds: 300, issuedAt: new Date(clock.time) })
    expect(await service.verify(issued.token)).toEqual({ principal, scopes: [scope] })
    const [header, claims] = issued.token.split('.').map((part, index) => (index < 2 ? decode(part) : {}))
    const [key] = await store.list()
    expect(header).toEqual({ alg: 'ES256', kid: key?.id, typ: 'JWT' })
    expect(claims).toEqual({
      iss: 'entrepot',
      sub: 'alice',
      uid: principal.id,
      aud: 'registry.example',
      iat: seconds(),
      nbf: seconds(),
      exp: seconds() + 300,
      jti: expect.any(String) as string,
      access: [scope],
    })
  })

  it('puts nothing into the token but who and what', async () => {
    const { token } = await service.issue({ ...principal, groups: ['ops'] }, [
      { ...scope, extra: 1 } as never,
    ])
    const text = JSON.stringify(decode(token.split('.')[1]))
    expect(text).not.toMatch(/admin|ops|extra|internal/)
  })

  it('issues anonymous tokens with an empty subject', async () => {
    const { token } = await service.issue(anonymous, [])
    expect(decode(token.split('.')[1])).toMatchObject({ sub: '' })
    expect(await service.verify(token)).toEqual({ principal: anonymous, scopes: [] })
  })

  it('verifies the tokens of another replica and of the time before a restart', async () => {
    const { token } = await service.issue(principal, [scope])
    expect(await serviceWith(settings).verify(token)).toEqual({ principal, scopes: [scope] })
  })

  it('refuses a lifetime that clients would not believe', () => {
    expect(() => serviceWith({ ...settings, lifetimeSeconds: 59 })).toThrow('expected at least 60 s')
    expect(() => serviceWith({ ...settings, lifetimeSeconds: 3601 })).toThrow('at most 3600 s')
    expect(() => serviceWith({ ...settings, lifetimeSeconds: NaN })).toThrow(RangeError)
  })

  it('takes what it would have signed itself, so that the refusals below have one reason each', async () => {
    expect(await service.verify(await forge({}))).toEqual({ principal, scopes: [scope] })
  })

  it.each([
    ['another audience', { claims: { aud: 'elsewhere' } }],
    ['no audience', { claims: { aud: undefined } }],
    ['another issuer', { claims: { iss: 'elsewhere' } }],
    ['no issuer', { claims: { iss: undefined } }],
    ['no expiry', { claims: { exp: undefined } }],
    ['an expiry that is no number', { claims: { exp: '9999999999' } }],
    ['no iat', { claims: { iat: undefined } }],
    ['no nbf', { claims: { nbf: undefined } }],
    ['no subject', { claims: { sub: undefined } }],
    ['a subject that is no text', { claims: { sub: { toString: 'alice' } } }],
    ['no access claim', { claims: { access: undefined } }],
    ['an access claim of another shape', { claims: { access: [{ type: 'repository' }] } }],
    ['a start in the future', { claims: { nbf: 1_800_000_061 } }],
    ['its own key in the header', { header: { jwk: foreignKey.publicKey.export({ format: 'jwk' }) } }],
    ['a certificate in the header', { header: { x5c: ['MII'] } }],
    ['the address of a key', { header: { jku: 'https://evil.example/keys' } }],
    ['critical headers', { header: { crit: ['b64'], b64: true } }],
    ['another type', { header: { typ: 'at+jwt' } }],
    ['no key id', { header: { kid: undefined } }],
    ['a path as key id', { header: { kid: '../../dev/null' } }],
    ['SQL as key id', { header: { kid: "x' UNION SELECT 'key' --" } }],
    ['the address of a certificate', { header: { x5u: 'https://evil.example/cert' } }],
    ['a start and an issue in the future', { claims: { nbf: 1_800_000_061, iat: 1_800_000_061 } }],
    ['no user id', { claims: { uid: undefined } }],
    ['an empty user id', { claims: { uid: '' } }],
    ["another user's id", { claims: { uid: 'id-of-bob' } }],
    ['a user id that is no text', { claims: { uid: ['id-of-alice'] } }],
    ['nobody with a user id', { claims: { sub: '' } }],
    ['nobody with an access token', { claims: { sub: '', uid: undefined, ati: 'x' } }],
    ['an access token that is not there', { claims: { ati: 'x' } }],
    ['an access token that is no text', { claims: { ati: null } }],
    ['a key id of a prototype', { header: { kid: '__proto__' } }],
    ['a foreign key', { key: foreignKey.privateKey }],
    [
      'a foreign key that it brings',
      { key: foreignKey.privateKey, header: { jwk: foreignKey.publicKey.export({ format: 'jwk' }) } },
    ],
    ['another algorithm named', { header: { alg: 'RS256' } }],
    ['a user who never was', { claims: { sub: 'mallory' } }],
    ['a user named like a prototype', { claims: { sub: '__proto__' } }],
  ])('refuses a token with %s', async (_what, changes) => {
    await expect(service.verify(await forge(changes))).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  })

  it.each(['none', 'None', 'NONE', ''])('refuses alg %j with and without a signature', async (alg) => {
    const [input, claims, signature] = (await forge({ header: { alg } })).split('.')
    for (const end of ['', signature]) {
      await expect(service.verify(`${input}.${claims}.${end}`)).rejects.toMatchObject({
        code: 'UNAUTHORIZED',
      })
    }
  })

  it('refuses HS256 with the public key as the secret', async () => {
    const [key] = await storedKeys()
    const [, claims] = (await forge({})).split('.')
    const input = `${encode({ alg: 'HS256', kid: key?.id, typ: 'JWT' })}.${claims}`
    const publicKey = createPublicKey(key?.privateKeyPem ?? '')
    for (const secret of [
      publicKey.export({ format: 'pem', type: 'spki' }),
      publicKey.export({ format: 'der', type: 'spki' }),
    ]) {
      const signature = createHmac('sha256', secret).update(input).digest('base64url')
      await expect(service.verify(`${input}.${signature}`)).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
    }
  })

  it.each([
    ['a foreign key', { key: foreignKey.privateKey }],
    ['another audience', { claims: { aud: 'elsewhere' } }],
    ['a key that it brings', { header: { jwk: foreignKey.publicKey.export({ format: 'jwk' }) } }],
    ['an unknown key', { header: { kid: 'gone' } }],
    ['claims of another shape', { claims: { access: 'all' } }],
  ])('calls a token with %s forged, unless it says itself that it is over', async (_what, changes) => {
    await expect(service.verify(await forge(changes))).rejects.toBeInstanceOf(ForgedToken)
    const claims = { ...('claims' in changes ? changes.claims : {}), exp: clock.time / 1000 - 60 }
    const refusal = service.verify(await forge({ ...changes, claims }))
    await expect(refusal).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
    await expect(refusal).rejects.not.toBeInstanceOf(ForgedToken)
  })

  it.each(['no token at all', 'a.b.c', 'e30.e30.', 'bnVsbA.bnVsbA.bnVsbA'])(
    'calls %s forged',
    async (text) => {
      await expect(service.verify(text)).rejects.toBeInstanceOf(ForgedToken)
    },
  )

  it('calls nothing forged that it signed itself', async () => {
    const { token } = await service.issue(principal, [scope])
    await users.update('alice', { disabled: true })
    clock.time += 1000
    await expect(service.verify(token)).rejects.not.toBeInstanceOf(ForgedToken)
    clock.time += 3_600_000
    await expect(service.verify(token)).rejects.not.toBeInstanceOf(ForgedToken)
  })

  it('refuses a payload changed by one name', async () => {
    const { token } = await service.issue(principal, [scope])
    const [header, payload, signature] = token.split('.')
    const changed = encode({ ...decode(payload), access: [{ ...scope, name: 'docker/other' }] })
    await expect(service.verify(`${header}.${changed}.${signature}`)).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
    })
  })

  it('refuses the all-zero signature', async () => {
    const [header, payload] = (await forge({})).split('.')
    const zeros = Buffer.alloc(64).toString('base64url')
    await expect(service.verify(`${header}.${payload}.${zeros}`)).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
    })
  })

  it('refuses any other text with UNAUTHORIZED', async () => {
    const { token } = await service.issue(principal, [scope])
    const mutilated = fc
      .tuple(fc.nat(token.length - 1), fc.string({ unit: 'binary', maxLength: 3 }))
      .map(([at, text]) => token.slice(0, at) + text + token.slice(at + 1))
    const forged = fc.oneof(fc.string({ unit: 'binary' }), mutilated).filter((text) => {
      // The last character of a base64url signature carries bits that decoders ignore.
      return text.slice(0, -1) !== token.slice(0, -1)
    })
    await fc.assert(
      fc.asyncProperty(forged, async (text) => {
        await expect(service.verify(text)).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
      }),
    )
  })

  it.each([false, true])(
    'refuses an expired token after a minute of leeway (verified before: %s)',
    async (before) => {
      const { token } = await service.issue(principal, [])
      if (before) await service.verify(token)
      clock.time += 359_999
      await service.verify(token)
      clock.time += 1
      const refusal = { message: expect.stringContaining('expired') as string, isForAudit: false }
      await expect(service.verify(token)).rejects.toMatchObject(refusal)
      await expect(serviceWith(settings).verify(token)).rejects.toMatchObject(refusal)
    },
  )

  it('stops a disabled user within a second although the token lives on', async () => {
    const { token } = await service.issue(principal, [scope])
    await service.verify(token)
    await users.update('alice', { disabled: true })
    clock.time += 1000
    await expect(service.verify(token)).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  })

  it('stops the rights of a demoted user within a second', async () => {
    const { token } = await service.issue(principal, [scope])
    await service.verify(token)
    await users.update('alice', { admin: false })
    clock.time += 1000
    expect((await service.verify(token)).principal).toMatchObject({ admin: false })
  })

  it('says nothing of the password, and takes no other word for it', async () => {
    await users.update('alice', { passwordHash: 'the first' })
    const { token } = await service.issue(principal, [scope])
    const { pwm } = decode(token.split('.')[1])
    expect(pwm).toMatch(/^[\w-]{16}$/)
    expect(await service.verify(await forge({ claims: { pwm } }))).toBeDefined()
    for (const claims of [{}, { pwm: undefined }, { pwm: '' }, { pwm: 7 }, { pwm: 'x'.repeat(16) }]) {
      await expect(service.verify(await forge({ claims }))).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
    }
    const anonymously = await forge({ claims: { sub: '', uid: undefined, pwm } })
    await expect(service.verify(anonymously)).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  })

  it('refuses the token of a user who was deleted and made anew', async () => {
    const { token } = await service.issue(principal, [scope])
    await users.delete('alice')
    await users.create({ name: 'alice', admin: true })
    clock.time += 1000
    await expect(service.verify(token)).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  })

  it('has the limits of the access token that it was got with, as they are now, and dies with that', async () => {
    const { accessTokens, live } = tokensInMemory(users, clock, accessTokenStore)
    const made = await accessTokens.create({ subject: 'alice', scope: 'artifact:docker:r' }, principal)
    const { token } = await service.issue((await live.verify(made.secret))!, [scope])
    expect(decode(token.split('.')[1])).toMatchObject({ ati: made.token.id, access: [scope] })
    expect(JSON.stringify(decode(token.split('.')[1]))).not.toMatch(/artifact|limits/)
    expect((await service.verify(token)).principal).toMatchObject({
      accessTokenId: made.token.id,
      limits: [{ repositoryKey: 'docker', path: '**', actions: ['read'] }],
    })
    await accessTokens.revoke(made.token.id)
    clock.time += 1000
    await expect(service.verify(token)).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  })

  it("refuses another user's access token in a token", async () => {
    const bob = await users.create({ name: 'bob' })
    const { accessTokens } = tokensInMemory(users, clock, accessTokenStore)
    const { token } = await accessTokens.create(
      { subject: 'alice', scope: 'applied-permissions/user' },
      principal,
    )
    for (const claims of [
      { sub: 'bob', uid: bob.id, ati: token.id },
      { sub: 'alice', uid: bob.id, ati: token.id },
      { sub: 'bob', uid: principal.id, ati: token.id },
    ]) {
      await expect(service.verify(await forge({ claims }))).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
    }
  })

  it('takes tokens of the key before the last rotation, and none of a key that was rotated away', async () => {
    const [old] = await storedKeys()
    const keys = signingKeysInMemory(clock, store)
    clock.time += 1000
    await keys.rotate()
    expect(
      await service.verify(
        await forge({ header: { kid: old?.id }, key: createPrivateKey(old?.privateKeyPem ?? '') }),
      ),
    ).toBeDefined()
    clock.time += 71 * 60_000
    await keys.start()
    keys.stop()
    const late = await forge({ header: { kid: old?.id }, key: createPrivateKey(old?.privateKeyPem ?? '') })
    await expect(serviceWith(settings).verify(late)).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  })

  it('verifies a signature once and finds the token by its text afterwards', async () => {
    const verifySignature = vi.spyOn(crypto.subtle, 'verify')
    const { token } = await service.issue(principal, [scope])
    for (let count = 0; count < 10; count += 1) await service.verify(token)
    expect(verifySignature).toHaveBeenCalledTimes(1)
    verifySignature.mockRestore()
  })

  it('tells a failure of the stores as a failure, not as a bad token', async () => {
    const { token } = await service.issue(principal, [scope])
    clock.time += 1000
    users.find = () => Promise.reject(new Error('connection lost'))
    await expect(service.verify(token)).rejects.toThrow('connection lost')
    store.list = () => Promise.reject(new Error('connection lost'))
    await expect(serviceWith(settings).verify(token)).rejects.toThrow('connection lost')
  })
})
