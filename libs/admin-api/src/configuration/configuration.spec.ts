import { parse } from 'yaml'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AdminApiApp, type Answer, basic, errorsOf } from '../testing/admin-api-app.js'
import { wholeDocument, wholeDocumentSecrets } from '../testing/whole-document.js'

const path = '/artifactory/api/entrepot/config'

let app: AdminApiApp
beforeAll(async () => {
  app = await AdminApiApp.start()
})
afterAll(() => app.close())

const yaml = { 'content-type': 'application/yaml' }
const post = (what: 'diff' | 'apply', raw: string, headers: Record<string, string> = {}): Promise<Answer> =>
  app.send('POST', `${path}/${what}`, undefined, { raw, headers: { ...yaml, ...headers } })
const exported = async (): Promise<string> => (await app.send('GET', path)).text

interface Difference {
  readonly changes: readonly { change: string; path: string; fields: readonly object[] }[]
  readonly notices: readonly string[]
}

async function asJson(what: 'diff' | 'apply', document: object | string): Promise<Difference> {
  const raw = typeof document === 'string' ? document : JSON.stringify(document)
  const answer = await post(what, raw, { accept: 'application/json' })
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)])
  return answer.json as Difference
}

const pathsOf = ({ changes }: Difference) => changes.map(({ change, path: at }) => `${change} ${at}`)

async function refusalsOf(document: object | string): Promise<string[]> {
  const before = await exported()
  const raw = typeof document === 'string' ? document : JSON.stringify(document)
  const [diff, apply] = [await post('diff', raw), await post('apply', raw)]
  expect([diff.status, diff.text]).toEqual([400, apply.text])
  expect(apply.status).toBe(400)
  expect(await exported()).toBe(before)
  return errorsOf(apply)
}

describe('a document of everything', () => {
  it('is told by a diff and then applied, each thing with an entry in the audit trail', async () => {
    for (const [name, text] of Object.entries(wholeDocumentSecrets)) app.secrets.texts.set(name, text)
    const before = await exported()
    const diff = await asJson('diff', wholeDocument)
    expect(await exported()).toBe(before)
    const from = app.audited.length
    const done = await asJson('apply', wholeDocument)
    expect(done).toEqual(diff)
    expect(pathsOf(done)).toEqual([
      'create repositories.whole-local',
      'create repositories.whole-remote',
      'create repositories.whole-all',
      'create groups.whole-readers',
      'create groups."Whole Keepers"',
      'create users.whole-ann',
      'create users.whole-robot',
      'create permissionTargets.whole',
      'create directories.settings.whole-corp',
      'create directories.settings.whole-lab',
      'create directories.groups.whole-teams',
      'create oidcProviders.whole-ci',
      'create oidcProviders.whole-ci.identity_mappings.main',
      'update lockPolicy',
      'update passwordPolicy',
      'update anonymousAccess',
    ])
    const audited = app.audited.slice(from)
    expect(audited.map(({ action, subject }) => `${action} ${subject?.kind} ${subject?.name}`)).toEqual([
      'repository.create repository whole-local',
      'repository.create repository whole-remote',
      'repository.create repository whole-all',
      'group.create group whole-readers',
      'group.create group Whole Keepers',
      'user.create user whole-ann',
      'user.create user whole-robot',
      'permission.create permission whole',
      'directory.create directory whole-corp',
      'directory.create directory whole-lab',
      'directory.create directory groups/whole-teams',
      'directory.create directory oidc/whole-ci',
      'directory.update directory oidc/whole-ci/main',
      'settings.update settings userLockPolicy',
      'settings.update settings passwordPolicy',
      'settings.update settings anonymous',
    ])
    expect(audited.every(({ actor, outcome }) => actor === 'admin' && outcome === 'ok')).toBe(true)
    const shown = JSON.stringify([audited, diff, done, await exported(), app.logged])
    for (const text of Object.values(wholeDocumentSecrets)) expect(shown).not.toContain(text)
  })

  it('works at once, in all that is kept in memory', async () => {
    expect((await app.get('whole-all')).json).toMatchObject({
      repositories: ['whole-local', 'whole-remote'],
      defaultDeploymentRepo: 'whole-local',
    })
    expect(app.repositories.find('whole-remote')?.config).toMatchObject({ password: 'remote-secret 1' })
    const login = basic('whole-ann', 'ann-secret 1')
    const answer = await app.send('GET', '/access/api/v2/users/whole-ann', undefined, {
      authorization: login,
    })
    expect([answer.status, answer.json]).toEqual([
      200,
      expect.objectContaining({ groups: ['Whole Keepers', 'whole-readers'], email: 'ann@registry.example' }),
    ])
    expect((await app.send('GET', '/artifactory/api/entrepot/anonymous')).json).toEqual({ enabled: true })
    expect(app.ports.accounts.passwordPolicies.current).toMatchObject({ length: 9, specialChar: 1, digit: 0 })
    expect(app.ports.logins.policies.current).toMatchObject({ enabled: true, loginAttempts: 7 })
    expect(app.ports.directories.configured.settings().map(({ key }) => key)).toEqual([
      'whole-corp',
      'whole-lab',
    ])
    expect(app.ports.openId.providers.find('whole-ci')?.mappings).toMatchObject([{ name: 'main' }])
    expect(app.ports.permissions.targets.find('whole')?.target).toMatchObject({
      users: { 'whole-ann': ['read', 'deploy', 'overwrite'] },
      groups: { 'whole-readers': ['read'] },
    })
  })

  it('changes nothing when it is applied for the second time', async () => {
    const audited = app.audited.length
    const revisions = () => [
      app.repositories.all().map(({ revision }) => revision),
      app.ports.permissions.targets.all().map(({ revision }) => revision),
      app.ports.openId.providers.all().map(({ revision }) => revision),
    ]
    const hash = (await app.users.find('whole-ann'))?.passwordHash
    const before = revisions()
    expect(await asJson('apply', wholeDocument)).toEqual({ changes: [], notices: [] })
    expect((await post('apply', wholeDocument)).text).toBe('nothing to change\n')
    expect(revisions()).toEqual(before)
    expect((await app.users.find('whole-ann'))?.passwordHash).toBe(hash)
    expect(app.audited.slice(audited)).toEqual([])
  })

  it('is exported in one order, with a reference for each secret, and is no change to where it comes from', async () => {
    const text = await exported()
    expect(await exported()).toBe(text)
    expect(text).toContain('password: { env: ENTREPOT_SECRET_USER_WHOLE_ANN_PASSWORD } # a secret')
    const document = parse(text) as Record<string, Record<string, Record<string, unknown>>>
    expect(document['repositories']?.['whole-remote']).toMatchObject({
      password: { env: 'ENTREPOT_SECRET_REPOSITORY_WHOLE_REMOTE_PASSWORD' },
      queryParams: { env: 'ENTREPOT_SECRET_REPOSITORY_WHOLE_REMOTE_QUERY_PARAMS' },
    })
    expect(
      (await app.send('GET', path, undefined, { headers: { accept: 'application/json' } })).json,
    ).toEqual(document)
    const { changes, notices } = await asJson('diff', text)
    expect(changes).toEqual([])
    expect(notices).toContain(
      'users.whole-ann.password: { env: ENTREPOT_SECRET_USER_WHOLE_ANN_PASSWORD } is not there, the stored secret stays',
    )
  })
})

