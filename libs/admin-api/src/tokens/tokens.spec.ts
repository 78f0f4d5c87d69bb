import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AdminApiApp, errorsOf } from '../testing/admin-api-app.js'
import { scopeOfLegacy } from './legacy-scope.js'

const path = '/access/api/v1/tokens'
const legacy = '/artifactory/api/security/token'

interface Created {
  readonly token_id: string
  readonly access_token: string
  readonly refresh_token?: string
  readonly expires_in: number
}

let app: AdminApiApp
let alice: { authorization: string }
let bob: { authorization: string }
beforeAll(async () => {
  app = await AdminApiApp.start()
  alice = { authorization: await app.addUser('alice') }
  bob = { authorization: await app.addUser('bob') }
})
afterAll(() => app.close())

const status = async (sent: Promise<{ status: number }>) => (await sent).status
const bearer = ({ access_token: token }: Created) => ({ authorization: `Bearer ${token}` })
const create = async (body: object, ask: object) => {
  const answer = await app.send('POST', path, body, ask)
  expect(answer.status).toBe(200)
  return answer.json as Created
}

describe('access tokens', () => {
  it('are made by users for themselves, shown once, and work at once', async () => {
    const answer = await app.send('POST', path, { description: 'laptop', expires_in: 600 }, alice)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.json).toEqual({
      token_id: expect.any(String) as string,
      access_token: expect.stringMatching(/^ept_/) as string,
      expires_in: 600,
      scope: 'applied-permissions/user',
      token_type: 'Bearer',
      username: 'alice',
    })
    const created = answer.json as Created
    const me = await app.send('GET', `${path}/me`, undefined, bearer(created))
    expect(me.json).toMatchObject({ token_id: created.token_id, subject: 'alice', description: 'laptop' })
    for (const ask of [alice, {}, bearer(created)]) {
      for (const at of [path, `${path}/${created.token_id}`, legacy]) {
        const shown = await app.send('GET', at, undefined, ask)
        expect(shown.status).toBe(200)
        expect(shown.text).not.toContain(created.access_token)
      }
    }
    expect(JSON.stringify([app.logged, app.audited])).not.toContain(created.access_token)
  })

  it('are made from forms too, in the older API with its scopes', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const raw = 'grant_type=client_credentials&expires_in=0&refreshable=true&include_reference_token=true'
    const today = await app.send('POST', path, undefined, { ...alice, headers, raw })
    const { access_token: token } = today.json as Created
    expect(today.json).toMatchObject({ expires_in: 0, reference_token: token })
    expect(today.json).toHaveProperty('refresh_token')
    const old = await app.send('POST', legacy, undefined, {
      ...alice,
      headers,
      raw: 'username=alice&scope=member-of-groups:* api:*',
    })
    expect(old.json).toMatchObject({ expires_in: 3600, scope: 'applied-permissions/user', username: 'alice' })
    const twice = await app.send('POST', path, undefined, { ...alice, headers, raw: 'scope=a&scope=b' })
    expect(twice.status).toBe(400)
  })

  it('are for others, and for administration, the administrators’ to make', async () => {
    expect(await status(app.send('POST', path, { username: 'bob' }, alice))).toBe(403)
    expect(await status(app.send('POST', path, { username: 'nobody' }, alice))).toBe(403)
    expect(await status(app.send('POST', path, { scope: 'applied-permissions/admin' }, alice))).toBe(403)
    const robot = await create({ username: 'bob', scope: 'artifact:docker-local/team/**:r' }, {})
    expect(await status(app.send('GET', path, undefined, bearer(robot)))).toBe(403)
    expect(await status(app.send('POST', path, {}, bearer(robot)))).toBe(403)
    expect(await status(app.send('POST', path, {}, { authorization: undefined }))).toBe(401)
  })

  it('of others look like none', async () => {
    const { token_id: id } = await create({}, alice)
    const none = '00000000-0000-4000-8000-000000000000'
    for (const [method, at] of [
      ['GET', (token: string) => `${path}/${token}`],
      ['DELETE', (token: string) => `${path}/${token}`],
    ] as const) {
      const foreign = await app.send(method, at(id), undefined, bob)
      const absent = await app.send(method, at(none), undefined, bob)
      expect([foreign.status, foreign.text.replaceAll(id, none)]).toEqual([404, absent.text])
    }
    expect(await status(app.send('POST', `${path}/revoke`, { token_id: id }, bob))).toBe(404)
    expect(await status(app.send('POST', `${legacy}/revoke`, { token_id: id }, bob))).toBe(404)
    expect((await app.send('GET', path, undefined, bob)).text).not.toContain(id)
    expect((await app.send('GET', path)).text).toContain(id)
    expect(await status(app.send('GET', `${path}/${id}`, undefined, alice))).toBe(200)
  })

  it.each([
    ['by their id', 'DELETE', (token: Created) => [`${path}/${token.token_id}`, undefined] as const],
    [
      'by id in a body',
      'POST',
      (token: Created) => [`${path}/revoke`, { token_id: token.token_id }] as const,
    ],
    [
      'by themselves, and DELETE',
      'DELETE',
      (token: Created) => [`${path}/revoke`, { token: token.access_token }] as const,
    ],
    [
      'by themselves',
      'POST',
      (token: Created) => [`${legacy}/revoke`, { token: token.access_token }] as const,
    ],
  ])('are revoked %s, at once', async (_how, method, request) => {
    const token = await create({ refreshable: true }, alice)
    const [at, body] = request(token)
    const before = app.audited.length
    expect(await status(app.send(method, at, body, alice))).toBe(200)
    expect(await status(app.send('GET', path, undefined, bearer(token)))).toBe(401)
    expect(await status(app.send(method, at, body, alice))).toBe(404)
    const refresh = { grant_type: 'refresh_token', refresh_token: token.refresh_token }
    expect(await status(app.send('POST', path, refresh, { authorization: undefined }))).toBe(401)
    expect(app.audited.slice(before).filter(({ action }) => action === 'token.revoke')).toEqual([
      expect.objectContaining({ actor: 'alice', outcome: 'ok' }),
    ])
  })

  it('are renewed by their refresh token alone, once', async () => {
    const token = await create({ refreshable: true, expires_in: 600, description: 'd' }, alice)
    const body = { grant_type: 'refresh_token', refresh_token: token.refresh_token }
    const nobody = { authorization: undefined }
    const renewed = await create(body, nobody)
    expect(renewed).toMatchObject({ expires_in: 600, username: 'alice' })
    expect(await status(app.send('GET', path, undefined, bearer(token)))).toBe(401)
    expect(await status(app.send('GET', path, undefined, bearer(renewed)))).toBe(200)
    expect(await status(app.send('POST', path, body, nobody))).toBe(401)
    expect(await status(app.send('POST', path, { grant_type: 'refresh_token' }, nobody))).toBe(400)
  })

  it.each([path, legacy])(
    'are refused where they are for another service, which is said at %s',
    async (at) => {
      const answer = await app.send(
        'POST',
        at,
        { audience: 'jfxr@*', ...(at === legacy ? { scope: 'member-of-groups:*' } : {}) },
        alice,
      )
      expect([answer.status, answer.headers.get('warning')]).toEqual([
        200,
        '299 - "the audience does not name jfrt@entrepot: the token works nowhere here"',
      ])
      expect(await status(app.send('GET', path, undefined, bearer(answer.json as Created)))).toBe(401)
      const here = await app.send('POST', path, { audience: 'jfxr@* jfrt@*' }, alice)
      expect(here.headers.get('warning')).toBeNull()
      expect(await status(app.send('GET', path, undefined, bearer(here.json as Created)))).toBe(200)
    },
  )

  it('are revoked with those that were made with them, and each is written down', async () => {
    const leaked = await create({}, alice)
    const made = await create({}, bearer(leaked))
    const before = app.audited.length
    expect(await status(app.send('DELETE', `${path}/${leaked.token_id}`, undefined, alice))).toBe(200)
    for (const token of [leaked, made]) {
      expect(await status(app.send('GET', path, undefined, bearer(token)))).toBe(401)
    }
    const revocations = app.audited.slice(before).filter(({ action }) => action === 'token.revoke')
    expect(revocations).toEqual([
      expect.objectContaining({ actor: 'alice', subject: { kind: 'token', name: leaked.token_id } }),
      expect.objectContaining({
        actor: 'alice',
        subject: { kind: 'token', name: made.token_id },
        reason: expect.stringContaining(`made with token ${leaked.token_id}`) as string,
      }),
    ])
  })

  it('are revoked alone when that is asked for', async () => {
    const token = await create({}, alice)
    const made = await create({}, bearer(token))
    const at = `${path}/${token.token_id}`
    expect(await status(app.send('DELETE', `${at}?keep_made=perhaps`, undefined, alice))).toBe(400)
    expect(await status(app.send('DELETE', `${at}?keep_made=true`, undefined, alice))).toBe(200)
    expect(await status(app.send('GET', path, undefined, bearer(token)))).toBe(401)
    expect(await status(app.send('GET', path, undefined, bearer(made)))).toBe(200)
  })

  it('leave a trace when a refresh token is used twice, and of what ended by it', async () => {
    const first = await create({ refreshable: true }, alice)
    const body = { grant_type: 'refresh_token', refresh_token: first.refresh_token }
    const nobody = { authorization: undefined }
    const second = await create(body, nobody)
    const before = app.audited.length
    expect(await status(app.send('POST', path, body, nobody))).toBe(401)
    expect(app.audited.slice(before)).toEqual([
      expect.objectContaining({
        action: 'token.create',
        outcome: 'refused',
        actor: 'alice',
        subject: { kind: 'token', name: first.token_id },
        reason: 'the refresh token was used or revoked before',
      }),
      expect.objectContaining({
        action: 'token.revoke',
        outcome: 'ok',
        subject: { kind: 'token', name: second.token_id },
      }),
    ])
    expect(JSON.stringify(app.audited.slice(before))).not.toContain(first.refresh_token)
  })

  it.each([
    [{ scope: 'everything' }, 'the scope has "everything"'],
    [{ scope: `artifact:${'x'.repeat(500)}:r` }, 'at most 500'],
    [{ expires_in: -1 }, 'expires_in is -1, expected'],
    [{ grant_type: 'password' }, 'grant_type is "password", expected'],
    [{ refresh_token: 7 }, 'refresh_token is not acceptable'],
  ])('are refused as %j', async (body, message) => {
    const answer = await app.send('POST', path, body, alice)
    expect(answer.status).toBe(400)
    expect(errorsOf(answer).join()).toContain(message)
  })

  it('are found by what their subject ends in where clients of the older API look for a user', async () => {
    const { token_id: id } = await create({ description: 'of the older API' }, alice)
    const { tokens } = (await app.send('GET', legacy, undefined, alice)).json as {
      tokens: { token_id: string; subject: string }[]
    }
    expect(tokens.find((token) => token.token_id === id)?.subject).toBe('jfrt@entrepot/users/alice')
    expect((await app.send('GET', `${path}/${id}`, undefined, alice)).json).toMatchObject({
      subject: 'alice',
    })
  })

  it.each(['true', 'True', '1'])('of a form are refreshable where it says %s', async (refreshable) => {
    const form = {
      authorization: alice.authorization,
      raw: new URLSearchParams({ refreshable, expires_in: '60' }).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    }
    const answer = await app.send('POST', legacy, undefined, form)
    expect([answer.status, answer.json]).toEqual([200, expect.objectContaining({ expires_in: 60 })])
    expect(answer.json).toHaveProperty('refresh_token')
  })

  it('are refused in the words that their clients read, besides those of everything else', async () => {
    const wrong = await app.send('POST', path, { expires_in: -1, refreshable: 'x' }, alice)
    const [message = '', other = ''] = errorsOf(wrong)
    expect(message).toContain('expires_in is -1')
    expect(wrong.json).toMatchObject({ code: 'BAD_REQUEST', message, detail: other })
    const nobody = await app.send('GET', path, undefined, { authorization: undefined })
    expect(nobody.json).toMatchObject({ code: 'UNAUTHORIZED', message: 'this needs a login', detail: '' })
    const absent = await app.send('GET', `${path}/none`)
    expect(absent.json).toMatchObject({ code: 'NOT_FOUND', message: errorsOf(absent)[0] })
    expect((await app.send('GET', '/access/api/v2/users/none')).json).not.toHaveProperty('code')
  })

  it('end with their user', async () => {
    const authorization = await app.addUser('leaver')
    const token = await create({}, { authorization })
    await app.send('PATCH', '/access/api/v2/users/leaver', { status: 'disabled' })
    expect(await status(app.send('GET', path, undefined, bearer(token)))).toBe(401)
  })
})

