import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AdminApiApp, type Answer, basic, errorsOf, userPassword } from '../testing/admin-api-app.js'
import { wholeDocument, wholeDocumentSecrets } from '../testing/whole-document.js'

const path = '/artifactory/api/entrepot/config'

let app: AdminApiApp
beforeAll(async () => {
  app = await AdminApiApp.start()
  for (const [name, text] of Object.entries(wholeDocumentSecrets)) app.secrets.texts.set(name, text)
  expect((await post('apply', wholeDocument)).status).toBe(200)
})
afterAll(() => app.close())

const yaml = { 'content-type': 'application/yaml' }
const post = (what: 'diff' | 'apply', raw: string, headers: Record<string, string> = {}): Promise<Answer> =>
  app.send('POST', `${path}/${what}`, undefined, { raw, headers: { ...yaml, ...headers } })
const exported = async (): Promise<string> => (await app.send('GET', path)).text

async function refusalsOf(document: object | string): Promise<string[]> {
  const before = await exported()
  const raw = typeof document === 'string' ? document : JSON.stringify(document)
  const [diff, apply] = [await post('diff', raw), await post('apply', raw)]
  expect([diff.status, diff.text]).toEqual([400, apply.text])
  expect(apply.status).toBe(400)
  expect(await exported()).toBe(before)
  return errorsOf(apply)
}