describe('a change of a document', () => {
  it('is told field by field, and touches nothing else', async () => {
    const document = {
      repositories: {
        'whole-remote': { description: 'new', offline: true, password: { env: 'NEW_PASSWORD' } },
      },
      users: { 'WHOLE-ANN': { groups: ['whole-readers'], status: 'disabled' } },
    }
    app.secrets.texts.set('NEW_PASSWORD', 'remote-secret 2')
    const before = app.repositories.find('whole-local')
    const text = await post('diff', JSON.stringify(document))
    expect(text.text.split('\n')).toEqual([
      '~ repositories.whole-remote',
      '    description: "the hub" -> "new"',
      '    offline: false -> true',
      '    password: (secret changed)',
      '~ users.WHOLE-ANN',
      '    groups: ["Whole Keepers","whole-readers"] -> ["whole-readers"]',
      '    status: "enabled" -> "disabled"',
      '0 to create, 2 to update, 0 to delete',
      '',
    ])
    const applied = await post('apply', JSON.stringify(document))
    expect(applied.text).toContain('0 created, 2 updated, 0 deleted')
    expect(app.repositories.find('whole-remote')?.config).toMatchObject({
      description: 'new',
      password: 'remote-secret 2',
      username: 'puller',
    })
    expect(app.repositories.find('whole-local')).toEqual(before)
    const login = { authorization: basic('whole-ann', 'ann-secret 1') }
    expect((await app.send('GET', '/access/api/v2/users/whole-ann', undefined, login)).status).toBe(401)
    expect(app.audited.find(({ action }) => action === 'repository.update')).toMatchObject({
      before: { description: 'the hub' },
      after: { description: 'new', password: 'changed' },
    })
  })

  it('takes the password of a remote along with its user name, and sends it nowhere else', async () => {
    const url = 'https://mirror.example'
    const document = { repositories: { 'whole-remote': { url, username: '', queryParams: '' } } }
    expect(await asJson('apply', document)).toMatchObject({
      changes: [
        {
          fields: [
            { field: 'url', from: 'https://registry-1.docker.io', to: url },
            { field: 'username', from: 'puller', to: '' },
            { field: 'password', to: '(secret changed)' },
            { field: 'queryParams', to: '(secret changed)' },
          ],
        },
      ],
    })
    expect(app.repositories.find('whole-remote')?.config).toMatchObject({
      url,
      password: '',
      queryParams: '',
    })
    expect(await asJson('apply', document)).toEqual({ changes: [], notices: [] })
  })

  it('moves the listed directories among themselves', async () => {
    const order = () => app.ports.directories.configured.settings().map(({ key }) => key)
    const third = {
      key: 'whole-third',
      ldap_urls: ['ldap://third.example'],
      search: { search_filter: '(uid={0})' },
    }
    await asJson('apply', { directories: { settings: [third] } })
    expect(order()).toEqual(['whole-corp', 'whole-lab', 'whole-third'])
    const swapped = { directories: { settings: [{ key: 'whole-third' }, { key: 'whole-corp' }] } }
    expect(pathsOf(await asJson('apply', swapped))).toEqual(['update directories.settings'])
    expect(order()).toEqual(['whole-third', 'whole-lab', 'whole-corp'])
    expect(pathsOf(await asJson('apply', swapped))).toEqual([])
  })

  it('gives a new user the groups that it lists, and not those that every new user joins', async () => {
    const groups = { 'whole-joined': { auto_join: true }, 'whole-given': {} }
    const user = { groups: ['whole-given'], kind: 'robot' }
    const document = { groups, users: { 'whole-bob': user, 'whole-cid': { kind: 'robot' } } }
    await asJson('apply', document)
    const groupsOf = async (name: string) =>
      (await app.users.find(name))?.memberships.map(({ group }) => group)
    expect(await groupsOf('whole-bob')).toEqual(['whole-given'])
    expect(await groupsOf('whole-cid')).toEqual(['whole-joined'])
    expect(await asJson('diff', document)).toEqual({ changes: [], notices: [] })
  })
})

