import { Controller, Get, HttpException } from '@nestjs/common'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Permission, Public, RequiresLogin } from './permission.js'
import { AdminApiApp, adminPassword, basic, errorsOf, userPassword } from './testing/admin-api-app.js'

@Controller('probe')
class ProbeController {
  @Get('forgotten')
  forgotten(): string {
    return 'nobody may see this'
  }

  @Public()
  @Get('public')
  public(): string {
    return 'for everybody'
  }

  @RequiresLogin()
  @Get('login')
  login(): string {
    return 'for users'
  }

  @Public()
  @Get('fault')
  fault(): string {
    throw new Error('canary-of-a-fault')
  }

  @Public()
  @Get('teapot')
  teapot(): string {
    throw new HttpException('short and stout', 418)
  }
}

const repositories = '/artifactory/api/repositories'
const users = '/access/api/v2/users'

/** Every route of the API, by who may call it; a new one belongs here. */
const table: Readonly<Record<Permission, Readonly<Record<string, string>>>> = {
  public: {
    '/access/api/v1/jwks': 'GET',
    '/access/api/v1/oidc/token': 'POST',
    '/artifactory/api/v1/system/liveness': 'GET',
    '/artifactory/api/openapi.json': 'GET',
    '/artifactory/api/openapi.yaml': 'GET',
    '/artifactory/api/docs': 'GET',
    '/artifactory/api/docs/:file': 'GET',
    '/artifactory/api/v1/system/readiness': 'GET',
    '/access/api/v1/system/ping': 'GET',
    '/access/api/v1/system/liveness': 'GET',
    '/access/api/v1/system/readiness': 'GET',
    '/router/api/v1/system/ping': 'GET',
    '/router/api/v1/system/liveness': 'GET',
    '/router/api/v1/system/readiness': 'GET',
    '/router/api/v1/system/health': 'GET',
    '/access/api/v1/oidc/login/:provider': 'GET',
    '/access/api/v1/oidc/callback/:provider': 'GET',
  },
  optional: { '/access/api/v1/tokens': 'POST', '/artifactory/api/security/token': 'POST' },
  login: {
    '/artifactory/api/system/ping': 'GET',
    '/artifactory/api/system/version': 'GET',
    '/artifactory/api/system/license': 'GET',
    '/artifactory/api/system/service_id': 'GET',
    '/artifactory/api/system/usage': 'POST',
    '/artifactory/api/repositories': 'GET',
    '/artifactory/api/repositories/:key': 'GET',
    '/artifactory/api/entrepot/explain': 'GET',
    '/artifactory/api/entrepot/invalidate': 'POST',
    '/artifactory/api/entrepot/upstream': 'GET',
    '/artifactory/api/entrepot/upstream/:repository': 'GET',
    '/artifactory/api/entrepot/upstream/:repository/probe': 'POST',
    '/artifactory/api/entrepot/tags/:repository/*path/history': 'GET',
    '/artifactory/api/entrepot/tags/:repository/*path/undo': 'POST',
    '/artifactory/api/entrepot/search': 'GET',
    '/artifactory/api/search/aql': 'POST',
    '/artifactory/api/search/artifact': 'GET',
    '/artifactory/api/search/checksum': 'GET',
    '/artifactory/api/search/pattern': 'GET',
    '/artifactory/api/search/prop': 'GET',
    '/artifactory/api/storage/:repository': 'GET PUT DELETE',
    '/artifactory/api/storage/:repository/*path': 'GET PUT DELETE',
    '/artifactory/api/metadata/:repository': 'PATCH',
    '/artifactory/api/metadata/:repository/*path': 'PATCH',
    '/artifactory/:repository/*path': 'GET DELETE PUT',
    '/artifactory/api/copy/:repository/*path': 'POST',
    '/artifactory/api/move/:repository/*path': 'POST',
    '/artifactory/api/docker/:repository/v2/promote': 'POST',
    '/artifactory': 'ALL',
    '/artifactory/*path': 'ALL',
    '/access': 'ALL',
    '/access/*path': 'ALL',
  },
  user: {
    '/artifactory/api/build': 'GET PUT',
    '/artifactory/api/build/*path': 'GET DELETE',
    '/artifactory/api/build/append/*path': 'POST',
    '/artifactory/api/build/delete': 'POST',
    '/artifactory/api/build/patternArtifacts': 'POST',
    '/artifactory/api/build/promote/*path': 'POST',
    '/artifactory/api/build/rename/*path': 'POST',
    '/artifactory/api/build/retention/*path': 'POST',
    '/artifactory/api/security/users/:name': 'GET POST',
    '/artifactory/api/security/users/authorization/changePassword': 'POST',
    '/access/api/v2/users/:name': 'GET PATCH',
    '/access/api/v2/users/:name/password': 'PUT POST',
    '/artifactory/api/security/permissions': 'GET',
    '/artifactory/api/security/permissions/:name': 'GET PUT',
    '/artifactory/api/v2/security/permissions': 'GET',
    '/artifactory/api/v2/security/permissions/:name': 'GET PUT',
    '/access/api/v2/permissions': 'GET',
    '/access/api/v1/tokens': 'GET',
    '/access/api/v1/tokens/:id': 'GET DELETE',
    '/access/api/v1/tokens/revoke': 'POST DELETE',
    '/artifactory/api/security/token': 'GET',
    '/artifactory/api/security/token/revoke': 'POST',
    '/access/api/v2/permissions/:name': 'GET',
    '/access/api/v2/permissions/:name/:type': 'GET PUT',
  },
  administrator: {
    '/artifactory/api/storageinfo': 'GET',
    '/access/api/v1/config/security/password_policy': 'GET PUT PATCH',
    '/artifactory/api/storageinfo/calculate': 'POST',
    '/artifactory/api/repositories/configurations': 'GET',
    '/artifactory/api/v2/repositories/batch': 'PUT POST',
    '/artifactory/api/repositories/:key': 'PUT POST DELETE',
    '/artifactory/api/security/users': 'GET',
    '/artifactory/api/security/users/:name': 'PUT DELETE',
    '/access/api/v2/users': 'GET POST',
    '/access/api/v2/users/:name': 'DELETE',
    '/access/api/v2/users/:name/groups': 'PATCH',
    '/artifactory/api/security/groups': 'GET',
    '/artifactory/api/security/groups/:name': 'GET PUT POST DELETE',
    '/access/api/v2/groups': 'GET POST',
    '/access/api/v2/groups/:name': 'GET PATCH DELETE',
    '/access/api/v2/groups/:name/members': 'PATCH',
    '/artifactory/api/security/permissions/:name': 'DELETE',
    '/artifactory/api/v2/security/permissions/:name': 'POST DELETE',
    '/access/api/v2/permissions': 'POST',
    '/access/api/v2/permissions/:name': 'DELETE',
    '/access/api/v2/permissions/:name/:type': 'DELETE',
    '/artifactory/api/entrepot/anonymous': 'GET PUT',
    '/artifactory/api/entrepot/audit': 'GET',
    '/artifactory/api/entrepot/config': 'GET',
    '/artifactory/api/entrepot/config/diff': 'POST',
    '/artifactory/api/entrepot/config/apply': 'POST',
    '/artifactory/api/securityconfig': 'GET',
    '/artifactory/api/system/configuration': 'GET PATCH',
    '/artifactory/api/security/userLockPolicy': 'GET PUT',
    '/artifactory/api/security/lockedUsers': 'GET',
    '/artifactory/api/security/unlockUsers': 'POST',
    '/artifactory/api/security/unlockUsers/:name': 'POST',
    '/artifactory/api/security/unlockAllUsers': 'POST',
    '/access/api/v1/jwks/rotate': 'POST',
    '/artifactory/api/security/users/import/htpasswd': 'POST',
    '/access/api/v1/oidc': 'GET POST',
    '/access/api/v1/oidc/:name': 'GET PUT DELETE',
    '/access/api/v1/oidc/:name/identity_mappings': 'GET POST',
    '/access/api/v1/oidc/:name/identity_mappings/:mapping': 'GET PUT DELETE',
    '/access/api/v1/ldap/settings': 'GET POST PUT',
    '/access/api/v1/ldap/settings/:key': 'GET PUT DELETE',
    '/access/api/v1/ldap/settings/test': 'POST',
    '/access/api/v1/ldap/settings/order': 'POST',
    '/access/api/v1/ldap/settings/:key/test': 'POST',
    '/access/api/v1/ldap/groups': 'GET POST PUT',
    '/access/api/v1/ldap/groups/:name': 'GET PUT DELETE',
    '/access/api/v1/ldap/groups/:name/refresh': 'POST',
    '/access/api/v1/ldap/groups/:name/refresh/:mode': 'POST',
  },
}

