import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Docker } from '../support/docker.js'
import { requirePart } from '../support/parts.js'
import { errorCodes, expectStatus, json } from '../support/registry-client.js'
import { makeImage } from '../support/images.js'
import { adminRows } from './matrix/admin-rows.js'
import { keys } from './matrix/grants.js'
import { adminRouteNames, registryRouteNames } from './matrix/server-routes.js'
import type { Visitor } from './matrix/visitor.js'
import { userPassword, World } from './matrix/world.js'

/** All that is documented to be open to everybody, and what is answered to a request with nothing in it. */
const publicRoutes: Readonly<Record<string, number>> = {
  'GET /healthz': 200,
  'GET /readyz': 200,
  'GET /access/api/v1/jwks': 200,
  'GET /artifactory/api/v1/system/liveness': 200,
  'GET /artifactory/api/v1/system/readiness': 200,
  'GET /access/api/v1/system/ping': 200,
  'GET /access/api/v1/system/liveness': 200,
  'GET /access/api/v1/system/readiness': 200,
  'GET /router/api/v1/system/ping': 200,
  'GET /router/api/v1/system/liveness': 200,
  'GET /router/api/v1/system/readiness': 200,
  'GET /router/api/v1/system/health': 200,
  'GET /artifactory/api/openapi.json': 200,
  'GET /artifactory/api/openapi.yaml': 200,
  'GET /artifactory/api/docs': 200,
  'GET /artifactory/api/docs/:file': 404,
  'POST /access/api/v1/oidc/token': 400,
  'GET /access/api/v1/oidc/login/:provider': 400,
  'GET /access/api/v1/oidc/callback/:provider': 401,
}

/** Neither listed nor known: who has not logged in doesn't learn which routes there are. */
const unknownPaths = [
  '/artifactory',
  '/artifactory/',
  '/artifactory/api',
  '/artifactory/api/storage/docker-local',
  '/artifactory/docker-local/open/app/1/manifest.json',
  '/artifactory/api/docker/docker-local/v2/',
  '/artifactory/api/docker/docker-local/v2/open/app/tags/list',
  '/artifactory/api/docker/docker-local/v2/_catalog',
  '/access',
  '/access/api/v1/system/info',
  '/v2/docker-local/open/app/manifests/1',
  '/v2/docker-local/nothing/manifests/1',
  '/v2/nothing/at/all/manifests/1',
]

const open = 'docker-local/open/app'
const closed = 'docker-local/closed/app'

const hasDocker = requirePart('root', 'dockerd', 'docker')