describe('pruning', () => {
  it('deletes what the document does not have, with all that names it, and only in the sections it says', async () => {
    const permissionTargets = {
      'prune-target': {
        repo: { repositories: ['prune-a', 'whole-local'], actions: { users: { 'whole-cid': ['read'] } } },
      },
    }
    const local = { rclass: 'local', packageType: 'docker' }
    const virtual = { rclass: 'virtual', packageType: 'docker', repositories: ['prune-a'] }
    await asJson('apply', {
      repositories: {
        'prune-a': local,
        'prune-b': { ...virtual },
        'prune-c': { ...virtual, repositories: ['prune-b'] },
      },
      permissionTargets,
    })
    const kept = ['whole-local', 'whole-remote', 'whole-all']
    const document = {
      repositories: Object.fromEntries(kept.map((key) => [key, {}])),
      prune: { sections: ['repositories'] },
    }
    const diff = await asJson('diff', document)
    expect(pathsOf(diff)).toEqual([
      'delete repositories.prune-a',
      'delete repositories.prune-b',
      'delete repositories.prune-c',
      'update permissionTargets.prune-target',
    ])
    await asJson('apply', document)
    expect(app.repositories.all().map(({ config }) => config.key)).toEqual(kept.toSorted())
    expect(app.ports.permissions.targets.find('prune-target')?.target.repositories).toEqual(['whole-local'])
  })

  it('never deletes a repository that holds something, unless it is named', async () => {
    await app.put('full', { rclass: 'local', packageType: 'docker' })
    app.configuration.holding.add(app.repositories.find('full')!.id)
    const repositories = { 'whole-local': {}, 'whole-remote': {}, 'whole-all': {} }
    const document = { repositories, prune: { sections: ['repositories'] } }
    expect(await refusalsOf(document)).toEqual([
      expect.stringMatching(/^repositories\.full: would be deleted with what it holds.*prune\.withContent$/),
    ])
    const named = { ...document, prune: { ...document.prune, withContent: ['full'] } }
    expect(pathsOf(await asJson('apply', named))).toEqual(['delete repositories.full'])
  })

  it('never deletes a member of what stays, or takes what it deletes for there', async () => {
    const refusals = await refusalsOf({
      repositories: { 'whole-all': {}, 'whole-remote': {} },
      groups: { 'whole-readers': {} },
      users: { admin: {}, user: { groups: ['whole-joined'] } },
      permissionTargets: {
        'prune-target': {
          repo: { repositories: ['whole-local'], actions: { users: { 'whole-cid': ['read'] } } },
        },
      },
      prune: { sections: ['repositories', 'groups', 'users'] },
    })
    expect(refusals).toEqual([
      expect.stringContaining('repositories.whole-all: virtual repository whole-all lists "whole-local"'),
      'users.user.groups: there is no group "whole-joined"',
      'permissionTargets.prune-target: there is no repository "whole-local" that it could name',
      'permissionTargets.prune-target: there is no user "whole-cid" that it could name',
    ])
  })

  it('never deletes the last administrator', async () => {
    const document = { users: { user: {} }, prune: { sections: ['users'] } }
    const before = await exported()
    const answer = await post('apply', JSON.stringify(document))
    expect([answer.status, errorsOf(answer)]).toEqual([
      409,
      [expect.stringContaining('nobody could administer')],
    ])
    expect(await exported()).toBe(before)
  })
})
