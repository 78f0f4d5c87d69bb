import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  PostgresAccessTokenStore,
  PostgresPermissionTargetStore,
  PostgresUserAccountStore,
} from '@entrepot/database'
import { TestDatabase } from '@entrepot/database/testing'
import { AccessTokens, type CreatedAccessToken, type NewAccessToken } from '@entrepot/identity'
import { tokensInMemory } from '@entrepot/identity/testing'
import { systemClock, type UserPrincipal } from '@entrepot/kernel'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Containers } from '../support/containers.js'
import { Docker } from '../support/docker.js'
import { Entrepot } from '../support/entrepot.js'
import { makeImage, makeTar, noise } from '../support/images.js'
import { requirePart } from '../support/parts.js'
import { errorCodes, expectStatus, json, Registry } from '../support/registry-client.js'
import { eventually } from '../support/workplace.js'

/** Revocation is promised within a second; the rest is for the machine of the test. */
const revokedWithinMs = 2000

const name = 'docker-local/team/app'
const manifest = `/v2/${name}/manifests/1`
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

describe('access tokens', () => {
  let db: TestDatabase
  /** Two replicas on one database. */
  let here: Entrepot
  let there: Entrepot
  let users: PostgresUserAccountStore
  let accessTokens: AccessTokens
  let root: UserPrincipal

  beforeAll(async () => {
    db = await TestDatabase.create()
    const env = { ENTREPOT_DATABASE_URL: db.url }
    here = await Entrepot.start({ env })
    there = await Entrepot.start({ env })
    users = new PostgresUserAccountStore(db.database)
    await users.create({ name: 'ci', kind: 'robot' })
    await new PostgresPermissionTargetStore(db.database).create({
      name: 'team',
      repositories: ['docker-local'],
      includes: ['team/**'],
      excludes: [],
      users: { ci: ['read', 'deploy', 'overwrite'] },
      groups: {},
    })
    // As the server has it, over the same database: what makes a token here is one more replica.
    const store = new PostgresAccessTokenStore(db.database)
    const { live, principals } = tokensInMemory(users, systemClock)
    accessTokens = new AccessTokens(store, live, users, systemClock)
    root = (await principals.find('admin'))!
    await here.registry.pushImage(name, '1', makeImage('tokens'))
    const { secret } = await make({ subject: 'ci' })
    await eventually('the permission target is known', async () => {
      const answers = [here, there].map(({ url }) =>
        new Registry(url, { user: 'ci', password: secret }).get(manifest),
      )
      return (await Promise.all(answers)).every(({ status }) => status === 200)
    })
  })

  afterAll(async () => {
    await Promise.allSettled([here?.dispose(), there?.dispose()])
    await db?.close()
  })

  const make = (wanted: Partial<NewAccessToken> = {}): Promise<CreatedAccessToken> =>
    accessTokens.create({ subject: 'ci', scope: 'applied-permissions/user', ...wanted }, root)
  const asRobot = (secret: string, server = here) =>
    new Registry(server.url, { user: 'ci', password: secret })

  const isRefused = async (secret: string) =>
    (await here.anonymous.get(manifest, bearer(secret))).status === 401

  it('are taken as password and as Bearer, of their own user only', async () => {
    const { secret } = await make()
    expect((await asRobot(secret).get(manifest)).status).toBe(200)
    expect((await here.anonymous.get(manifest, bearer(secret))).status).toBe(200)
    const asAdmin = new Registry(here.url, { user: 'admin', password: secret })
    expect((await asAdmin.get(manifest)).status).toBe(401)
    const changed = secret.slice(0, -1) + (secret.endsWith('A') ? 'B' : 'A')
    expect((await asRobot(changed).get(manifest)).status).toBe(401)
    expect((await here.anonymous.get(manifest, bearer(changed))).status).toBe(401)
    expect(here.output).not.toContain(secret)
  })

  it('open the admin API to administrators, and with limits to nobody as one', async () => {
    const path = '/artifactory/api/repositories/made-by-token'
    const put = async (token: string) => {
      const headers = { ...bearer(token), 'content-type': 'application/json' }
      const body = JSON.stringify({ key: 'made-by-token', rclass: 'local', packageType: 'docker' })
      return (await here.anonymous.send('PUT', path, { headers, body })).status
    }
    const robot = await make()
    const limited = await make({ subject: 'admin', scope: 'artifact:*:*' })
    expect(await put(robot.secret)).toBe(403)
    expect(await put(limited.secret)).toBe(403)
    expect(await put((await make({ subject: 'admin' })).secret)).toBe(200)
  })

  it('open the metrics with system:metrics:r, and nothing else', async () => {
    const metrics = await make({ scope: 'system:metrics:r' })
    const shown = await here.anonymous.get('/metrics', bearer(metrics.secret))
    expect(shown.status).toBe(200)
    expect(shown.body.toString()).toContain('entrepot_http_requests_total')
    expect((await asRobot(metrics.secret).get('/metrics')).status).toBe(200)
    expect((await here.anonymous.get(manifest, bearer(metrics.secret))).status).not.toBe(200)
    expect((await here.anonymous.get('/metrics', bearer((await make()).secret))).status).toBe(403)
    expect((await here.anonymous.get('/metrics')).status).toBe(401)
  })

  it('push at most what their limits allow, whatever their user may', async () => {
    const limited = await make({ scope: 'artifact:docker-local/team/**:r' })
    const registry = asRobot(limited.secret)
    expect((await registry.get(manifest)).status).toBe(200)
    const refused = await registry.send('POST', `/v2/${name}/blobs/uploads/`)
    expect([refused.status, errorCodes(refused)]).toEqual([403, ['DENIED']])
    const whole = asRobot((await make()).secret)
    expect(await whole.startUpload(name)).toContain('/blobs/uploads/')
    const elsewhere = asRobot((await make({ scope: 'artifact:docker-local/other/**:*' })).secret)
    expect((await elsewhere.get(manifest)).status).not.toBe(200)
    const admin = await make({ subject: 'admin', scope: 'artifact:docker-local/other/**:*' })
    expect((await here.anonymous.get(manifest, bearer(admin.secret))).status).not.toBe(200)
  })

  it('end within a second on every replica, with all that was got with them', async () => {
    const { secret, token } = await make()
    const scope = `repository:${name}:pull`
    const grant = await here.anonymous.send('POST', '/v2/token', {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'password',
        username: 'ci',
        password: secret,
        service: 'entrepot',
        access_type: 'offline',
        scope,
      }).toString(),
    })
    const { access_token: jwt, refresh_token: refreshToken } = json(expectStatus(grant, 200)) as {
      access_token: string
      refresh_token: string
    }
    const redeem = () =>
      there.anonymous.send('POST', '/v2/token', {
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({
          grant_type: 'refresh_token',
          refresh_token: refreshToken,
          service: 'entrepot',
          scope,
        }).toString(),
      })
    const uses = (server: Entrepot) => [
      server.anonymous.get(manifest, bearer(secret)),
      server.anonymous.get(manifest, bearer(jwt)),
    ]
    const statuses = async () =>
      (await Promise.all([...uses(here), ...uses(there), redeem()])).map(({ status }) => status)
    const asPassword = async () =>
      Promise.all([here, there].map(async (server) => (await asRobot(secret, server).get(manifest)).status))
    expect(await statuses()).toEqual([200, 200, 200, 200, 200])
    expect(await asPassword()).toEqual([200, 200])
    await accessTokens.revoke(token.id)
    // Whoever goes on trying is slowed down.
    const isRefusal = (status: number) => status === 401 || status === 429
    const isOver = async () => (await statuses()).every(isRefusal)
    await eventually('the token works nowhere', isOver, revokedWithinMs)
    expect((await statuses()).every(isRefusal)).toBe(true)
    expect((await asPassword()).every(isRefusal)).toBe(true)
  })

  it('end with their user, and do not come back with the name', async () => {
    await users.create({ name: 'brief', kind: 'robot' })
    const { secret } = await make({ subject: 'brief' })
    const status = async () => (await here.anonymous.get('/v2/', bearer(secret))).status
    expect(await status()).toBe(200)
    await users.delete('brief')
    await users.create({ name: 'brief', kind: 'robot' })
    await eventually('the token works no more', async () => (await status()) === 401, revokedWithinMs)
  })

  it('remember when they were used last', async () => {
    const { secret, token } = await make()
    expect((await asRobot(secret).get(manifest)).status).toBe(200)
    const lastUse = async () => (await accessTokens.find(token.id))?.lastUsedAt
    await eventually('the use is written', async () => (await lastUse()) !== undefined, 15_000)
  })

  it.skipIf(!requirePart('root', 'podman'))(
    'log podman in, which pushes and pulls what they allow',
    async () => {
      const { secret, token } = await make()
      const podman = await Containers.create(here.host)
      try {
        expect(await podman.login('podman', here.host, 'ci', secret)).toContain('Login Succeeded')
        const image = `${here.host}/docker-local/team/podded`
        const archive = join(podman.folder, 'podded.tar')
        await writeFile(archive, makeTar({ file: noise(50_000, 'tokens') }))
        await podman.run('podman', 'import', archive, `${image}:1`)
        await podman.run('podman', 'push', `${image}:1`)

        const limited = await make({ scope: 'artifact:docker-local/team/**:r' })
        await podman.login('podman', here.host, 'ci', limited.secret)
        await podman.run('podman', 'pull', `${image}:1`)
        await podman.run('podman', 'tag', `${image}:1`, `${image}:2`)
        expect(await podman.fails('podman', 'push', `${image}:2`)).toMatch(
          /denied|unauthorized|insufficient/i,
        )

        await accessTokens.revoke(token.id)
        await eventually('the token is over', () => isRefused(secret))
        await podman.loginFails('podman', here.host, 'ci', secret)
      } finally {
        await podman.dispose()
      }
    },
  )

  it.skipIf(!requirePart('root', 'dockerd', 'docker'))(
    'log docker in, and out when they are revoked',
    async () => {
      const { secret, token } = await make()
      const docker = await Docker.start()
      try {
        expect(await docker.login(here.host, 'ci', secret)).toContain('Login Succeeded')
        const image = `${here.host}/docker-local/team/dockered:1`
        await docker.importImage(image, 'tokens')
        const digest = await docker.push(image)
        expect(await docker.pullAfresh(image)).toBe(digest)
        await accessTokens.revoke(token.id)
        await eventually('the token is over', () => isRefused(secret))
        expect(await docker.fails('pull', image)).toMatch(/unauthorized|denied|authentication/i)
        await docker.loginFails(here.host, 'ci', secret)
      } finally {
        await docker.dispose()
      }
    },
  )
})
