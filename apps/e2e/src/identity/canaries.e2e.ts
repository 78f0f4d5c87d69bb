import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StreamReceiver } from '@entrepot/audit/testing'
import {
  PostgresAccessTokenStore,
  PostgresOrderedSettingsStore,
  PostgresUserAccountStore,
} from '@entrepot/database'
import { TestDatabase } from '@entrepot/database/testing'
import { AccessTokens, type DirectorySettings, LiveAccessTokens, PasswordHasher } from '@entrepot/identity'
import { systemClock } from '@entrepot/kernel'
import { companyDirectory } from '@entrepot/identity/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { adminPassword, Entrepot, secretBox } from '../support/entrepot.js'
import { everyRowOf } from '../support/every-row.js'
import { FaultyUpstream } from '../support/faulty-upstream.js'
import { givesAway } from '../support/find-secret.js'
import { makeImage } from '../support/images.js'
import { json, Registry, type Answer } from '../support/registry-client.js'
import { RefusingDirectory } from '../support/refusing-directory.js'
import { eventually, removeFolder, temporaryFolder } from '../support/workplace.js'

/** What is planted. Each must be long enough to be nothing else. */
const planted = {
  userPassword: 'Canary-1a user "password" 4711',
  wrongPassword: 'Canary-2b wrong pass&word 4712',
  accessToken: 'Canary3cAccessTokenFourSevenOneThree',
  bearerToken: 'Canary4d.BearerToken.FourSevenOneFour',
  upstreamPassword: 'Canary-5e upstream password 4715',
  urlPassword: 'Canary6fUrlPasswordFourSevenOneSix',
  managerPassword: 'Canary-7g manager password 4717',
  queryPassword: 'Canary8hQueryPasswordFourSevenOneEight',
  newPassword: 'Canary-0j new password 4720',
  refreshToken: 'Canary9iRefreshTokenFourSevenOneNine',
} as const

/** Harmless, and in the same requests as the secrets: if it is not found, neither would they be. */
const marker = 'markerwren'

const jsonHeaders = { 'content-type': 'application/json' }