describe('a document that is wrong', () => {
  it('is told everything at once, by paths, and nothing is done', async () => {
    const refusals = await refusalsOf({
      repositories: {
        'BAD KEY': { rclass: 'local', packageType: 'docker' },
        a: { rclass: 'remote', packageType: 'docker', url: 'ftp://hush', socketTimeoutMillis: 0 },
        b: {
          rclass: 'virtual',
          packageType: 'docker',
          repositories: ['nowhere'],
          defaultDeploymentRepo: 'noplace',
        },
        c: { packageType: 'docker' },
        d: { rclass: 'local', packageType: 'docker', blackedout: true },
        e: 7,
        'whole-local': { rclass: 'remote' },
        'whole-remote': { url: 'https://other.example', password: { env: 'UNSET' } },
      },
      groups: { 'a/b': {}, x: { auto_join: true, admin_privileges: true }, y: { members: ['admin'] } },
      users: { 'a b': {}, new: {}, user: { kind: 'robot', groups: ['nobody'], pasword: { env: 'A' } } },
      permissionTargets: {
        t: { repo: { repositories: ['nowhere'], actions: { groups: { nobody: ['read'] } } } },
        u: { repo: { actions: { users: { admin: ['reed'] } } } },
      },
      directories: {
        settings: [{ key: 'k', ldap_urls: ['http://x'] }, {}],
        groups: [{ name: 'g', enabled_ldap: 'nowhere' }],
      },
      oidcProviders: { p: { issuer_url: 'nothing', client_id: 'x' } },
      lockPolicy: { enabled: 'yes', loginAttempts: -1 },
      passwordPolicy: { length: 2000, specialChar: 1 },
      anonymousAccess: { enable: true },
      prune: { sections: ['everything'] },
      reposotories: {},
    })
    const expected = [
      'reposotories: there is no such field: did you mean repositories?',
      'prune.sections: is "everything", expected some of',
      'repositories.e: expected a mapping of names, got a number',
      'repositories."BAD KEY": repository key "BAD KEY" can\'t be',
      'repositories.a.url: is "ftp://hush", expected an address such as',
      'repositories.a.socketTimeoutMillis: is 0, expected a whole number',
      'repositories.b: virtual repository b lists "nowhere"',
      'repositories.b.defaultDeploymentRepo: is "noplace", and there is no such repository',
      'repositories.c.rclass: is missing',
      'repositories.d.blackedout: there is no such field: did you mean blackedOut?',
      'repositories.whole-local: rclass is "remote", expected "local"',
      'repositories.whole-remote.password: { env: UNSET } is not there, and no secret is stored that could stay',
      'groups."a/b": group name "a/b" is not possible',
      'groups.x: a group whose members administer can not be one that every new user joins',
      'groups.y.members: is no field here',
      'users."a b": user name "a b" is not possible',
      'users.new.password: is missing',
      'users.user.pasword: there is no such field: did you mean password?',
      'users.user.groups: there is no group "nobody"',
      'users.user.kind: is "robot", and the user is a person',
      'permissionTargets.t: there is no repository "nowhere"',
      'permissionTargets.t: there is no group "nobody"',
      'permissionTargets.u: repo.actions.users has the action "reed"',
      'directories.settings[1].key: is missing',
      'directories.settings.k: ldap_urls must be ldap://',
      'directories.groups.g.enabled_ldap: is "nowhere", expected the key of a directory',
      'oidcProviders.p: the issuer is "nothing"',
      'lockPolicy.enabled: is "yes", expected true or false',
      'lockPolicy.loginAttempts: is -1',
      'passwordPolicy.length: is 2000',
      'passwordPolicy.specialChar: there is no such field: did you mean special_char?',
      'anonymousAccess.enable: there is no such field: did you mean enabled?',
    ]
    for (const message of expected) expect(refusals).toContainEqual(expect.stringContaining(message))
  })

  it.each([
    [{ users: { user: { password: 'hush-hush 1' } } }, 'users.user.password: is no reference'],
    [{ users: { user: { password: { env: 'A', file: '/b' } } } }, 'users.user.password: is no reference'],
    [{ users: { user: { password: { vault: 'A' } } } }, 'users.user.password: is no reference'],
    [{ users: { user: { password: { env: 'FORBIDDEN' } } } }, 'which is refused: it is forbidden'],
    [
      { users: { user: { password: { env: 'WEAK' } } } },
      'users.user.password: is refused: it has 4 characters',
    ],
    [{ users: { 'whole-robot': { password: { env: 'GOOD' } } } }, 'is given for a robot'],
    [{ users: { 'whole-dan': { password: { env: 'UNSET' } } } }, 'no secret is stored that could stay'],
    [{ users: { user: {}, USER: {} } }, 'users.USER: is user for the second time'],
    [{ repositories: { 'whole-remote': { queryParams: 'hush=1' } } }, 'queryParams: is no reference'],
    [
      { oidcProviders: { token: { issuer_url: 'https://x.example', audience: 'y' } } },
      'the name "token" is reserved',
    ],
    [
      { repositories: { 'whole-remote': { url: 'https://mine.example' } } },
      'password: is not given, and the stored one stays only',
    ],
    [
      { repositories: { 'whole-remote': { username: 'other' } } },
      'password: is not given, and the stored one stays only',
    ],
    [
      { repositories: { 'whole-remote': { proxy: 'nowhere' } } },
      'repositories.whole-remote.proxy: is "nowhere", which there is not',
    ],
    [{ prune: { sections: ['users'] } }, 'names users, which the document does not have'],
    [{ listen: ':8080' }, 'listen: there is no such field'],
  ])('is refused as %j', async (document, message) => {
    app.secrets.texts.set('WEAK', 'hush')
    app.secrets.texts.set('GOOD', 'good enough 1')
    const refusals = await refusalsOf(document)
    expect(refusals.join('\n')).toContain(message)
    expect(refusals.join('\n')).not.toContain('hush-hush')
  })

  it.each([
    ['text/plain', 415],
    ['application/x-www-form-urlencoded', 415],
    ['application/xml', 415],
    ['application/json', 200],
    ['text/yaml; charset=utf-8', 200],
  ])('is taken by its media type %s: %i', async (type, status) => {
    expect((await post('diff', '{}', { 'content-type': type })).status).toBe(status)
  })

  it('is read up to 1 MiB', async () => {
    expect((await post('diff', `# ${'x'.repeat(1024 * 1024)}`)).status).toBe(413)
  })

  it("is nobody else's than an administrator's", async () => {
    const user = { authorization: basic('user', userPassword) }
    for (const [method, at] of [
      ['GET', path],
      ['POST', `${path}/diff`],
      ['POST', `${path}/apply`],
    ] as const) {
      const raw = method === 'GET' ? {} : { raw: '{}', headers: yaml }
      expect((await app.send(method, at, undefined, { ...user, ...raw })).status).toBe(403)
      expect((await app.send(method, at, undefined, { authorization: undefined, ...raw })).status).toBe(401)
    }
  })
})
