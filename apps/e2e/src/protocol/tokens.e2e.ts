import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { adminPassword, Entrepot } from '../support/entrepot.js'
import { makeImage } from '../support/images.js'
import { errorCodes, expectStatus, json, type Answer } from '../support/registry-client.js'

interface Grant {
  readonly token: string
  readonly access_token: string
  readonly expires_in: number
  readonly issued_at: string
  readonly refresh_token?: string
}

const form = { 'content-type': 'application/x-www-form-urlencoded' }

describe('a token', () => {
  let entrepot: Entrepot
  let realm: string
  let service: string
  const image = makeImage('guarded')
  const manifest = '/v2/docker-local/guarded/app/manifests/1'

  beforeAll(async () => {
    entrepot = await Entrepot.start()
    await entrepot.registry.pushImage('docker-local/guarded/app', '1', image)
    const challenge = parseChallenge(await entrepot.anonymous.get('/v2/'))
    realm = challenge['realm'] ?? ''
    service = challenge['service'] ?? ''
  })
  afterAll(async () => {
    await entrepot?.dispose()
  })

  const ask = async (...scopes: readonly string[]): Promise<Grant> => {
    const url = new URL(realm)
    url.searchParams.set('service', service)
    for (const scope of scopes) url.searchParams.append('scope', scope)
    return json(expectStatus(await entrepot.registry.get(`${url.pathname}${url.search}`), 200)) as Grant
  }
  const post = async (fields: Readonly<Record<string, string>>): Promise<Answer> =>
    entrepot.anonymous.send('POST', new URL(realm).pathname, {
      headers: form,
      body: new URLSearchParams({ service, client_id: 'e2e', ...fields }).toString(),
    })
  const withToken = async (token: string, method: string, path: string): Promise<Answer> =>
    entrepot.anonymous.send(method, path, { headers: { authorization: `Bearer ${token}` } })

  it('is asked for by one Bearer challenge, whose realm is on the host that was asked', async () => {
    const answer = await entrepot.anonymous.get('/v2/')
    expect(answer.status).toBe(401)
    expect(errorCodes(answer)).toEqual(['UNAUTHORIZED'])
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer (?!.*\b(?:Basic|Bearer) )/i)
    expect(new URL(realm).host).toBe(entrepot.host)
    expect(parseChallenge(answer)['scope']).toBeUndefined()
  })

  it.each([
    ['GET', 'manifests/1', 'repository:docker-local/guarded/app:pull'],
    ['HEAD', 'manifests/1', 'repository:docker-local/guarded/app:pull'],
    ['GET', 'tags/list', 'repository:docker-local/guarded/app:pull'],
    ['POST', 'blobs/uploads/', 'repository:docker-local/guarded/app:pull,push'],
    ['PUT', 'manifests/2', 'repository:docker-local/guarded/app:pull,push'],
  ])('has its scope in the challenge of %s %s', async (method, rest, scope) => {
    const answer = await entrepot.anonymous.send(method, `/v2/docker-local/guarded/app/${rest}`)
    expect(answer.status).toBe(401)
    expect(parseChallenge(answer)).toMatchObject({ realm, service, scope })
  })

  it('has its scope in the challenges of a delete, a mount and the catalog', async () => {
    const scopeOf = async (method: string, path: string): Promise<string> =>
      parseChallenge(await entrepot.anonymous.send(method, path))['scope'] ?? ''
    expect(await scopeOf('DELETE', manifest)).toMatch(/^repository:docker-local\/guarded\/app:.*delete/)
    expect(await scopeOf('GET', '/v2/_catalog')).toBe('registry:catalog:*')
    const mount = `/v2/docker-local/to/blobs/uploads/?mount=${image.digest}&from=docker-local/guarded/app`
    expect((await scopeOf('POST', mount)).split(' ')).toEqual([
      'repository:docker-local/to:pull,push',
      'repository:docker-local/guarded/app:pull',
    ])
  })

  it('comes with all the fields that clients read', async () => {
    const grant = await ask('repository:docker-local/guarded/app:pull')
    expect(grant.access_token).toBe(grant.token)
    expect(grant.expires_in).toBeGreaterThanOrEqual(60)
    expect(Math.abs(Date.parse(grant.issued_at) - Date.now())).toBeLessThan(60_000)
    expect((await withToken(grant.token, 'GET', manifest)).status).toBe(200)
    expect((await withToken(grant.token, 'GET', '/v2/')).status).toBe(200)
  })

  it('is good for what it was asked for and for nothing more', async () => {
    const pull = await ask('repository:docker-local/guarded/app:pull')
    const refused = await withToken(pull.token, 'POST', '/v2/docker-local/guarded/app/blobs/uploads/')
    expect(refused.status).toBe(401)
    expect(parseChallenge(refused)).toMatchObject({
      error: 'insufficient_scope',
      scope: 'repository:docker-local/guarded/app:pull,push',
    })
    const elsewhere = await withToken(pull.token, 'GET', '/v2/docker-local/guarded/other/tags/list')
    expect(elsewhere.status).toBe(401)

    const none = await ask()
    expect((await withToken(none.token, 'GET', '/v2/')).status).toBe(200)
    expect((await withToken(none.token, 'GET', manifest)).status).toBe(401)
  })

  it('takes several scopes, repeated and in one parameter, in any order of actions, and stars', async () => {
    const repeated = await ask('repository:docker-local/a:push,pull', 'repository:docker-local/b:pull')
    const joined = await ask('repository:docker-local/a:push,pull repository:docker-local/b:pull')
    for (const { token } of [repeated, joined]) {
      const upload = await withToken(token, 'POST', '/v2/docker-local/a/blobs/uploads/')
      expect(upload.status).toBe(202)
      expect((await withToken(token, 'GET', '/v2/docker-local/b/tags/list')).status).toBe(404)
    }
    const all = await ask('repository:docker-local/guarded/app:*', 'registry:catalog:*')
    expect((await withToken(all.token, 'GET', '/v2/_catalog')).status).toBe(200)
    const plugin = await ask('repository(plugin):docker-local/guarded/app:pull')
    expect((await withToken(plugin.token, 'GET', manifest)).status).toBe(200)
  })

  it('is not given for a wrong password', async () => {
    const path = `${new URL(realm).pathname}?service=${service}`
    const basic = `Basic ${Buffer.from('admin:wrong').toString('base64')}`
    const wrong = await entrepot.anonymous.get(path, { authorization: basic })
    expect(wrong.status).toBe(401)
    expect(wrong.body.toString()).not.toContain('token"')
    const posted = await post({ grant_type: 'password', username: 'admin', password: 'wrong' })
    expect([400, 401]).toContain(posted.status)
  })

  it('opens nothing when nobody is logged in', async () => {
    const scope = encodeURIComponent('repository:docker-local/guarded/app:pull')
    const answer = await entrepot.anonymous.get(
      `${new URL(realm).pathname}?service=${service}&scope=${scope}`,
    )
    if (answer.status !== 401) {
      const { token } = json(expectStatus(answer, 200)) as Grant
      expect((await withToken(token, 'GET', manifest)).status).toBe(401)
    }
    expect((await entrepot.anonymous.get(manifest)).status).toBe(401)
  })

  it('comes by POST as well, with a refresh token that works and can be used again', async () => {
    const scope = 'repository:docker-local/guarded/app:pull repository:docker-local/guarded/app:pull,push'
    const credentials = { grant_type: 'password', username: 'admin', password: adminPassword }
    const granted = await post({ ...credentials, scope, access_type: 'offline' })
    const first = json(expectStatus(granted, 200)) as Grant
    expect((await withToken(first.access_token, 'GET', manifest)).status).toBe(200)
    expect(granted.headers.get('cache-control')).toBe('no-store')

    const refreshToken = first.refresh_token ?? ''
    expect(refreshToken).not.toBe('')
    for (let use = 0; use < 2; use += 1) {
      const again = await post({ grant_type: 'refresh_token', refresh_token: refreshToken, scope })
      const { access_token: token } = json(expectStatus(again, 200)) as Grant
      expect((await withToken(token, 'GET', manifest)).status).toBe(200)
    }
    const forged = await post({ grant_type: 'refresh_token', refresh_token: `${refreshToken}x`, scope })
    expect([400, 401]).toContain(forged.status)
  })

  it('that was made up or changed is refused as invalid', async () => {
    const { token } = await ask('repository:docker-local/guarded/app:pull')
    const [header, claims, signature] = token.split('.')
    const unsigned = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')
    const made = [
      'nonsense',
      `${header}.${claims}.`,
      `${unsigned}.${claims}.`,
      `${unsigned}.${claims}.${signature}`,
    ]
    for (const bad of made) {
      const answer = await withToken(bad, 'GET', manifest)
      expect(answer.status).toBe(401)
      expect(parseChallenge(answer)['error']).toBe('invalid_token')
    }
  })

  it('is in no log line, and neither is a password', async () => {
    const { token } = await ask('repository:docker-local/guarded/app:pull')
    await entrepot.logged(expectStatus(await withToken(token, 'GET', manifest), 200))
    const signature = token.split('.').at(-1) ?? token
    for (const secret of [adminPassword, signature, 'Basic YWRtaW4'])
      expect(entrepot.output).not.toContain(secret)
  })
})

function parseChallenge(answer: Answer): Record<string, string> {
  const header = answer.headers.get('www-authenticate') ?? ''
  return Object.fromEntries([...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]))
}
