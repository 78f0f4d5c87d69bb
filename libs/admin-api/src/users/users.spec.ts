import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AdminApiApp, basic, errorsOf, userPassword } from '../testing/admin-api-app.js'

const v1 = '/artifactory/api/security/users'
const v2 = '/access/api/v2/users'
const newPassword = 'canary-of a new 1'

let app: AdminApiApp
beforeAll(async () => {
  app = await AdminApiApp.start({ publicUrl: 'https://registry.example' })
  await app.addGroup('ops')
  await app.addGroup('dev')
})
afterAll(() => app.close())

const as = (authorization: string) => ({ authorization })
const status = async (sent: Promise<{ status: number }>) => (await sent).status

describe('the users of /artifactory/api/security/users', () => {
  it('creates, shows, changes and deletes one, as Terraform does it', async () => {
    const body = {
      name: 'v1',
      email: 'v1@registry.example',
      password: newPassword,
      admin: false,
      profileUpdatable: true,
      disableUIAccess: true,
      internalPasswordDisabled: false,
      groups: ['ops'],
    }
    const created = await app.send('PUT', `${v1}/v1`, body)
    expect([created.status, created.headers.get('warning')]).toEqual([201, null])
    const shown = {
      ...body,
      password: undefined,
      realm: 'internal',
      status: 'enabled',
      kind: 'person',
      policyManager: false,
      watchManager: false,
      reportsManager: false,
    }
    expect((await app.send('GET', `${v1}/v1`)).json).toEqual(JSON.parse(JSON.stringify(shown)))
    expect(await status(app.send('POST', `${v1}/v1`, { email: 'new@registry.example', groups: [] }))).toBe(
      200,
    )
    expect((await app.send('GET', `${v1}/V1`)).json).toMatchObject({
      email: 'new@registry.example',
      groups: [],
      disableUIAccess: true,
    })
    expect(await status(app.send('GET', v2, undefined, as(basic('v1', newPassword))))).toBe(403)
    const deleted = await app.send('DELETE', `${v1}/v1`)
    expect([deleted.status, deleted.text]).toEqual([200, "The user: 'v1' has been removed successfully.\n"])
    expect(await status(app.send('GET', `${v1}/v1`))).toBe(404)
    expect(await status(app.send('DELETE', `${v1}/v1`))).toBe(404)
  })

  it('keeps what a PUT on an existing user does not name, the password too', async () => {
    await app.send('PUT', `${v1}/kept`, {
      password: newPassword,
      email: 'k@registry.example',
      groups: ['dev'],
    })
    expect(await status(app.send('PUT', `${v1}/kept`, { profileUpdatable: false }))).toBe(201)
    expect((await app.send('GET', `${v1}/kept`)).json).toMatchObject({
      email: 'k@registry.example',
      groups: ['dev'],
      profileUpdatable: false,
    })
    expect(await status(app.send('GET', `${v1}/kept`, undefined, as(basic('kept', newPassword))))).toBe(200)
  })

  it('lists all, with name, address and realm', async () => {
    await app.addUser('listed', { disabled: true })
    const uri = `https://registry.example${v1}/listed`
    expect((await app.send('GET', v1)).json).toContainEqual({
      name: 'listed',
      uri,
      realm: 'internal',
      status: 'disabled',
    })
  })
})

