import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AdminApiApp, errorsOf } from '../testing/admin-api-app.js'
import { Issuer, jobAudience } from '../testing/issuer.js'

const path = '/access/api/v1/oidc'
const nobody = { authorization: undefined }

let app: AdminApiApp
let issuer: Issuer
beforeAll(async () => {
  app = await AdminApiApp.start({ publicUrl: 'https://registry.example' })
  issuer = await Issuer.start()
})
afterAll(async () => {
  issuer.stop()
  await app.close()
})

const status = async (sent: Promise<{ status: number }>) => (await sent).status
const provider = () => ({
  name: 'ci',
  issuer_url: issuer.url,
  provider_type: 'generic',
  audience: jobAudience,
  description: 'd',
  client_id: 'entrepot',
  client_secret: 'canary-client',
})
const mapping = {
  name: 'team',
  description: '',
  priority: 1,
  claims: { repository: 'team/*' },
  token_spec: {
    username: 'robot',
    scope: 'artifact:docker-local/team/**:r,w',
    audience: '',
    expires_in: 600,
  },
}
const jobToken = (claims: object) => issuer.sign(claims)

describe('OpenID providers', () => {
  it('are created, shown without the secret, changed and deleted, with their mappings', async () => {
    expect(await status(app.send('POST', path, provider()))).toBe(201)
    expect(await status(app.send('POST', path, provider()))).toBe(409)
    const { client_secret: _secret, ...shown } = provider()
    const answer = await app.send('GET', `${path}/ci`)
    expect(answer.json).toMatchObject({ ...shown, matches_accounts: false, allow_insecure_http: false })
    expect(await status(app.send('PUT', `${path}/ci`, answer.json))).toBe(200)
    const secret = () => app.ports.openId.providers.find('ci')?.provider.client?.secret
    expect(secret()).toBe('canary-client')
    const mappings = `${path}/ci/identity_mappings`
    expect(await status(app.send('POST', mappings, mapping))).toBe(201)
    expect(await status(app.send('POST', mappings, mapping))).toBe(409)
    expect((await app.send('GET', `${mappings}/team`)).json).toEqual(mapping)
    expect(await status(app.send('PUT', `${mappings}/team`, { ...mapping, priority: 2 }))).toBe(200)
    expect((await app.send('GET', mappings)).json).toEqual([{ ...mapping, priority: 2 }])
    expect(await status(app.send('PUT', `${mappings}/none`, mapping))).toBe(404)
    expect(await status(app.send('DELETE', `${mappings}/team`))).toBe(204)
    expect(await status(app.send('GET', `${mappings}/team`))).toBe(404)
    await app.send('PUT', `${path}/ci`, { issuer_url: `${issuer.url}/other` })
    expect(secret()).toBeUndefined()
    expect(await status(app.send('DELETE', `${path}/ci`))).toBe(204)
    expect(await status(app.send('DELETE', `${path}/ci`))).toBe(404)
    expect(JSON.stringify([app.audited, app.logged])).not.toContain('canary')
  })

  it.each([
    [{ issuer_url: 'https://x.example', audience: 'a' }, 'name is missing'],
    [{ name: 'x', audience: 'a' }, 'issuer_url is missing'],
    [{ name: 'callback', issuer_url: 'https://x.example', audience: 'a' }, 'is reserved'],
    [{ name: 'x', issuer_url: 'http://x.example', audience: 'a' }, 'without TLS'],
    [{ name: 'x', issuer_url: 'https://x.example' }, 'neither a client id nor an audience'],
  ])('are refused as %j', async (body, message) => {
    const answer = await app.send('POST', path, body)
    expect(answer.status).toBe(400)
    expect(errorsOf(answer).join()).toContain(message)
  })
})

describe('the exchange of a CI token', () => {
  const exchange = (token: string, particulars: object = {}) =>
    app.send(
      'POST',
      `${path}/token`,
      {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
        subject_token: token,
        provider_name: 'ci',
        ...particulars,
      },
      nobody,
    )

  beforeAll(async () => {
    await app.users.create({ name: 'robot', kind: 'robot' })
    await app.send('POST', path, provider())
    await app.send('POST', `${path}/ci/identity_mappings`, mapping)
  })

  it('gives a token of the mapping, and writes it down', async () => {
    const token = await jobToken({ repository: 'team/app' })
    const answer = await exchange(token)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.json).toMatchObject({
      username: 'robot',
      scope: mapping.token_spec.scope,
      expires_in: 600,
      token_type: 'Bearer',
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    })
    expect(app.audited.slice(-2)).toMatchObject([
      { action: 'login', outcome: 'ok', actor: 'robot', realm: 'oidc/ci' },
      { action: 'token.create', actor: 'robot', after: { scope: mapping.token_spec.scope } },
    ])
    const { access_token: secret } = answer.json as { access_token: string }
    const recorded = JSON.stringify([app.audited, app.logged])
    expect([recorded.includes(token), recorded.includes(secret)]).toEqual([false, false])
  })

  it('refuses everything else in the same words', async () => {
    const good = await jobToken({ repository: 'team/app' })
    const answers = [
      await exchange(await jobToken({ repository: 'other/app' })),
      await exchange(await jobToken({ repository: 'team/app', aud: 'somebody' })),
      await exchange(`${good.slice(0, -8)}AAAAAAAA`),
      await exchange(good, { provider_name: 'nowhere' }),
      await exchange(good, { identity_mapping_name: 'none' }),
    ]
    expect(answers.map((answer) => answer.status)).toEqual([401, 401, 401, 401, 401])
    expect(new Set(answers.map((answer) => answer.text)).size).toBe(1)
    expect(app.audited.at(-1)).toMatchObject({ action: 'login', outcome: 'refused', actor: 'oidc/ci' })
    expect((await exchange(good, { grant_type: 'password' })).status).toBe(400)
    expect((await exchange(good, { provider_name: undefined })).status).toBe(400)
  })
})

describe('a login at a provider', () => {
  const begin = (query: string) => fetch(`${app.url}${path}/login/ci${query}`, { redirect: 'manual' })

  it('sends the browser there, with a cookie that nobody else can read', async () => {
    const answer = await begin('?return_to=/ui/')
    expect(answer.status).toBe(302)
    const location = new URL(answer.headers.get('location') ?? '')
    expect(location.origin + location.pathname).toBe(`${issuer.url}/auth`)
    expect(location.searchParams.get('redirect_uri')).toBe(`https://registry.example${path}/callback/ci`)
    expect(location.searchParams.get('code_challenge_method')).toBe('S256')
    const cookie = answer.headers.getSetCookie()[0] ?? ''
    for (const part of ['HttpOnly', 'Secure', 'SameSite=Lax', `Path=${path}`]) expect(cookie).toContain(part)
  })

  it('goes back to no other site', async () => {
    for (const path of ['//evil.example', '/\\evil.example', 'https://evil.example', '%2F%2Fevil.example']) {
      expect((await begin(`?return_to=${path}`)).status).toBe(400)
    }
  })

  it('ends with what was begun here, in the same browser', async () => {
    const begun = await begin('')
    const state = new URL(begun.headers.get('location') ?? '').searchParams.get('state') ?? ''
    for (const query of ['', '?code=x&state=forged', `?code=x&state=${state}`]) {
      const answer = await app.send('GET', `${path}/callback/ci${query}`, undefined, nobody)
      expect(answer.status).toBe(401)
    }
    expect(app.audited.at(-1)).toMatchObject({ action: 'login', outcome: 'refused', actor: 'oidc/ci' })
  })
})
