import { TestDatabase } from '@entrepot/database/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { adminPassword, Entrepot } from '../support/entrepot.js'
import { everyRowOf } from '../support/every-row.js'
import { givesAway } from '../support/find-secret.js'
import { Registry } from '../support/registry-client.js'
import { eventually } from '../support/workplace.js'

const secrets = {
  upstream: 'Canary-upstream password 4711',
  manager: 'Canary-manager password 4712',
  client: 'Canary-client secret 4713',
}
const key = (byte: number) => Buffer.alloc(32, byte).toString('base64')

describe('secrets in the database', () => {
  let db: TestDatabase
  let token: string
  const started: Entrepot[] = []
  beforeAll(async () => {
    db = await TestDatabase.create()
    const server = await start(key(1))
    await plant(server)
    token = await bearerToken(server)
    await server.dispose()
  })
  afterAll(async () => {
    await Promise.all(started.map((server) => server.dispose()))
    await db?.close()
  })

  async function start(masterKey: string, env: Readonly<Record<string, string>> = {}): Promise<Entrepot> {
    const server = await Entrepot.start({
      env: { ENTREPOT_DATABASE_URL: db.url, ENTREPOT_MASTER_KEY: masterKey, ...env },
    })
    started.push(server)
    return server
  }

  async function administer(server: Entrepot, method: string, path: string, body?: object): Promise<string> {
    const basic = Buffer.from(`admin:${adminPassword}`).toString('base64')
    const response = await fetch(`${server.url}${path}`, {
      method,
      headers: { authorization: `Basic ${basic}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return text
  }

  async function plant(server: Entrepot): Promise<void> {
    await server.createRepository('secret-remote', {
      rclass: 'remote',
      url: 'https://upstream.example',
      username: 'me',
      password: secrets.upstream,
    })
    await administer(server, 'POST', '/access/api/v1/ldap/settings', {
      key: 'corp',
      enabled: false,
      ldap_url: 'ldap://127.0.0.1:1/dc=example',
      search: {
        search_filter: '(uid={0})',
        manager_dn: 'cn=manager,dc=example',
        manager_password: secrets.manager,
      },
    })
    await administer(server, 'POST', '/access/api/v1/oidc', {
      name: 'idp',
      issuer_url: 'https://idp.example',
      client_id: 'entrepot',
      client_secret: secrets.client,
    })
  }

  async function bearerToken(server: Entrepot): Promise<string> {
    const answer = await server.registry.get('/v2/token')
    return (JSON.parse(answer.body.toString()) as { token: string }).token
  }

  const failureOf = (starting: Promise<Entrepot>): Promise<string> =>
    starting.then(
      () => 'it started',
      (error: unknown) => (error as Error).message,
    )

  it('are in none of its rows in clear', async () => {
    const dump = await everyRowOf(db.database)
    expect(dump).toContain('upstream.example')
    expect(dump).toContain('cn=manager')
    expect(dump).toContain('idp.example')
    for (const secret of Object.values(secrets)) expect(givesAway(dump, secret)).toBe(false)
    expect(dump).not.toContain('PRIVATE KEY')
  })

  it('keep a server with another key from starting, which says which key it needs', async () => {
    const failure = await failureOf(start(key(2)))
    expect(failure).toContain('ended while starting')
    expect(failure).toMatch(/sealed with master key [0-9a-f]{8}, and this server has [0-9a-f]{8}/)
    expect(failure).toContain('ENTREPOT_MASTER_KEY')
  })

  it('keep a server without a key from starting, and from making one', async () => {
    const failure = await failureOf(start(''))
    expect(failure).toMatch(/sealed with master key [0-9a-f]{8}, and this server has none/)
  })

  it('are sealed with a new key while the old one is still known; then the new one is enough', async () => {
    const rotating = await start(`${key(2)},${key(1)}`)
    // The key that signed it was opened, and sealed again.
    expect((await new Registry(rotating.url).get('/v2/', { authorization: `Bearer ${token}` })).status).toBe(
      200,
    )
    await rotating.dispose()
    const rotated = await start(key(2))
    expect((await new Registry(rotated.url).get('/v2/', { authorization: `Bearer ${token}` })).status).toBe(
      200,
    )
    await rotated.dispose()
    expect(await failureOf(start(key(1)))).toContain('sealed with master key')
  })

  it('are given up on demand when the key is lost, and the rest goes on', async () => {
    const [, id = ''] = /sealed with master key ([0-9a-f]{8})/.exec(await failureOf(start(key(3)))) ?? []
    const server = await start(key(3), { ENTREPOT_LOST_MASTER_KEY: id })
    const remote = await administer(server, 'GET', '/artifactory/api/repositories/secret-remote')
    expect(JSON.parse(remote)).toMatchObject({ url: 'https://upstream.example' })
    expect((await server.registry.get('/v2/')).status).toBe(200)
    expect(server.output).toContain('repositories/secret-remote/password')
    const path = '/artifactory/api/entrepot/audit?action=settings.update'
    await eventually('the audit trail tells', async () =>
      (await administer(server, 'GET', path)).includes('oidc_providers/idp/client.secret'),
    )
  })
})
