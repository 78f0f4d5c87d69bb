import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AdminApiApp, errorsOf } from '../testing/admin-api-app.js'

const settings = '/access/api/v1/ldap/settings'
const groups = '/access/api/v1/ldap/groups'

let app: AdminApiApp
beforeAll(async () => {
  app = await AdminApiApp.start()
})
afterAll(() => app.close())

const status = async (sent: Promise<{ status: number }>) => (await sent).status

/** Nothing listens there. */
const corp = {
  key: 'corp',
  enabled: true,
  ldap_url: 'ldap://127.0.0.1:1/dc=corp,dc=example',
  search: {
    search_filter: '(uid={0})',
    search_base: 'ou=people',
    search_sub_tree: true,
    manager_dn: 'cn=manager',
    manager_password: 'canary-manager',
  },
  auto_create_user: true,
  email_attribute: 'mail',
  ldap_poisoning_protection: true,
  allow_user_to_access_profile: false,
  paging_support_enabled: true,
}
const staff = {
  name: 'staff',
  enabled_ldap: 'corp',
  group_base_dn: 'ou=groups',
  group_name_attribute: 'cn',
  group_member_attribute: 'member',
  sub_tree: true,
  force_attribute_search: false,
  filter: '(objectClass=groupOfNames)',
  description_attribute: 'description',
  strategy: 'STATIC',
}

describe('LDAP settings', () => {
  it('are created, shown without the password, changed, ordered and deleted', async () => {
    expect(await status(app.send('POST', settings, corp))).toBe(201)
    const { manager_password: _secret, ...search } = corp.search
    const shown = await app.send('GET', `${settings}/corp`)
    expect(shown.json).toMatchObject({ ...corp, search, start_tls: false, referrals: 'follow' })
    const password = () =>
      app.ports.directories.configured.settings().find(({ key }) => key === 'corp')?.search.managerPassword
    expect(await status(app.send('PUT', `${settings}/corp`, shown.json))).toBe(200)
    expect(password()).toBe('canary-manager')
    expect(await status(app.send('PUT', `${settings}/corp`, { enabled: false }))).toBe(200)
    expect((await app.send('GET', `${settings}/corp`)).json).toMatchObject({ enabled: false, search })
    await app.send('POST', settings, { ...corp, key: 'partner' })
    expect(await status(app.send('POST', `${settings}/order`, ['partner', 'corp']))).toBe(200)
    const keys = ((await app.send('GET', settings)).json as { key: string }[]).map(({ key }) => key)
    expect(keys).toEqual(['partner', 'corp'])
    expect(await status(app.send('POST', `${settings}/order`, ['corp']))).toBe(409)
    expect(await status(app.send('POST', settings, corp))).toBe(409)
    expect(await status(app.send('DELETE', `${settings}/partner`))).toBe(204)
    expect(await status(app.send('DELETE', `${settings}/partner`))).toBe(404)
    expect(app.audited.map(({ action }) => action).filter((action) => action !== 'login')).toEqual([
      'directory.create',
      'directory.update',
      'directory.update',
      'directory.create',
      'settings.update',
      'directory.delete',
    ])
  })

  it('send the stored password to no other server', async () => {
    const change = { ldap_url: 'ldap://127.0.0.1:2/dc=corp,dc=example' }
    expect(await status(app.send('PUT', `${settings}/corp`, change))).toBe(400)
    expect(await status(app.send('POST', `${settings}/corp/test`, change))).toBe(400)
  })

  it('are tried out before they are saved, and say which step failed', async () => {
    const { key: _key, ...rest } = corp
    const body = { ...rest, key: 'new', user: 'ann', password: 'canary-user' }
    for (const [at, sent] of [
      [`${settings}/test`, body],
      [`${settings}/corp/test`, { user: 'ann', password: 'canary-user' }],
    ] as const) {
      const answer = await app.send('POST', at, sent)
      expect(answer.json).toMatchObject({
        succeeded: false,
        steps: [{ step: 'connect', outcome: 'failed' }, {}, {}, {}, {}, {}],
      })
      expect(answer.text).not.toContain('canary')
    }
    expect(await status(app.send('GET', `${settings}/new`))).toBe(404)
  })

  it.each([
    [{ ...corp, key: undefined }, 'key is missing'],
    [{ ...corp, key: 'internal' }, 'this is the realm of the users of this registry'],
    [{ ...corp, key: 'x', ldap_url: 'http://corp' }, 'ldap_urls must be ldap://'],
    [{ ...corp, key: 'x', ldap_url: undefined }, 'ldap_url is missing'],
    [{ ...corp, key: 'x', enabled: 'yes' }, 'enabled is "yes"'],
    [{ ...corp, key: 'x', startTls: true }, 'startTls is not a field here, expected start_tls'],
    [
      { ...corp, key: 'x', search: { ...corp.search, managerDn: 'cn=m' } },
      'search.managerDn is not a field here, expected search.manager_dn',
    ],
    [{ ...corp, key: 'x', search: { search_filter: '(uid=ann)' } }, 'compares with the name'],
    [
      { ...corp, key: 'x', search: { ...corp.search, manager_password: 5 } },
      'search.manager_password is not acc',
    ],
    [{ ...corp, key: 'x', search: 'none' }, 'search is not an object'],
  ])('are refused as %j', async (body, message) => {
    const answer = await app.send('POST', settings, body)
    expect(answer.status).toBe(400)
    expect(errorsOf(answer).join()).toContain(message)
    expect(answer.text).not.toContain('canary')
  })
})

describe('LDAP group settings', () => {
  it('are created, shown, changed, refreshed and deleted', async () => {
    expect(await status(app.send('POST', groups, staff))).toBe(201)
    expect((await app.send('GET', `${groups}/staff`)).json).toEqual({ ...staff, nested_depth: 0 })
    expect(await status(app.send('PUT', `${groups}/staff`, { nested_depth: 3 }))).toBe(200)
    expect((await app.send('GET', groups)).json).toEqual([{ ...staff, nested_depth: 3 }])
    expect(await status(app.send('POST', `${groups}/staff/refresh`))).toBe(503)
    expect(await status(app.send('POST', `${groups}/staff/refresh/IMPORT`))).toBe(503)
    expect(await status(app.send('POST', `${groups}/staff/refresh?mode=ALL`))).toBe(400)
    expect(await status(app.send('POST', `${groups}/none/refresh`))).toBe(404)
    const unknown = await app.send('POST', groups, { ...staff, name: 'x', enabled_ldap: 'nowhere' })
    expect(unknown.status).toBe(400)
    const misspelled = await app.send('PUT', `${groups}/staff`, { nestedDepth: 5 })
    expect(errorsOf(misspelled)).toEqual(['nestedDepth is not a field here, expected nested_depth'])
    expect(await status(app.send('DELETE', `${groups}/staff`))).toBe(204)
    expect(await status(app.send('GET', `${groups}/staff`))).toBe(404)
  })
})

it('the audit trail and the log have none of the passwords', () => {
  expect(JSON.stringify([app.audited, app.logged])).not.toContain('canary')
})
