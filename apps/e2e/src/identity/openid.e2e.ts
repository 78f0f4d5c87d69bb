import { setTimeout as sleep } from 'node:timers/promises'
import { TestDatabase } from '@entrepot/database/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  clientId,
  clientSecret,
  OpenIdProvider,
} from '../../../../libs/identity/src/testing/openid-provider.js'
import { Containers } from '../support/containers.js'
import { Entrepot } from '../support/entrepot.js'
import { givesAway } from '../support/find-secret.js'
import { makeImage } from '../support/images.js'
import { requirePart } from '../support/parts.js'
import { type Answer, expectStatus, json, Registry } from '../support/registry-client.js'
import { eventually } from '../support/workplace.js'

const path = '/access/api/v1/oidc'
const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange'
const identityToken = 'urn:ietf:params:oauth:token-type:id_token'
const image = 'docker-local/team/app'

/** An unknown key is looked for once a second; meanwhile a token with one is refused. */
const betweenKeySearchesMs = 1100

interface AuditEvent {
  readonly action: string
  readonly outcome: string
  readonly actor: string
  readonly realm?: string
  readonly address: string
  readonly reason?: string
}

interface TokenAnswer {
  readonly token_id: string
  readonly access_token: string
  readonly expires_in: number
  readonly username: string
  readonly return_to: string
}

interface BegunLogin {
  readonly location: string
  readonly browserSecret: string
}