describe('somebody who has not logged in', () => {
  let world: World
  let docker: Docker
  let nobody: Visitor

  beforeAll(async () => {
    world = await World.start()
    if (hasDocker) docker = await Docker.start()
    await world.createRepositories()
    await world.createUser('yann')
    for (const name of [open, closed]) await world.entrepot.registry.pushImage(name, '1', makeImage(name))
    nobody = world.visitor(undefined)
  })
  afterAll(async () => {
    await docker?.dispose()
    await world?.stop()
  })

  const ask = (method: string, pattern: string) => {
    const path = pattern.replace('*path', 'api/nowhere').replaceAll(/:\w+/g, 'docker-local')
    const body = { headers: { 'content-type': 'application/json' }, body: Buffer.from('{}') }
    const actual = method === 'ALL' ? 'PATCH' : method
    return nobody.send(actual, path, ['GET', 'HEAD', 'DELETE'].includes(actual) ? {} : body)
  }

  const expectClosed = async (authorization?: string) => {
    for (const route of adminRouteNames().filter((each) => publicRoutes[each] === undefined)) {
      const [method = '', path = ''] = route.split(' ')
      const answer =
        authorization === undefined
          ? await ask(method, path)
          : await world.wire.sendWith(
              authorization,
              method === 'ALL' ? 'GET' : method,
              path.replace('*path', 'x'),
            )
      expect([route, answer.status]).toEqual([route, 401])
      expect(answer.headers.get('www-authenticate')).toMatch(/^Basic realm=/)
    }
  }

  describe('while anonymous access is off, as it is from the start', () => {
    it('finds it off', async () => {
      expect(json(await world.arrange('GET', '/artifactory/api/entrepot/anonymous'))).toEqual({
        enabled: false,
      })
    })

    it('gets an answer of the public routes only', async () => {
      for (const [route, status] of Object.entries(publicRoutes)) {
        const [method = '', path = ''] = route.split(' ')
        expect([route, (await ask(method, path)).status]).toEqual([route, status])
      }
      const rows = adminRows.filter(({ access }) => access === 'public').map(({ route }) => route)
      const listed = Object.keys(publicRoutes).filter((route) => route.includes('/api/'))
      expect(listed.toSorted()).toEqual(rows.toSorted())
    })

    it('is refused by every other route of the admin API', async () => {
      await expectClosed()
    })

    it('is refused by the metrics', async () => {
      expect((await nobody.send('GET', '/metrics')).status).toBe(401)
    })

    it.each(unknownPaths)('is refused by %s', async (path) => {
      for (const method of ['GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE']) {
        const { status } = await nobody.send(method, path)
        // A path of /v2 that takes no such method says so to anybody: it names no content.
        expect(status === 401 || (status === 405 && path.includes('/v2/'))).toBe(true)
      }
    })

    it.each(registryRouteNames())('is refused by %s of the registry', async (route) => {
      const [method = '', name = ''] = route.split(' ')
      const paths: Readonly<Record<string, string>> = {
        base: '/v2/',
        token: '/v2/token',
        catalog: '/v2/_catalog',
        manifest: `/v2/${open}/manifests/1`,
        blob: `/v2/${open}/blobs/${[...makeImage(open).blobs.keys()][0]}`,
        uploads: `/v2/${open}/blobs/uploads/`,
        upload: `/v2/${open}/blobs/uploads/00000000-0000-4000-8000-000000000000`,
        tags: `/v2/${open}/tags/list`,
        referrers: `/v2/${open}/referrers/${makeImage(open).digest}`,
      }
      const path = paths[name]
      expect(path).toBeDefined()
      const answer = await nobody.send(method, path ?? '')
      expect(answer.status).toBe(401)
      expect(answer.headers.get('www-authenticate')).toMatch(/^(?:Bearer|Basic) realm=/)
      if (method !== 'HEAD') expect(errorCodes(answer)).toEqual(['UNAUTHORIZED'])
    })

    it.skipIf(!hasDocker)('can not pull with docker', async () => {
      const said = await docker.fails('pull', `${world.entrepot.host}/${open}:1`)
      expect(said).toMatch(/denied|unauthorized|authentication required/i)
    })

    it('has a permission target for anonymous without effect', async () => {
      await world.putPermission('open', {
        repositories: ['docker-local'],
        includes: ['open/**'],
        users: { anonymous: ['read'] },
      })
      expectStatus(await nobody.askToken('/v2/token', `repository:${open}:pull`), 401)
      expectStatus(await nobody.send('GET', `/v2/${open}/manifests/1`), 401)
    })
  })

  describe('while anonymous access is on', () => {
    beforeAll(() => world.switchAnonymous(true))

    it.skipIf(!hasDocker)(
      'pulls with docker what the permission target opens, and nothing else',
      async () => {
        expect(await docker.pullAfresh(`${world.entrepot.host}/${open}:1`)).toBe(makeImage(open).digest)
        for (const name of [`${closed}:1`, 'docker-local/nothing:1', `${open}:2`])
          await docker.fails('pull', `${world.entrepot.host}/${name}`)
        await docker.importImage(`${world.entrepot.host}/${open}:3`, 'anonymous push')
        await docker.fails('push', `${world.entrepot.host}/${open}:3`)
      },
    )

    it.skipIf(!hasDocker)('still logs in with docker, and is refused with a wrong password', async () => {
      const { host } = world.entrepot
      expect(await docker.loginFails(host, 'yann', 'not the password')).toMatch(/unauthorized|denied/i)
      expect(await docker.login(host, 'yann', userPassword)).toMatch(/login succeeded/i)
      expect(await docker.pullAfresh(`${host}/${open}:1`)).toBe(makeImage(open).digest)
      await docker.fails('pull', `${host}/${closed}:1`)
      await docker.run('logout', host)
      expect(await docker.pullAfresh(`${host}/${open}:1`)).toBe(makeImage(open).digest)
    })

    it('is still told to log in, or no client would', async () => {
      expectStatus(await nobody.send('GET', '/v2/'), 401)
    })

    it('sees of the catalog what is open, with a token for anonymous', async () => {
      const bearer = await nobody.bearer('registry:catalog:*')
      const listed = await world.wire.sendWith(bearer, 'GET', '/v2/_catalog?n=1000')
      const { repositories } = json(expectStatus(listed, 200)) as { repositories: string[] }
      expect(repositories.filter((name) => !name.endsWith('/open/app'))).toEqual([])
      expect(repositories).toContain(open)
    })

    it('gets no wider token than that, and none that opens the admin API', async () => {
      const scope = `repository:${open}:pull,push,delete repository:${closed}:pull registry:admin:* repository:${keys.local}/x:*`
      const bearer = await nobody.bearer(scope)
      const claims = JSON.parse(
        Buffer.from((bearer ?? '').split('.')[1] ?? '', 'base64url').toString('utf8'),
      ) as {
        access: unknown
        sub: string
      }
      expect(claims).toMatchObject({
        sub: '',
        access: [{ type: 'repository', name: open, actions: ['pull'] }],
      })
      expectStatus(await world.wire.sendWith(bearer, 'DELETE', `/v2/${open}/manifests/1`), 401)
      expectStatus(await world.wire.sendWith(bearer, 'GET', `/v2/${closed}/manifests/1`), 401)
      await expectClosed()
      await expectClosed(bearer)
    })

    it('is refused again once it is off, with the token that was got before', async () => {
      const bearer = await nobody.bearer(`repository:${open}:pull`)
      expectStatus(await world.wire.sendWith(bearer, 'GET', `/v2/${open}/manifests/1`), 200)
      await world.switchAnonymous(false)
      expectStatus(await world.wire.sendWith(bearer, 'GET', `/v2/${open}/manifests/1`), 401)
      expectStatus(await nobody.askToken('/v2/token', `repository:${open}:pull`), 401)
    })
  })
})
