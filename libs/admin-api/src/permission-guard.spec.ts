import { Controller, Get, HttpException } from '@nestjs/common'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Public, RequiresLogin } from './permission.js'
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
const body = { rclass: 'local', packageType: 'docker' }

/** Every route of the API; a new one belongs here. */
const routes = [
  ['GET', repositories, 'administrator'],
  ['GET', `${repositories}/docker`, 'administrator'],
  ['HEAD', `${repositories}/docker`, 'administrator'],
  ['PUT', `${repositories}/docker`, 'administrator'],
  ['POST', `${repositories}/docker`, 'administrator'],
  ['DELETE', `${repositories}/docker`, 'administrator'],
  ['GET', '/artifactory/api/system/ping', 'login'],
  ['GET', '/artifactory/api/system/version', 'login'],
  ['GET', '/artifactory', 'login'],
  ['GET', '/artifactory/', 'login'],
  ['GET', '/artifactory/api/unheard/of', 'login'],
  ['PATCH', `${repositories}/docker`, 'login'],
  ['OPTIONS', `${repositories}/docker`, 'login'],
] as const

let app: AdminApiApp
beforeAll(async () => {
  app = await AdminApiApp.start({ controllers: [ProbeController] })
})
afterAll(() => app.close())

describe('PermissionGuard', () => {
  describe.each(routes)('%s %s', (method, path, permission) => {
    const content = method === 'PUT' || method === 'POST' ? body : undefined

    it.each([
      ['nothing', undefined],
      ['a wrong password', basic('admin', 'wrong')],
      ['an unknown user', basic('nobody', adminPassword)],
      ['a disabled administrator', basic('gone', adminPassword)],
      ['a malformed header', 'Basic'],
      ['a forged token', 'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.'],
    ])('answers 401 with one Basic challenge to %s', async (_what, authorization) => {
      const answer = await app.send(method, path, content, { authorization })
      expect(answer.status).toBe(401)
      expect(answer.headers.get('www-authenticate')).toBe('Basic realm="Entrepot", charset="UTF-8"')
      if (method !== 'HEAD') expect(errorsOf(answer)).toHaveLength(1)
    })

    it('answers 401 to an anonymous token, whatever it carries', async () => {
      const authorization = await app.administrationToken('anonymous')
      expect((await app.send(method, path, content, { authorization })).status).toBe(401)
    })

    it(`${permission === 'login' ? 'lets in' : 'answers 403 to'} a user who is no administrator`, async () => {
      for (const authorization of [basic('user', userPassword), await app.administrationToken('user')]) {
        const answer = await app.send(method, path, content, { authorization })
        if (permission === 'login') expect([200, 404]).toContain(answer.status)
        else expect(answer.status).toBe(403)
        if (answer.status === 403) expect(answer.headers.get('www-authenticate')).toBeNull()
      }
    })

    it("looks at the scopes of an administrator's token", async () => {
      const pull = { type: 'repository', name: 'docker/app', actions: ['*'] }
      const narrow = await app.send(method, path, content, { authorization: await app.bearer('admin', pull) })
      expect(narrow.status === 403).toBe(permission === 'administrator')
      const wide = await app.send(method, path, content, {
        authorization: await app.administrationToken('admin'),
      })
      expect([401, 403]).not.toContain(wide.status)
    })
  })

  it('stops a demoted administrator within a second, token or password', async () => {
    const authorization = await app.administrationToken('admin')
    await app.users.create({ name: 'root', admin: true })
    await app.users.update('admin', { admin: false })
    try {
      expect((await app.send('GET', repositories)).status).toBe(403)
      await new Promise((resolve) => setTimeout(resolve, 1050))
      expect((await app.send('GET', repositories, undefined, { authorization })).status).toBe(403)
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