describe('a real OpenID provider', () => {
  let db: TestDatabase
  let entrepot: Entrepot
  let issuer: OpenIdProvider
  /** Whatever must be in no log, answer or audit row. */
  const secrets: string[] = [clientSecret]
  /** All that the server said, but for the answers that show a new token. */
  const said: string[] = []

  beforeAll(async () => {
    db = await TestDatabase.create()
    entrepot = await Entrepot.start({ env: { ENTREPOT_DATABASE_URL: db.url } })
    issuer = await OpenIdProvider.start(
      {
        grace: { groups: ['oidc-devs'] },
        ada: { groups: ['oidc-devs'] },
        nobody: {},
      },
      `${entrepot.url}${path}/callback/corp`,
    )
    await entrepot.registry.pushImage(image, '1', makeImage('openid'))
    await administer('PUT', '/artifactory/api/security/groups/oidc-devs', {})
    for (const [name, admin] of [
      ['ada', true],
      ['ci', false],
    ] as const) {
      await administer('PUT', `/artifactory/api/security/users/${name}`, {
        email: `${name}@example.org`,
        password: 'Harbour 4 lamps',
        admin,
      })
    }
    await permit('developers', { groups: { 'oidc-devs': ['read'] } })
    await permit('pipelines', { users: { ci: ['read', 'write'] } }, ['**'])
  })

  afterAll(async () => {
    await issuer?.stop()
    await entrepot?.dispose()
    await db?.close()
  })

  async function administer(method: string, route: string, body?: object): Promise<Answer> {
    const headers = { 'content-type': 'application/json' }
    const ask = body === undefined ? {} : { headers, body: JSON.stringify(body) }
    const answer = await entrepot.registry.send(method, route, ask)
    said.push(answer.body.toString())
    if (answer.status >= 300) throw new Error(`${method} ${route}: ${answer.status} ${said.at(-1)}`)
    return answer
  }

  const permit = (name: string, actions: object, include: readonly string[] = ['team/**']) =>
    administer('PUT', `/artifactory/api/v2/security/permissions/${name}`, {
      name,
      repo: { repositories: ['docker-local'], 'include-patterns': include, actions },
    })

  const corp = () => ({
    name: 'corp',
    issuer_url: issuer.issuer,
    provider_type: 'generic',
    client_id: clientId,
    client_secret: clientSecret,
    groups_claim: 'groups',
    login_seconds: 60,
  })
  const pipelines = () => ({
    name: 'pipelines',
    issuer_url: issuer.issuer,
    provider_type: 'GitHub',
    audience: 'entrepot-ci',
  })

  const askToBegin = (returnTo: string) =>
    entrepot.anonymous.get(`${path}/login/corp?return_to=${encodeURIComponent(returnTo)}`)

  async function begin(returnTo = '/ui/?tab=1'): Promise<BegunLogin> {
    const answer = await askToBegin(returnTo)
    expectStatus(answer, 302)
    const cookie = answer.headers.getSetCookie()[0] ?? ''
    for (const part of ['HttpOnly', 'SameSite=Lax', `Path=${path}`]) expect(cookie).toContain(part)
    const browserSecret = /^entrepot-oidc-login=([^;]+)/.exec(cookie)?.[1] ?? ''
    expect(browserSecret.length).toBeGreaterThan(40)
    secrets.push(browserSecret)
    return { location: answer.headers.get('location') ?? '', browserSecret }
  }

  /** The browser at our callback, with what the provider sent it back with. */
  const call = (query: string, browserSecret: string, provider = 'corp') => {
    secrets.push(new URLSearchParams(query).get('code') ?? '')
    const cookie = `other=1; entrepot-oidc-login=${browserSecret}`
    return entrepot.anonymous.get(`${path}/callback/${provider}?${query}`, { cookie })
  }

  async function logIn(name: string): Promise<TokenAnswer> {
    const { location, browserSecret } = await begin()
    return tokenIn(await call(await issuer.logIn(location, name), browserSecret))
  }

  function tokenIn(answer: Answer): TokenAnswer {
    expectStatus(answer, 200)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    const token = json(answer) as TokenAnswer
    secrets.push(token.access_token)
    return token
  }

  const withToken = (method: string, route: string, token: string, body?: object) =>
    entrepot.anonymous.send(method, route, {
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })

  const createRepository = async (token: string, key: string) => {
    const body = { key, rclass: 'local', packageType: 'docker' }
    return (await withToken('PUT', `/artifactory/api/repositories/${key}`, token, body)).status
  }

  const exchange = async (subjectToken: string, provider = 'pipelines') => {
    secrets.push(subjectToken)
    const answer = await entrepot.anonymous.send('POST', `${path}/token`, {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        grant_type: exchangeGrant,
        subject_token_type: identityToken,
        subject_token: subjectToken,
        provider_name: provider,
      }),
    })
    if (answer.status !== 200) said.push(answer.body.toString())
    return answer
  }

  async function events(query: Readonly<Record<string, string>>): Promise<readonly AuditEvent[]> {
    const search = new URLSearchParams(query).toString()
    const answer = await administer('GET', `/artifactory/api/entrepot/audit?${search}`)
    return (json(answer) as { events: readonly AuditEvent[] }).events
  }

  /** Rows are written a moment after the answer. */
  async function recorded(
    query: Readonly<Record<string, string>>,
    count = 1,
  ): Promise<readonly AuditEvent[]> {
    let found: readonly AuditEvent[] = []
    await eventually(`the audit trail has ${JSON.stringify(query)}`, async () => {
      found = await events(query)
      return found.length >= count
    })
    return found
  }

  it('is configured over REST by an administrator only, and its client secret is not shown', async () => {
    const asCi = new Registry(entrepot.url, { user: 'ci', password: 'Harbour 4 lamps' })
    const headers = { 'content-type': 'application/json' }
    const ask = { headers, body: JSON.stringify(corp()) }
    expect((await asCi.send('POST', path, ask)).status).toBe(403)
    expect((await entrepot.anonymous.send('POST', path, ask)).status).toBe(401)

    await administer('POST', path, corp())
    await administer('POST', path, pipelines())
    await administer('POST', `${path}/pipelines/identity_mappings`, {
      name: 'team',
      priority: 1,
      claims: { repository: 'team/*', ref: ['refs/heads/main', 'refs/tags/*'] },
      token_spec: { username: 'ci', scope: 'artifact:docker-local/team/**:r,w', expires_in: 120 },
    })
    const { client_secret: _secret, ...shown } = corp()
    expect(json(await administer('GET', `${path}/corp`))).toMatchObject(shown)
    expect(json(await administer('GET', path))).toHaveLength(2)
    expect(await recorded({ action: 'directory.create', subject: 'oidc/corp' })).toHaveLength(1)
  })

  it('logs in who has its groups, with their rights and none beyond these, for as long as it is set', async () => {
    const token = await logIn('grace')
    expect(token).toMatchObject({ username: 'corp/grace', expires_in: 60, return_to: '/ui/?tab=1' })
    expect((await withToken('GET', '/artifactory/api/repositories', token.access_token)).status).toBe(200)
    expect((await withToken('GET', `/v2/${image}/manifests/1`, token.access_token)).status).toBe(200)
    expect(await createRepository(token.access_token, 'made-by-grace')).toBe(403)
    expect((await withToken('GET', '/artifactory/api/entrepot/audit', token.access_token)).status).toBe(403)
    const upload = await withToken('POST', `/v2/${image}/blobs/uploads/`, token.access_token)
    expect(upload.status).toBe(403)

    const [login] = await recorded({ action: 'login', outcome: 'ok', actor: 'corp/grace' })
    expect(login).toMatchObject({ realm: 'oidc/corp', address: '127.0.0.1' })
    await recorded({ action: 'token.create', actor: 'corp/grace', subject: token.token_id })

    await db.database.query({ text: 'UPDATE access_tokens SET expires_at = now() WHERE id = $1' }, [
      token.token_id,
    ])
    await eventually(
      'the token is over',
      async () =>
        (await withToken('GET', '/artifactory/api/repositories', token.access_token)).status === 401,
      2000,
    )
    expect((await withToken('GET', `/v2/${image}/manifests/1`, token.access_token)).status).toBe(401)
  })

  it('names users of this registry only where an administrator trusts it to', async () => {
    const { location, browserSecret } = await begin()
    const refused = await call(await issuer.logIn(location, 'ada'), browserSecret)
    expect(refused.status).toBe(403)
    expect(await recorded({ action: 'login', outcome: 'refused', actor: 'oidc/corp' })).toHaveLength(1)

    await administer('PUT', `${path}/corp`, { matches_accounts: true })
    const token = await logIn('ada')
    expect(token.username).toBe('ada')
    expect(await createRepository(token.access_token, 'made-by-ada')).toBe(200)
    await recorded({ action: 'login', outcome: 'ok', actor: 'ada', realm: 'oidc/corp' })
    await administer('PUT', `${path}/corp`, { matches_accounts: false })
  })

  it('logs nobody in who has no rights here', async () => {
    const { location, browserSecret } = await begin()
    const answer = await call(await issuer.logIn(location, 'nobody'), browserSecret)
    expect(answer.status).toBe(403)
    expect(answer.body.toString()).not.toContain('access_token')
  })

  it('ends a login once, in the browser and at the provider where it began', async () => {
    const before = (await events({ action: 'login', outcome: 'refused', actor: 'oidc/corp' })).length
    const used = await begin()
    const query = await issuer.logIn(used.location, 'grace')
    tokenIn(await call(query, used.browserSecret))
    const foreign = await begin()
    const foreignQuery = await issuer.logIn(foreign.location, 'grace')
    const other = await begin()
    const otherQuery = await issuer.logIn(other.location, 'grace')
    const forged = await begin()
    const state = new URL(forged.location).searchParams.get('state') ?? ''

    const answers = [
      await call(query, used.browserSecret),
      await call(foreignQuery, used.browserSecret),
      await call(foreignQuery, foreign.browserSecret),
      await call(otherQuery, other.browserSecret, 'pipelines'),
      await call(otherQuery, other.browserSecret),
      await call('code=guessed-code&state=guessed', forged.browserSecret),
      await call(
        new URLSearchParams({ code: 'guessed-code', state, iss: issuer.issuer }).toString(),
        forged.browserSecret,
      ),
    ]
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401, 401, 401])
    for (const { body } of answers) said.push(body.toString())
    await recorded({ action: 'login', outcome: 'refused', actor: 'oidc/corp' }, before + 6)
    await recorded({ action: 'login', outcome: 'refused', actor: 'oidc/pipelines' })
  })

  it.each(['https://evil.example/', '//evil.example', '/\\evil.example', '/%2F%2Fevil.example', 'ui'])(
    'does not send anybody to %s after the login',
    async (returnTo) => {
      const answer = await askToBegin(returnTo)
      expect([answer.status, answer.headers.getSetCookie()]).toEqual([400, []])
    },
  )

  it('has the tokens of its jobs exchanged by their claims, again and again', async () => {
    const claims = { repository: 'team/app', ref: 'refs/heads/main' }
    const job = await issuer.sign(claims)
    const [first, second] = [tokenIn(await exchange(job)), tokenIn(await exchange(job))]
    expect(first).toMatchObject({ username: 'ci', expires_in: 120 })
    expect(second.access_token).not.toBe(first.access_token)
    expect((await withToken('GET', `/v2/${image}/manifests/1`, first.access_token)).status).toBe(200)
    expect(await createRepository(first.access_token, 'made-by-ci')).toBe(403)
    await recorded({ action: 'login', outcome: 'ok', actor: 'ci', realm: 'oidc/pipelines' }, 2)
    await recorded({ action: 'token.create', actor: 'ci', subject: first.token_id })
  })

  it('has no other tokens exchanged, and the audit trail says so', async () => {
    const good = { repository: 'team/app', ref: 'refs/heads/main' }
    const seconds = Math.floor(Date.now() / 1000)
    const query = { action: 'login', outcome: 'refused', actor: 'oidc/pipelines' }
    const before = (await events(query)).length
    const jobs = [
      await issuer.sign({ ...good, repository: 'other/app' }),
      await issuer.sign({ ...good, repository: 'team/app/../../other' }),
      await issuer.sign({ ...good, repository: undefined }),
      await issuer.sign({ ...good, ref: 'refs/heads/feature' }),
      await issuer.sign({ ...good, iat: seconds - 600, exp: seconds - 300 }),
      await issuer.sign({ ...good, aud: 'somebody-else' }),
      await issuer.sign({ ...good, iss: 'https://evil.example' }),
      await issuer.signWith(Buffer.from(JSON.stringify(issuer.publicJwk)), good, { alg: 'HS256' }),
      `${(await issuer.sign(good)).slice(0, -8)}AAAAAAAA`,
      'no token at all',
    ]
    const answers = []
    for (const job of jobs) answers.push(await exchange(job))
    expect(answers.map(({ status }) => status)).toEqual(jobs.map(() => 401))
    expect(new Set(answers.map((answer) => (json(answer) as { errors: object[] }).errors.length))).toEqual(
      new Set([1]),
    )
    expect((await exchange(await issuer.sign(good), 'nowhere')).status).toBe(401)
    await recorded(query, before + jobs.length)
  })

  it.skipIf(!requirePart('skopeo'))('has jobs that push with skopeo what their mapping allows', async () => {
    const job = await issuer.sign({ repository: 'team/app', ref: 'refs/tags/v1' })
    const { access_token: token, username } = tokenIn(await exchange(job))
    const skopeo = await Containers.create(entrepot.host)
    try {
      await skopeo.login('skopeo', entrepot.host, username, token)
      const folder = `dir:${skopeo.folder}/image`
      await skopeo.run('skopeo', 'copy', `docker://${entrepot.host}/${image}:1`, folder)
      await skopeo.run('skopeo', 'copy', folder, `docker://${entrepot.host}/docker-local/team/built:1`)
      expect(await skopeo.digestOf(`${entrepot.host}/docker-local/team/built:1`)).toBe(
        await skopeo.digestOf(`${entrepot.host}/${image}:1`),
      )
      // Its user may, its token may not.
      const elsewhere = `docker://${entrepot.host}/docker-local/other/built:1`
      expect(await skopeo.fails('skopeo', 'copy', folder, elsewhere)).toMatch(
        /denied|unauthorized|insufficient/i,
      )
      const push = (await recorded({ action: 'push', actor: 'ci' }))[0]
      expect(push).toMatchObject({ outcome: 'ok' })
    } finally {
      await skopeo.dispose()
    }
  })

  it('is not taken for a refusal when it is down', async () => {
    const begun = await begin()
    const query = await issuer.logIn(begun.location, 'grace')
    // A key that the registry has not seen: it has to ask.
    await issuer.rotate('second')
    const job = await issuer.sign({ repository: 'team/app', ref: 'refs/heads/main' })
    const { host } = new URL(issuer.issuer)
    await issuer.stop()
    await sleep(betweenKeySearchesMs)
    const answers = [await exchange(job), await call(query, begun.browserSecret)]
    for (const answer of answers) {
      expect(answer.status).toBe(503)
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
      expect(answer.body.toString()).not.toContain(host)
      said.push(answer.body.toString())
    }
    for (const provider of ['pipelines', 'corp']) {
      await recorded({ action: 'login', outcome: 'failed', actor: `oidc/${provider}` })
    }
    expect((await entrepot.registry.manifest(image, '1')).status).toBe(200)
  })

  it('leaves no secret and no token in a log, an answer or the audit trail', async () => {
    const rows = JSON.stringify(await events({ limit: '1000' }))
    expect(rows).toContain('"token.create"')
    expect(secrets.length).toBeGreaterThan(20)
    for (const [place, text] of Object.entries({ log: entrepot.output, rows, answers: said.join('\n') })) {
      const given = secrets.filter((secret) => givesAway(text, secret))
      expect([place, given]).toEqual([place, []])
    }
  })
})