describe('scopeOfLegacy', () => {
  it.each([
    ['member-of-groups:*', 'applied-permissions/user'],
    ['api:* member-of-groups:a,b', 'applied-permissions/groups:a,b'],
    ['member-of-groups:"a,Domain Users"', 'applied-permissions/groups:a,"Domain Users"'],
    ['artifact:docker-local:r', 'artifact:docker-local:r'],
    ['jfrt@entrepot:admin', 'applied-permissions/admin'],
    ['jfrt@another:admin', 'jfrt@another:admin'],
  ])('reads %s as %s', (old, today) => {
    expect(scopeOfLegacy(old)).toBe(today)
  })
})

describe('the signing keys', () => {
  it('show their public halves to everybody, and rotate for administrators', async () => {
    const keys = async () => {
      const answer = await app.send('GET', '/access/api/v1/jwks', undefined, { authorization: undefined })
      return (answer.json as { keys: Record<string, unknown>[] }).keys
    }
    const before = await keys()
    expect(await status(app.send('POST', '/access/api/v1/jwks/rotate'))).toBe(200)
    const after = await keys()
    expect(after.length).toBe(before.length + 1)
    for (const key of after) expect(Object.keys(key)).not.toContain('d')
    expect(app.audited.at(-1)).toMatchObject({ action: 'settings.update', subject: { name: 'signing-keys' } })
  })
})