describe('the users of /access/api/v2/users', () => {
  it('creates, shows, changes and deletes one', async () => {
    const body = {
      username: 'V2',
      email: 'v2@registry.example',
      password: newPassword,
      groups: ['dev', 'ops'],
    }
    const created = await app.send('POST', v2, body)
    const shown = {
      username: 'v2',
      email: 'v2@registry.example',
      admin: false,
      effective_admin: false,
      profile_updatable: true,
      disable_ui_access: false,
      internal_password_disabled: false,
      realm: 'internal',
      groups: ['dev', 'ops'],
      status: 'enabled',
      kind: 'person',
    }
    expect([created.status, created.json]).toEqual([201, shown])
    expect((await app.send('GET', `${v2}/v2`)).json).toEqual(shown)
    const changed = await app.send('PATCH', `${v2}/v2`, { admin: true, disable_ui_access: true })
    const expected = { ...shown, admin: true, effective_admin: true, disable_ui_access: true }
    expect([changed.status, changed.json]).toEqual([200, expected])
    const groups = await app.send('PATCH', `${v2}/v2/groups`, { add: ['dev'], remove: ['ops'] })
    expect([groups.status, groups.json]).toEqual([200, { groups: ['dev'] }])
    expect(await status(app.send('DELETE', `${v2}/v2`))).toBe(204)
    expect(await status(app.send('GET', `${v2}/v2`))).toBe(404)
  })

  it('tells being an administrator oneself and by a group apart', async () => {
    await app.addGroup('chiefs', { adminPrivileges: true })
    await app.addUser('chief', { groups: ['chiefs'] })
    expect((await app.send('GET', `${v2}/chief`)).json).toMatchObject({ admin: false, effective_admin: true })
  })

  it('lists in pages', async () => {
    const names: string[] = []
    let cursor: string | undefined = ''
    while (cursor !== undefined) {
      const answer = await app.send('GET', `${v2}?limit=2&cursor=${encodeURIComponent(cursor)}`)
      const page = answer.json as { users: { username: string; uri: string }[]; cursor?: string }
      expect(page.users.length).toBeLessThanOrEqual(2)
      names.push(...page.users.map(({ username }) => username))
      cursor = page.cursor
    }
    expect(names).toEqual([...new Set(names)].sort())
    expect(names).toContain('admin')
    for (const limit of ['0', '-1', 'all', '1e9x']) {
      expect(await status(app.send('GET', `${v2}?limit=${limit}`))).toBe(400)
    }
  })

  it('makes a robot, which never gets a password', async () => {
    const robot = await app.send('POST', v2, { username: 'ci', kind: 'robot', groups: ['dev'] })
    expect([robot.status, robot.json]).toMatchObject([201, { kind: 'robot' }])
    const answers = [
      await app.send('POST', v2, { username: 'ci2', kind: 'robot', password: newPassword }),
      await app.send('PATCH', `${v2}/ci`, { password: newPassword }),
      await app.send('PUT', `${v2}/ci/password`, { password: newPassword }),
      await app.send('PATCH', `${v2}/ci`, { kind: 'person' }),
    ]
    expect(answers.map((answer) => answer.status)).toEqual([400, 400, 400, 400])
    expect(errorsOf(answers[1]!)).toEqual([
      'ci is a robot, which has no password: make an access token for it',
    ])
  })

  it("lets an administrator set anybody's password", async () => {
    await app.addUser('reset')
    for (const [method, password] of [
      ['PUT', `${newPassword}2`],
      ['POST', `${newPassword}3`],
    ] as const) {
      expect(await status(app.send(method, `${v2}/reset/password`, { password }))).toBe(204)
      expect(await status(app.send('GET', `${v2}/reset`, undefined, as(basic('reset', password))))).toBe(200)
    }
    expect(await status(app.send('GET', `${v2}/reset`, undefined, as(basic('reset', userPassword))))).toBe(
      401,
    )
  })

  it('warns of what has no effect', async () => {
    const answer = await app.send('POST', v2, {
      username: 'warned',
      password: newPassword,
      realm: 'ldap',
      id: 1,
    })
    expect(answer.status).toBe(201)
    expect(answer.headers.get('warning')).toContain('realm, id')
    expect(answer.json).toMatchObject({ realm: 'internal' })
  })

  it.each([
    [{ password: newPassword }, 'username is missing'],
    [{ username: 'a:b', password: newPassword }, 'user name "a:b" is not possible'],
    [{ username: '../x', password: newPassword }, 'is not possible'],
    [{ username: '*)(uid=*', password: newPassword }, 'is not possible'],
    [{ username: 'ﬁsh', password: newPassword }, 'is not possible'],
    [{ username: 'Anonymous', password: newPassword }, 'is reserved'],
    [{ username: 'x'.repeat(256), password: newPassword }, 'expected at most 255'],
    [{ username: 'new' }, 'password is missing'],
    [{ username: 'new', password: '' }, 'the password is refused: it has 0 characters'],
    [{ username: 'new', password: 'Password1' }, 'a well-known default'],
    [{ username: 'new', password: 7 }, 'password is not acceptable'],
    [{ username: 'new', password: newPassword, admin: 'yes' }, 'admin is "yes", expected true or false'],
    [{ username: 'new', password: newPassword, email: 'nowhere' }, 'email is "nowhere", expected an address'],
    [{ username: 'new', password: newPassword, groups: ['nowhere'] }, 'there is no group "nowhere"'],
    [{ username: 'new', password: newPassword, status: 'locked' }, 'status is "locked", expected'],
    [{ username: 'new', password: newPassword, kind: 'god' }, 'kind is "god", expected'],
  ])('refuses %j', async (body, message) => {
    const answer = await app.send('POST', v2, body)
    expect(answer.status).toBe(400)
    expect(errorsOf(answer).join()).toContain(message)
    expect(answer.text).not.toContain('canary')
    expect(await app.users.find('new')).toBeUndefined()
  })

  it('refuses a name that is taken, whatever its case', async () => {
    const answer = await app.send('POST', v2, { username: 'ADMIN', password: newPassword })
    expect(answer.status).toBe(409)
  })
})