describe('no secret is told', () => {
  let folder: string
  let db: TestDatabase
  let entrepot: Entrepot
  let upstream: FaultyUpstream
  let directory: RefusingDirectory
  let syslog: StreamReceiver
  /** Everything that could give something away, by where it was found. */
  const places = new Map<string, string>()
  const secrets = new Map<string, string>(Object.entries({ adminPassword, ...planted }))
  const told: string[] = []

  beforeAll(async () => {
    folder = await temporaryFolder('canaries')
    db = await TestDatabase.create()
    ;[upstream, directory, syslog] = await Promise.all([
      FaultyUpstream.start(),
      RefusingDirectory.start(),
      StreamReceiver.start(),
    ])
    await plantDirectory()
    entrepot = await Entrepot.start({
      env: {
        ENTREPOT_DATABASE_URL: db.url,
        ENTREPOT_LOG_LEVEL: 'trace',
        ENTREPOT_AUDIT_FILE: join(folder, 'audit.jsonl'),
        ENTREPOT_AUDIT_SYSLOG: `tcp://127.0.0.1:${syslog.port}`,
      },
    })
    await plantUser()
    await logIn()
    await push()
    await pullFromUpstream()
    await administer()
    await administerUsers()
    await useAccessToken()
    await refuseCredentials()
    await collect()
  })
  afterAll(async () => {
    await entrepot?.dispose()
    await Promise.all([upstream?.stop(), directory?.stop(), syslog?.stop(), db?.close()])
    await removeFolder(folder)
  })

  const plantUser = async () => {
    const passwordHash = await new PasswordHasher().hash(planted.userPassword)
    await new PostgresUserAccountStore(db.database).create({ name: marker, passwordHash, admin: true })
    secrets.set('passwordHash', passwordHash)
  }
  const plantDirectory = () => {
    const settings = companyDirectory([directory.url], {
      search: { managerDn: 'cn=manager,dc=example', managerPassword: planted.managerPassword },
    })
    return new PostgresOrderedSettingsStore<DirectorySettings>(
      db.database,
      'ldap_settings',
      secretBox(),
    ).create('corp', settings)
  }

  /** Keeps all that an answer tells but its own secrets: a token that was asked for is one. */
  const note = (answer: Answer, isGrant = false): Answer => {
    if (!isGrant) told.push(answer.body.toString('utf8'))
    told.push(JSON.stringify([...answer.headers]))
    return answer
  }
  const ask = async (method: string, path: string, authorization?: string, body?: string, headers = {}) => {
    const registry = new Registry(entrepot.url)
    const asWho = authorization === undefined ? {} : { authorization }
    return note(
      await registry.send(method, path, {
        headers: { ...asWho, ...headers },
        ...(body === undefined ? {} : { body }),
      }),
    )
  }
  const basic = (name: string, password: string) =>
    `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`
  const asUser = basic(marker, planted.userPassword)

  const tokenFrom = async (answer: Answer) => {
    const grant = json(note(answer, true)) as { token: string; refresh_token?: string }
    // Signed parts can be used; the claims between the dots are no secret.
    secrets.set(`signature ${secrets.size}`, grant.token.split('.').at(-1) ?? grant.token)
    if (grant.refresh_token !== undefined) secrets.set('refresh token', grant.refresh_token)
    return grant
  }
  const form = (fields: Readonly<Record<string, string>>) => new URLSearchParams(fields).toString()
  const formHeaders = { 'content-type': 'application/x-www-form-urlencoded' }
  const postToken = (fields: Readonly<Record<string, string>>) =>
    new Registry(entrepot.url).send('POST', '/v2/token', { headers: formHeaders, body: form(fields) })

  const logIn = async () => {
    expect((await ask('GET', '/v2/', asUser)).status).toBe(200)
    const registry = new Registry(entrepot.url, { user: marker, password: planted.userPassword })
    const scope = `repository:docker-local/${marker}:pull,push`
    await tokenFrom(await registry.get(`/v2/token?scope=${scope}`))
    const granted = await tokenFrom(
      await postToken({
        grant_type: 'password',
        username: marker,
        password: planted.userPassword,
        access_type: 'offline',
        scope,
      }),
    )
    const { token } = await tokenFrom(
      await postToken({
        grant_type: 'refresh_token',
        refresh_token: granted.refresh_token ?? '',
        scope,
      }),
    )
    await ask('GET', `/v2/docker-local/${marker}/tags/list`, `Bearer ${token}`)
    await ask('DELETE', `/v2/docker-local/${marker}/manifests/1`, `Bearer ${token}`)
    await ask('GET', '/v2/', `Bearer ${token.slice(0, -3)}`)
  }

  const push = async () => {
    const registry = new Registry(entrepot.url, { user: marker, password: planted.userPassword })
    await registry.pushImage(`docker-local/${marker}`, '1', makeImage('first'))
    await registry.pushImage(`docker-local/${marker}`, '1', makeImage('second'))
    note(await registry.manifest(`docker-local/${marker}`, '1'))
    note(await registry.manifest(`docker-local/${marker}`, 'absent'))
    note(await registry.send('DELETE', `/v2/docker-local/${marker}/manifests/1`))
    const query = `?password=${planted.queryPassword}&access_token=${planted.queryPassword}`
    note(await registry.get(`/v2/docker-local/${marker}/manifests/${marker}${query}`))
    note(await registry.get(`/v2/docker-local/${marker}/nothing${query}`))
    note(await registry.get(`/elsewhere/${marker}${query}`))
  }

  const pullFromUpstream = async () => {
    const credentials = { username: 'buyer', password: planted.upstreamPassword }
    upstream.faults = { challengeBasic: true }
    upstream.add('lib/app', '1', makeImage('upstream'))
    const fields = {
      rclass: 'remote',
      packageType: 'docker',
      url: upstream.url,
      assumedOfflinePeriodSecs: 0,
      retrievalCachePeriodSecs: 0,
      allowAnyHostAuth: true,
      ...credentials,
    }
    const path = `/artifactory/api/repositories/${marker}`
    expect(
      (await ask('PUT', path, asUser, JSON.stringify({ key: marker, ...fields }), jsonHeaders)).status,
    ).toBe(200)
    const registry = new Registry(entrepot.url, { user: marker, password: planted.userPassword })
    expect(note(await registry.manifest(`${marker}/lib/app`, '1')).status).toBe(200)
    const sent = upstream.seen.map(({ authorization }) => authorization).filter((text) => text !== undefined)
    expect(sent.some((text) => givesAway(text, planted.upstreamPassword))).toBe(true)
    for (const faults of [{ status: { code: 503 } }, { status: { code: 401 } }, { status: { code: 500 } }]) {
      upstream.faults = faults
      note(await registry.manifest(`${marker}/lib/app`, '2'))
    }
    const unreachable = { ...fields, key: `${marker}-b`, url: 'http://127.0.0.1:1' }
    await ask('PUT', `${path}-b`, asUser, JSON.stringify(unreachable), jsonHeaders)
    note(await registry.manifest(`${marker}-b/lib/app`, '1'))
  }

  const administerUsers = async () => {
    const path = `/artifactory/api/security/users/${marker}-b`
    const email = `${marker}@example.org`
    const put = (fields: object) => ask('PUT', path, asUser, JSON.stringify(fields), jsonHeaders)
    expect((await put({ email, password: planted.newPassword })).status).toBeLessThan(300)
    expect((await ask('GET', '/v2/', basic(`${marker}-b`, planted.newPassword))).status).toBe(200)
    for (const fields of [
      { email, password: [planted.newPassword] },
      { email, password: `${marker}-b`, token: planted.newPassword },
      { email: planted.newPassword.length, password: planted.newPassword },
      { email, password: planted.newPassword, groups: ['nowhere'] },
    ]) {
      await put(fields)
      await ask('POST', path, asUser, JSON.stringify(fields), jsonHeaders)
    }
    await ask('GET', path, asUser)
    await ask('GET', '/artifactory/api/security/users', asUser)
    expect((await ask('DELETE', path, asUser)).status).toBeLessThan(300)
    const found = await ask('GET', '/artifactory/api/entrepot/audit?limit=1000', asUser)
    expect(found.status).toBe(200)
  }

  /** As the server makes them: a real one, used well, used wrongly and after its revocation. */
  const useAccessToken = async () => {
    const store = new PostgresAccessTokenStore(db.database)
    const nobody = { find: () => Promise.resolve(undefined) }
    const live = new LiveAccessTokens(store, nobody, { note: () => undefined }, systemClock)
    const accounts = new PostgresUserAccountStore(db.database)
    const tokens = new AccessTokens(store, live, accounts, systemClock)
    const { token, secret, refreshToken } = await tokens.createFor(
      await accounts.find(marker),
      { subject: marker, scope: 'applied-permissions/user', expiresInSeconds: 600, refreshable: true },
      marker,
    )
    secrets.set('access token', secret)
    secrets.set('refresh token of the access token', refreshToken ?? '')
    const asToken = [basic(marker, secret), `Bearer ${secret}`]
    for (const authorization of asToken) {
      expect((await ask('GET', '/v2/', authorization)).status).toBe(200)
      await ask('GET', `/v2/docker-local/${marker}/manifests/absent`, authorization)
      await ask('GET', '/artifactory/api/repositories', authorization)
    }
    await ask('GET', '/v2/', basic('somebody-else', secret))
    await ask('GET', '/v2/', `Bearer ${refreshToken}`)
    await tokenFrom(
      await new Registry(entrepot.url, { user: marker, password: secret }).get(
        `/v2/token?scope=repository:docker-local/${marker}:pull`,
      ),
    )
    await tokens.revoke(token.id)
    await eventually(
      'the token is refused',
      async () => (await ask('GET', '/v2/', asToken[0])).status === 401,
    )
  }

  const administer = async () => {
    const path = `/artifactory/api/repositories/${marker}`
    await ask('GET', path, asUser)
    await ask('GET', '/artifactory/api/repositories', asUser)
    const url = `http://buyer:${planted.urlPassword}@127.0.0.1:1/`
    for (const body of [
      { rclass: 'remote', url, password: planted.upstreamPassword },
      { rclass: 'remote', url: 'nonsense', password: { not: planted.upstreamPassword } },
      { rclass: 'remote', url: 'nonsense', password: [planted.upstreamPassword] },
      { rclass: 'local', password: planted.upstreamPassword, token: planted.accessToken },
    ]) {
      const whole = JSON.stringify({ key: `${marker}-c`, packageType: 'docker', ...body })
      await ask('PUT', `${path}-c`, asUser, whole, jsonHeaders)
      await ask('POST', path, asUser, whole, jsonHeaders)
    }
    await ask('PUT', `${path}-d`, asUser, `{"password": "${planted.urlPassword}", nonsense`, jsonHeaders)
  }

  const refuseCredentials = async () => {
    const paths = [
      '/v2/',
      '/v2/token',
      `/v2/docker-local/${marker}/manifests/1`,
      '/artifactory/api/repositories',
    ]
    // A name that nobody has is asked of the directory, which refuses its manager.
    for (const authorization of [
      basic(marker, planted.wrongPassword),
      basic(`${marker}-of-a-directory`, planted.wrongPassword),
      basic(marker, planted.accessToken),
      `Bearer ${planted.accessToken}`,
      `Bearer ${planted.bearerToken}`,
      `Token ${planted.bearerToken}`,
      `Basic ${planted.bearerToken}`,
    ]) {
      for (const path of paths) {
        const { status } = await ask('GET', path, authorization)
        expect(status).toBeGreaterThanOrEqual(400)
      }
    }
    for (const fields of [
      { grant_type: 'password', username: marker, password: planted.wrongPassword },
      { grant_type: 'refresh_token', refresh_token: planted.refreshToken },
      { grant_type: 'nonsense', password: planted.wrongPassword, refresh_token: planted.refreshToken },
    ]) {
      note(await postToken(fields))
    }
  }

  const collect = async () => {
    const administrator = { authorization: basic('admin', adminPassword) }
    places.set('metrics', await (await fetch(`${entrepot.url}/metrics`, { headers: administrator })).text())
    places.set('answers', told.join('\n'))
    await entrepot.stop()
    places.set('log', entrepot.output)
    places.set('audit file', await readFile(join(folder, 'audit.jsonl'), 'utf8'))
    const rows = await db.database.query({ text: 'SELECT * FROM audit_events ORDER BY id' }, [])
    places.set('audit rows', JSON.stringify(rows))
    places.set('database', await everyRowOf(db.database))
    await eventually('the receiver has as much', () => syslog.messages.length >= rows.length)
    const parameters = syslog.messages.map(({ structuredData }) =>
      [...structuredData.values()].flatMap((element) => [...element.values()]),
    )
    places.set('syslog', JSON.stringify([syslog.messages, parameters]))
  }

  const everywhere = ['metrics', 'answers', 'log', 'audit file', 'audit rows', 'syslog', 'database']
  /** What a dump of the database may hold all the same. */
  const stored: Readonly<Record<string, readonly string[]>> = { database: ['passwordHash'] }

  it.each(everywhere)('and the %s were looked through: the marker is there', (place) => {
    expect(givesAway(places.get(place) ?? '', marker)).toBe(true)
  })

  it.each(everywhere)('in the %s', (place) => {
    const text = places.get(place) ?? ''
    const found = [...secrets].filter(([, secret]) => givesAway(text, secret)).map(([name]) => name)
    expect(found).toEqual(stored[place] ?? [])
  })

  it('and the database has no key in clear that signs tokens', () => {
    expect(places.get('database')).not.toContain('PRIVATE KEY')
    expect(places.get('database')).toContain('$entrepot$1$')
  })

  it('and the metrics show that the directory does not let its manager in, by host and port', () => {
    const lines = (places.get('metrics') ?? '').split('\n')
    const { host } = new URL(directory.url)
    expect(lines).toContain(`entrepot_directory_up{directory="corp",server="${host}"} 0`)
    expect(lines).toContain('entrepot_directory_questions_total{directory="corp",outcome="answered"} 0')
    expect(lines).toContainEqual(expect.stringMatching(/_total\{directory="corp",outcome="failed"\} [1-9]/))
    expect(lines).toContainEqual(expect.stringMatching(/^entrepot_audit_waiting\{outlet="syslog"\} \d+$/))
  })

  it('and every secret was used: the upstream and the directory have had theirs', () => {
    expect(givesAway(directory.received.toString('latin1'), planted.managerPassword)).toBe(true)
    expect([...secrets.values()].every((secret) => secret.length >= 16)).toBe(true)
    expect(secrets.size).toBeGreaterThan(13)
  })

  it('and the trail has what was done: logins, users, pushes, a deletion, refusals', () => {
    const text = places.get('audit file') ?? ''
    const lines = text.trimEnd().split('\n')
    const events = lines.map((line) => JSON.parse(line) as { action: string; outcome: string; actor: string })
    const count = (action: string, outcome: string) =>
      events.filter((event) => event.action === action && event.outcome === outcome).length
    expect(count('push', 'ok')).toBe(2)
    expect(count('delete', 'ok')).toBe(1)
    expect(count('login', 'ok')).toBeGreaterThan(1)
    expect(count('login', 'refused')).toBeGreaterThan(1)
    expect([count('user.create', 'ok'), count('user.delete', 'ok')]).toEqual([1, 1])
    expect(count('access', 'refused')).toBeGreaterThan(5)
    expect(events.filter(({ actor }) => actor === marker).length).toBeGreaterThan(3)
  })
})
