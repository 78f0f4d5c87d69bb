import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AdminApiApp, adminPassword, basic, errorsOf, userPassword } from '../testing/admin-api-app.js'

const v1 = '/artifactory/api/security/users'
const v2 = '/access/api/v2/users'
const newPassword = 'canary-of a new 1'

let app: AdminApiApp
beforeAll(async () => {
  app = await AdminApiApp.start()
  await app.addGroup('chiefs', { adminPrivileges: true })
})
afterAll(() => app.close())

const as = (authorization: string) => ({ authorization })
const status = async (sent: Promise<{ status: number }>) => (await sent).status

describe('users themselves', () => {
  const profile = (name: string) => [`${v1}/${name}`, `${v2}/${name}`]

  it('see their own profile, and of everybody else as much as of nobody', async () => {
    const own = as(await app.addUser('self'))
    for (const path of profile('self')) {
      expect(await status(app.send('GET', path, undefined, own))).toBe(200)
    }
    for (const [others, nobodys] of [profile('admin'), profile('user')].map((paths) => [
      paths,
      profile('nobody'),
    ])) {
      for (const [at, path] of others!.entries()) {
        for (const [method, body] of [
          ['GET', undefined],
          [at === 0 ? 'POST' : 'PATCH', { email: 'x@registry.example' }],
        ] as const) {
          const foreign = await app.send(method, path, body, own)
          const none = await app.send(method, nobodys![at]!, body, own)
          expect([foreign.status, none.status]).toEqual([404, 404])
          const name = path.split('/').at(-1)!
          expect(foreign.text.replace(`"${name}\\"`, '"nobody\\"')).toBe(none.text)
        }
      }
    }
    const password = { password: newPassword, old_password: userPassword }
    expect(await status(app.send('PUT', `${v2}/user/password`, password, own))).toBe(404)
  })

  it('change their e-mail, and their password when they know the old one', async () => {
    let own = as(await app.addUser('mine'))
    expect(await status(app.send('PATCH', `${v2}/mine`, { email: 'mine@registry.example' }, own))).toBe(200)
    const attempts: readonly [string, string, object, number][] = [
      ['PATCH', `${v2}/mine`, { password: newPassword }, 400],
      ['PATCH', `${v2}/mine`, { password: newPassword, old_password: 'wrong' }, 403],
      ['POST', `${v1}/mine`, { password: newPassword, oldPassword: adminPassword }, 403],
      ['PUT', `${v2}/mine/password`, { password: newPassword }, 400],
      ['PUT', `${v2}/mine/password`, { password: 'short', old_password: userPassword }, 400],
    ]
    for (const [method, path, body, expected] of attempts) {
      expect(await status(app.send(method, path, body, own))).toBe(expected)
    }
    const change = { password: newPassword, old_password: userPassword }
    expect(await status(app.send('PUT', `${v2}/mine/password`, change, own))).toBe(204)
    expect(await status(app.send('GET', `${v2}/mine`, undefined, own))).toBe(401)
    own = as(basic('mine', newPassword))
    const again = {
      userName: 'mine',
      oldPassword: newPassword,
      newPassword1: userPassword,
      newPassword2: userPassword,
    }
    const path = `${v1}/authorization/changePassword`
    expect(await status(app.send('POST', path, { ...again, newPassword2: 'x' }, own))).toBe(400)
    expect(await status(app.send('POST', path, { ...again, userName: 'admin' }, own))).toBe(403)
    expect(await status(app.send('POST', path, again, own))).toBe(200)
    expect(await status(app.send('GET', `${v2}/mine`, undefined, as(basic('mine', userPassword))))).toBe(200)
    expect((await app.send('GET', `${v2}/mine`)).json).toMatchObject({ email: 'mine@registry.example' })
  })

  it.each([
    ['admin', true],
    ['groups', ['chiefs']],
    ['kind', 'robot'],
    ['status', 'enabled'],
    ['profile_updatable', true],
    ['disable_ui_access', true],
    ['internal_password_disabled', true],
  ])('never set %s of their own', async (field, value) => {
    const own = as(basic('user', userPassword))
    const before = await app.users.find('user')
    const answer = await app.send('PATCH', `${v2}/user`, { email: 'x@registry.example', [field]: value }, own)
    expect(answer.status).toBe(403)
    expect(errorsOf(answer)).toEqual([`only an administrator may change ${field}`])
    expect({ ...(await app.users.find('user')), lastLoginAt: before?.lastLoginAt }).toEqual(before)
  })

  it.each(['realm', 'ownAdmin', 'id', 'passwordHash', 'effective_admin', '__proto__', 'constructor'])(
    'gain nothing by sending %s, nor does an administrator',
    async (field) => {
      const raw = `{"email":"y@registry.example","${field}":"ldap"}`
      for (const ask of [as(basic('user', userPassword)), {}]) {
        const answer = await app.send('PATCH', `${v2}/user`, undefined, { ...ask, raw })
        expect(answer.status).toBe(200)
        expect(answer.json).toMatchObject({ realm: 'internal', admin: false, effective_admin: false })
        expect(answer.headers.get('warning')).toContain(field)
      }
    },
  )

  it('change nothing when their profile is fixed', async () => {
    const own = as(await app.addUser('fixed', { profileUpdatable: false }))
    const password = { password: newPassword, old_password: userPassword }
    expect(await status(app.send('PATCH', `${v2}/fixed`, { email: 'a@b' }, own))).toBe(403)
    expect(await status(app.send('PUT', `${v2}/fixed/password`, password, own))).toBe(403)
    expect(await status(app.send('GET', `${v2}/fixed`, undefined, own))).toBe(200)
  })

  it('need more than a token that is good for some content', async () => {
    const pull = { type: 'repository', name: 'docker/app', actions: ['pull'] }
    const narrow = as(await app.bearer('user', pull))
    expect(await status(app.send('GET', `${v2}/user`, undefined, narrow))).toBe(403)
    const whole = as(await app.administrationToken('user'))
    expect(await status(app.send('GET', `${v2}/user`, undefined, whole))).toBe(200)
  })

  it('who are made anew under an old name are not those of the old token', async () => {
    await app.addUser('reborn')
    const token = as(await app.administrationToken('reborn'))
    expect(await status(app.send('GET', `${v2}/reborn`, undefined, token))).toBe(200)
    expect(await status(app.send('DELETE', `${v2}/reborn`))).toBe(204)
    expect(await status(app.send('GET', `${v2}/reborn`, undefined, token))).toBe(401)
    await app.addUser('reborn')
    expect([401, 404]).toContain(await status(app.send('GET', `${v2}/reborn`, undefined, token)))
  })

  it('leave one trace of a wrong old password', async () => {
    const own = as(await app.addUser('forgetful'))
    const before = app.audited.length
    const change = { password: 'another:Quay 17', old_password: 'not the old one' }
    expect(await status(app.send('PATCH', `${v2}/forgetful`, change, own))).toBe(403)
    expect(app.audited.slice(before).filter(({ outcome }) => outcome !== 'ok')).toEqual([
      expect.objectContaining({
        action: 'login',
        outcome: 'refused',
        actor: 'forgetful',
        reason: 'user name or password is wrong',
      }),
    ])
  })

  it('can not take an access token for the old password', async () => {
    const own = as(await app.addUser('robbed'))
    const { secret } = await app.ports.accessTokens.create(
      { subject: 'robbed', scope: 'applied-permissions/user' },
      await app.principal('robbed'),
    )
    for (const ask of [own, as(`Bearer ${secret}`), as(basic('robbed', secret))]) {
      expect(await status(app.send('GET', `${v2}/robbed`, undefined, ask))).toBe(200)
      const change = { password: newPassword, old_password: secret }
      const before = app.audited.length
      expect(await status(app.send('PUT', `${v2}/robbed/password`, change, ask))).toBe(403)
      expect(app.audited.slice(before)).toContainEqual(
        expect.objectContaining({
          action: 'access',
          outcome: 'refused',
          reason: 'the old password is wrong',
        }),
      )
    }
  })
})