describe('the last administrator', () => {
  it.each([
    ['PATCH', `${v2}/admin`, { admin: false }],
    ['PATCH', `${v2}/admin`, { status: 'disabled' }],
    ['POST', `${v1}/admin`, { admin: false }],
    ['PUT', `${v1}/admin`, { status: 'disabled' }],
    ['DELETE', `${v2}/admin`, undefined],
    ['DELETE', `${v1}/admin`, undefined],
  ])('survives %s %s %j', async (method, path, body) => {
    await app.users.update('chief', { disabled: true })
    const answer = await app.send(method, path, body)
    expect(answer.status).toBe(409)
    expect(errorsOf(answer).join()).toContain('nobody could administer after this')
    expect(await app.users.find('admin')).toMatchObject({ admin: true, disabled: false })
  })
})

describe('refresh tokens', () => {
  it.each([
    ['a new password', 'PUT', '/password', { password: newPassword }, 204],
    ['disabling', 'PATCH', '', { status: 'disabled' }, 200],
    ['deleting', 'DELETE', '', undefined, 204],
  ])('end with %s', async (what, method, suffix, body, expected) => {
    const name = what.replaceAll(' ', '-')
    await app.addUser(name)
    const principal = await app.principal(name)
    const token = await app.refreshTokens.issue(principal, 'entrepot')
    expect(await app.refreshTokens.redeem(token, 'entrepot')).toMatchObject({ name })
    expect(await status(app.send(method, `${v2}/${name}${suffix}`, body))).toBe(expected)
    await app.users.create({ name, disabled: false }).catch(() => app.users.update(name, { disabled: false }))
    expect(await app.refreshTokens.redeem(token, 'entrepot')).toBeUndefined()
  })
})

describe('memberships from a directory', () => {
  it('are shown, and stay the directory’s when they are sent back', async () => {
    await app.addGroup('staff', { realm: 'ldap' })
    const identity = {
      directory: 'corp',
      username: 'ann',
      dn: 'uid=ann',
      uniqueId: undefined,
      email: undefined,
      groups: [{ name: 'staff', dn: undefined }],
    }
    await app.users.confirm(identity, false, new Date())
    expect((await app.send('GET', `${v2}/ann`)).json).toMatchObject({ realm: 'corp', groups: ['staff'] })
    const changed = await app.send('PATCH', `${v2}/ann`, { groups: ['staff', 'ops'] })
    expect(changed.json).toMatchObject({ groups: ['ops', 'staff'] })
    expect((await app.users.find('ann'))?.memberships).toEqual([
      { group: 'ops', source: 'internal' },
      { group: 'staff', source: 'corp' },
    ])
    const refused = await app.send('PATCH', `${v2}/ann`, { password: newPassword })
    expect(refused.status).toBe(400)
    expect(errorsOf(refused).join()).toContain('is kept by the directory "corp"')
  })
})

describe('the audit trail of users', () => {
  it('has each change with what was before and after, and never a password', async () => {
    const from = app.audited.length
    await app.send('POST', v2, { username: 'seen', password: newPassword })
    await app.send('PATCH', `${v2}/seen`, { groups: ['ops'], password: `${newPassword}!` })
    await app.send('DELETE', `${v2}/seen`)
    const entries = app.audited.slice(from)
    expect(entries).toMatchObject([
      { action: 'user.create', after: { username: 'seen', groups: [] } },
      { action: 'user.update', before: { groups: [] }, after: { groups: ['ops'], password: 'changed' } },
      { action: 'user.delete', before: { groups: ['ops'] } },
    ])
    const common = {
      outcome: 'ok',
      actor: 'admin',
      realm: 'internal',
      subject: { kind: 'user', name: 'seen' },
    }
    for (const entry of entries) {
      expect(entry).toMatchObject({ ...common, origin: { address: '192.0.2.7' } })
      expect(entry.origin.requestId).not.toBe('')
    }
    expect(JSON.stringify([app.audited, app.logged])).not.toMatch(/canary|argon2/)
  })
})