const routes = Object.entries(table).flatMap(([permission, byPath]) =>
  Object.entries(byPath).flatMap(([path, methods]) =>
    methods.split(' ').map((method) => [method, path, permission as Permission] as const),
  ),
)

/** A request to the route: for something that does not exist. */
function requestTo(
  method: string,
  pattern: string,
): [method: string, path: string, body: object | undefined] {
  const path = pattern
    .replace(':type', 'artifact')
    .replace(':mode', 'IMPORT')
    .replace(/[:*][a-z]+/, 'absent')
  const actual = method === 'ALL' ? 'PATCH' : method
  return [actual, path, ['GET', 'DELETE'].includes(actual) ? undefined : {}]
}

let app: AdminApiApp
beforeAll(async () => {
  app = await AdminApiApp.start({ controllers: [ProbeController] })
})
afterAll(() => app.close())

describe('PermissionGuard', () => {
  it('guards just the routes of the table', () => {
    const known = new Set(routes.map(([method, path]) => `${method} ${path}`))
    expect(new Set(app.routes().filter((route) => !route.includes('/probe/')))).toEqual(known)
  })

  describe.each(routes.filter(([, , permission]) => permission !== 'public'))(
    '%s %s',
    (routeMethod, pattern, permission) => {
      const [method, path, content] = requestTo(routeMethod, pattern)

      it.each([
        ['nothing', undefined],
        ['a wrong password', basic('admin', 'wrong')],
        ['an unknown user', basic('nobody', adminPassword)],
        ['a disabled administrator', basic('gone', adminPassword)],
        ['a malformed header', 'Basic'],
        ['a forged token', 'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.'],
      ])('answers 401 with one Basic challenge to %s', async (_what, authorization) => {
        const refused = () => app.audited.filter(({ outcome }) => outcome === 'refused').length
        const before = refused()
        const answer = await app.send(method, path, content, { authorization })
        expect(answer.status).toBe(401)
        expect(answer.headers.get('www-authenticate')).toBe('Basic realm="Entrepot", charset="UTF-8"')
        expect(errorsOf(answer)).toHaveLength(1)
        expect(refused() - before).toBe(authorization === undefined ? 0 : 1)
      })

      it('answers 401 to an anonymous token, whatever it carries', async () => {
        const authorization = await app.administrationToken('anonymous')
        expect((await app.send(method, path, content, { authorization })).status).toBe(401)
      })

      it('lets in or refuses a user who is no administrator', async () => {
        for (const authorization of [basic('user', userPassword), await app.administrationToken('user')]) {
          const answer = await app.send(method, path, content, { authorization })
          if (permission !== 'administrator') {
            expect(answer.status).not.toBe(401)
            continue
          }
          expect(answer.status).toBe(403)
          expect(errorsOf(answer)).toEqual(['this needs an administrator'])
          expect(answer.headers.get('www-authenticate')).toBeNull()
          expect(app.audited.at(-1)).toMatchObject({
            action: 'access',
            outcome: 'refused',
            actor: 'user',
            realm: 'internal',
            origin: { address: '192.0.2.7' },
            subject: { kind: 'route', name: `${method} ${path}` },
          })
        }
      })

      it("looks at the scopes of an administrator's token", async () => {
        const pull = { type: 'repository', name: 'docker/app', actions: ['*'] }
        const narrow = await app.send(method, path, content, {
          authorization: await app.bearer('admin', pull),
        })
        expect(narrow.status === 403).toBe(permission !== 'login')
        const wide = await app.send(method, path, content, {
          authorization: await app.administrationToken('admin'),
        })
        expect([401, 403]).not.toContain(wide.status)
      })
    },
  )

  it('writes down the name that was tried, without the password', async () => {
    await app.send('GET', `${repositories}?x=canary-query`, undefined, {
      authorization: basic('mallory', 'canary-password'),
    })
    expect(app.audited.at(-1)).toMatchObject({ outcome: 'refused', actor: 'mallory' })
    expect(JSON.stringify([app.audited, app.logged])).not.toContain('canary-')
  })

  it('stops a demoted administrator within a second, token or password', async () => {
    const authorization = await app.administrationToken('admin')
    await app.users.create({ name: 'root', admin: true })
    await app.users.update('admin', { admin: false })
    try {
      expect((await app.send('GET', users)).status).toBe(403)
      await new Promise((resolve) => setTimeout(resolve, 1050))
      expect((await app.send('GET', users, undefined, { authorization })).status).toBe(403)
    } finally {
      await app.users.update('admin', { admin: true })
      await app.users.delete('root')
    }
  })

  it('refuses everybody on a route that states no permission', async () => {
    expect((await app.send('GET', '/probe/forgotten')).status).toBe(403)
    expect((await app.send('GET', '/probe/forgotten', undefined, { authorization: undefined })).status).toBe(
      401,
    )
  })

  it('lets everybody into a public route, and users into one for users', async () => {
    const nobody = { authorization: undefined }
    expect((await app.send('GET', '/probe/public', undefined, nobody)).text).toBe('for everybody')
    expect((await app.send('GET', '/probe/login', undefined, nobody)).status).toBe(401)
    expect((await app.send('GET', '/probe/login')).status).toBe(200)
  })

  it('reads no body of somebody who is not logged in', async () => {
    const answer = await app.send('PUT', `${repositories}/docker`, undefined, {
      authorization: undefined,
      raw: '{"broken',
    })
    expect(answer.status).toBe(401)
  })
})

describe('ErrorFilter', () => {
  it('tells a fault as a request id, and the log the rest', async () => {
    const answer = await app.send('GET', '/probe/fault?secret=canary-query')
    expect(answer.status).toBe(500)
    const requestId = answer.headers.get('x-request-id')
    expect(errorsOf(answer)).toEqual([`internal error, request id ${requestId}`])
    const logged = app.logged.find((fields) => fields['requestId'] === requestId)
    expect(logged?.['err']).toMatchObject({ message: 'canary-of-a-fault' })
    expect(logged).toMatchObject({ method: 'GET', path: '/probe/fault', status: 500 })
  })

  it("keeps the status of Nest's own errors", async () => {
    const answer = await app.send('GET', '/probe/teapot')
    expect(answer.status).toBe(418)
    expect(errorsOf(answer)).toEqual(['short and stout'])
  })

  it('answers unknown routes in the same shape', async () => {
    const outside = await app.send('GET', '/nowhere', undefined, { authorization: undefined })
    expect(outside.status).toBe(404)
    expect(errorsOf(outside)).toHaveLength(1)
    const inside = await app.send('GET', '/artifactory/api/nowhere')
    expect(inside.status).toBe(404)
    expect(errorsOf(inside)).toEqual(['there is no GET /artifactory/api/nowhere'])
  })
})

describe('SystemController', () => {
  it('answers ping with OK and version with one that clients can parse', async () => {
    const ping = await app.send('GET', '/artifactory/api/system/ping')
    expect(ping.text).toBe('OK')
    expect(ping.headers.get('content-type')).toMatch(/^text\/plain/)
    expect((await app.send('GET', '/artifactory/api/system/version')).json).toMatchObject({
      version: '7.117.0',
    })
  })
})
