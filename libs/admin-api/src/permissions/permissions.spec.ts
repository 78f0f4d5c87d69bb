import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { AdminApiApp, errorsOf } from '../testing/admin-api-app.js'

const v1 = '/artifactory/api/security/permissions'
const v2 = '/artifactory/api/v2/security/permissions'
const access = '/access/api/v2/permissions'

let app: AdminApiApp
let manager: { authorization: string }
let stranger: { authorization: string }
beforeAll(async () => {
  app = await AdminApiApp.start({ publicUrl: 'https://registry.example' })
  for (const name of ['ops', 'dev']) await app.addGroup(name)
  manager = { authorization: await app.addUser('manager') }
  stranger = { authorization: await app.addUser('stranger') }
  await app.put('docker-local', { rclass: 'local', packageType: 'docker' })
  await app.put('other-local', { rclass: 'local', packageType: 'docker' })
})
afterAll(() => app.close())
beforeEach(async () => {
  for (const { target } of app.ports.permissions.targets.all()) {
    await app.ports.permissions.targets.delete(target.name)
  }
})

const status = async (sent: Promise<{ status: number }>) => (await sent).status

const targetV2 = (users: object, groups: object = {}) => ({
  name: 'team',
  repo: {
    'include-patterns': ['team/**'],
    'exclude-patterns': ['team/secret/**'],
    repositories: ['docker-local', 'ANY REMOTE'],
    actions: { users, groups },
  },
})

describe('a permission target', () => {
  it('in v1 letters is shown as it was put', async () => {
    const body = {
      name: 'team',
      includesPattern: 'team/**,**/release-*',
      excludesPattern: '',
      repositories: ['docker-local', 'ANY REMOTE'],
      principals: {
        users: { user: ['r', 'w', 'n', 'd', 'm'], anonymous: ['r'] },
        groups: { ops: ['r', 'w'] },
      },
    }
    expect(await status(app.send('PUT', `${v1}/team`, body))).toBe(201)
    expect((await app.send('GET', `${v1}/team`)).json).toEqual(body)
    expect(await status(app.send('PUT', `${v1}/team`, body))).toBe(200)
    expect((await app.send('GET', v1)).json).toEqual([
      { name: 'team', uri: `https://registry.example${v1}/team` },
    ])
    expect(app.ports.permissions.targets.find('team')?.target).toEqual({
      name: 'team',
      repositories: ['docker-local', 'ANY REMOTE'],
      includes: ['team/**', '**/release-*'],
      excludes: [],
      users: { user: ['read', 'deploy', 'overwrite', 'annotate', 'delete', 'manage'], anonymous: ['read'] },
      groups: { ops: ['read', 'deploy', 'overwrite'] },
    })
    expect(await status(app.send('DELETE', `${v1}/team`))).toBe(200)
    expect(await status(app.send('GET', `${v1}/team`))).toBe(404)
    expect(await status(app.send('DELETE', `${v1}/team`))).toBe(404)
  })

  it('in v2 words is shown as it was put, and 200 whether new or not', async () => {
    const body = targetV2({ user: ['read', 'write'] }, { ops: ['read', 'deploy'], dev: ['overwrite'] })
    for (let round = 0; round < 2; round += 1) {
      expect(await status(app.send('PUT', `${v2}/team`, body))).toBe(200)
      expect((await app.send('GET', `${v2}/team`)).json).toEqual(body)
    }
    expect(await status(app.send('POST', `${v2}/team`, body))).toBe(409)
    expect(await status(app.send('PUT', `${v2}/team`, { name: 'team' }))).toBe(200)
    expect((await app.send('GET', `${v2}/team`)).json).toEqual({
      name: 'team',
      repo: {
        'include-patterns': ['**'],
        'exclude-patterns': [],
        repositories: [],
        actions: { users: {}, groups: {} },
      },
    })
  })

  it('of the Access service is shown as it was put, section by section', async () => {
    const filter = { include_patterns: ['team/**'], exclude_patterns: [] }
    const artifact = {
      actions: { users: { user: ['READ', 'WRITE'] }, groups: { ops: ['MANAGE', 'DEPLOY'] } },
      targets: { 'docker-local': filter, 'ANY LOCAL': filter },
    }
    const body = { name: 'team', resources: { artifact } }
    expect(await status(app.send('POST', access, body))).toBe(201)
    expect(await status(app.send('POST', access, body))).toBe(409)
    expect((await app.send('GET', `${access}/team`)).json).toEqual(body)
    const changed = { ...artifact, actions: { users: {}, groups: { dev: ['READ'] } } }
    expect(await status(app.send('PUT', `${access}/team/artifact`, changed))).toBe(200)
    expect((await app.send('GET', `${access}/team/artifact`)).json).toEqual(changed)
    expect(await status(app.send('DELETE', `${access}/team/artifact`))).toBe(204)
    expect((await app.send('GET', `${access}/team`)).json).toEqual({ name: 'team', resources: {} })
    expect((await app.send('GET', access)).json).toMatchObject({ permissions: [{ name: 'team' }] })
    expect(await status(app.send('DELETE', `${access}/team`))).toBe(204)
  })

  it('shows in each API what another was given and has no effect here', async () => {
    const body = {
      ...targetV2({ user: ['read', 'managedXrayMeta'], manager: ['distribute'] }, { ops: ['write'] }),
      build: {
        'include-patterns': ['**'],
        'exclude-patterns': ['*-snapshot'],
        repositories: ['artifactory-build-info'],
        actions: { users: { user: ['read', 'managedXrayMeta'] }, groups: {} },
      },
    }
    expect(await status(app.send('PUT', `${v2}/team`, body))).toBe(200)
    expect((await app.send('GET', `${v2}/team`)).json).toEqual(body)
    expect((await app.send('GET', `${v1}/team`)).json).toMatchObject({
      principals: { users: { user: ['r', 'mxm'], manager: ['x'] } },
    })
    expect((await app.send('GET', `${access}/team`)).json).toMatchObject({
      resources: {
        artifact: { actions: { users: { user: ['READ', 'SCAN'], manager: ['EXECUTE'] } } },
        build: {
          actions: { users: { user: ['READ', 'SCAN'] }, groups: {} },
          targets: {
            'artifactory-build-info': { include_patterns: ['**'], exclude_patterns: ['*-snapshot'] },
          },
        },
      },
    })
    expect(app.ports.permissions.targets.find('team')?.target.users).toEqual({ user: ['read'], manager: [] })
  })

  it('has sections of other resources, each by itself', async () => {
    await app.send('PUT', `${v2}/team`, targetV2({ user: ['read'] }))
    const section = {
      actions: { users: {}, groups: { ops: ['EXECUTE'] } },
      targets: { '*': { include_patterns: ['site_*'], exclude_patterns: [] } },
    }
    const at = `${access}/team/destination`
    expect(await status(app.send('GET', at))).toBe(404)
    expect((await app.send('PUT', at, section)).json).toEqual(section)
    expect(app.audited.at(-1)).toMatchObject({
      action: 'permission.update',
      after: { destination: { groups: { ops: ['execute'] } } },
    })
    expect((await app.send('GET', at)).json).toEqual(section)
    // Neither V1 nor V2 knows of it, and neither takes it away.
    await app.send('PUT', `${v2}/team`, targetV2({ user: ['read'] }))
    await app.send('PUT', `${v1}/team`, { principals: { users: {} } })
    expect((await app.send('GET', at)).json).toEqual(section)
    expect(await status(app.send('DELETE', at))).toBe(204)
    expect(await status(app.send('GET', at))).toBe(404)
    expect(await status(app.send('PUT', `${access}/team/nothing`, section))).toBe(400)
    expect(await status(app.send('PUT', `${access}/none/build`, section))).toBe(404)
  })

  it('loses the build section to a PUT of V2 without one, as in Artifactory', async () => {
    const build = { repositories: ['artifactory-build-info'], actions: { users: { user: ['read'] } } }
    await app.send('PUT', `${v2}/team`, { ...targetV2({}), build })
    expect((await app.send('GET', `${v2}/team`)).json).toHaveProperty('build')
    for (const nothing of [undefined, null, {}, { repositories: null, actions: {} }]) {
      await app.send('PUT', `${v2}/team`, { ...targetV2({}), build: nothing })
      expect((await app.send('GET', `${v2}/team`)).json).toEqual(targetV2({}))
    }
  })

  it('has its sections of other resources changed by administrators alone', async () => {
    const build = { repositories: ['artifactory-build-info'], actions: { users: { user: ['read'] } } }
    await app.send('PUT', `${v2}/team`, { ...targetV2({ manager: ['read', 'manage'] }), build })
    const before = (await app.send('GET', `${access}/team/build`)).json
    const section = { actions: {}, targets: {} }
    expect(await status(app.send('PUT', `${access}/team/build`, section, manager))).toBe(403)
    expect(await status(app.send('PUT', `${access}/team/build`, section, stranger))).toBe(404)
    const granted = targetV2({ manager: ['read', 'manage', 'managedXrayMeta'] })
    expect(await status(app.send('PUT', `${v2}/team`, granted, manager))).toBe(200)
    expect((await app.send('GET', `${access}/team/build`)).json).toEqual(before)
    expect((await app.send('GET', `${v2}/team`)).json).toMatchObject(granted)
  })

  it('is one and the same in all three', async () => {
    await app.send('PUT', `${v2}/team`, targetV2({ user: ['read', 'write', 'manage'] }))
    expect((await app.send('GET', `${v1}/team`)).json).toMatchObject({
      includesPattern: 'team/**',
      principals: { users: { user: ['r', 'w', 'm'] } },
    })
    expect((await app.send('GET', `${access}/team`)).json).toMatchObject({
      resources: { artifact: { actions: { users: { user: ['READ', 'WRITE', 'MANAGE'] } } } },
    })
  })

  it.each([
    ['PUT', `${v2}/team`, targetV2({ user: ['read', 'managedXrayMeta', 'distribute'] }), 'managedXrayMeta'],
    [
      'PUT',
      `${v2}/team`,
      { ...targetV2({}), build: { repositories: ['b'] }, releaseBundle: { repositories: ['r'] } },
      'build, releaseBundle',
    ],
    ['PUT', `${v1}/team`, { principals: { users: { user: ['mxm'] } } }, 'mxm'],
    ['POST', access, { name: 'team', resources: { build: { actions: {} } } }, 'resources.build'],
    [
      'POST',
      access,
      { name: 'team', resources: { artifact: { actions: { groups: { ops: ['SCAN', 'EXECUTE'] } } } } },
      'SCAN',
    ],
  ])('takes and keeps by %s %s what has no effect here, and says so', async (method, path, body, warned) => {
    const answer = await app.send(method, path, body)
    expect([200, 201]).toContain(answer.status)
    expect(answer.headers.get('warning')).toContain(warned)
  })

  it.each([
    [targetV2({ nobody: ['read'] }), 'there is no user "nobody"'],
    [targetV2({}, { nowhere: ['read'] }), 'there is no group "nowhere"'],
    [{ repo: { repositories: ['absent-local'] } }, 'there is no repository "absent-local"'],
    [targetV2({ user: ['admin'] }), 'has the action "admin", expected some of read, write'],
    [targetV2({ user: 'read' }), 'repo.actions.users.user is not a list'],
    [targetV2({ anonymous: ['manage'] }), 'lets anonymous manage'],
    [{ name: 'other' }, 'name is "other", expected "team" as in the URL'],
    [{ repo: [] }, 'repo is not an object'],
    [{ repo: { repositories: 'docker-local' } }, 'repo.repositories is "docker-local", expected a list'],
    [{ repo: { 'include-patterns': ['a b'] } }, 'a space or a comma'],
  ])('is refused as %j', async (body, message) => {
    const answer = await app.send('PUT', `${v2}/team`, body)
    expect(answer.status).toBe(400)
    expect(errorsOf(answer).join()).toContain(message)
    expect(app.ports.permissions.targets.all()).toEqual([])
  })

  it('of the Access service has one set of patterns', async () => {
    const targets = {
      'docker-local': { include_patterns: ['a/**'] },
      'other-local': { include_patterns: ['b/**'] },
    }
    const answer = await app.send('POST', access, { name: 'team', resources: { artifact: { targets } } })
    expect(answer.status).toBe(400)
    expect(errorsOf(answer).join()).toContain('different patterns')
  })

  it('can not be named like a part of a path, nor give rights to a prototype', async () => {
    for (const name of ['..%2Fx', 'a%2Fb', 'x%3Fy', '%20x']) {
      expect(await status(app.send('PUT', `${v2}/${name}`, {}))).toBe(400)
    }
    const raw = '{"repo":{"actions":{"users":{"__proto__":["read"]}}}}'
    const answer = await app.send('PUT', `${v2}/team`, undefined, { raw })
    expect(errorsOf(answer).join()).toContain('there is no user "__proto__"')
  })
})

describe('who manages a permission target', () => {
  const managed = targetV2({ manager: ['manage'], user: ['read'] })
  beforeEach(async () => {
    await app.send('PUT', `${v2}/team`, managed)
    await app.send('PUT', `${v2}/other`, { repo: { repositories: ['other-local'] } })
  })

  it('sees it, and no other', async () => {
    for (const [path, name] of [
      [v1, 'team'],
      [v2, 'team'],
    ]) {
      expect((await app.send('GET', path!, undefined, manager)).json).toMatchObject([{ name }])
    }
    expect((await app.send('GET', access, undefined, manager)).json).toMatchObject({
      permissions: [{ name: 'team' }],
    })
    expect((await app.send('GET', v2, undefined, stranger)).json).toEqual([])
    for (const path of [v1, v2, access]) {
      expect(await status(app.send('GET', `${path}/team`, undefined, manager))).toBe(200)
      const other = await app.send('GET', `${path}/other`, undefined, manager)
      const none = await app.send('GET', `${path}/none0`, undefined, manager)
      expect([other.status, other.text.replace('other', 'none0')]).toEqual([404, none.text])
    }
  })

  it('changes who may do what, and nothing else of it', async () => {
    const grants = targetV2({ manager: ['manage'] }, { dev: ['read', 'write'] })
    expect(await status(app.send('PUT', `${v2}/team`, grants, manager))).toBe(200)
    expect((await app.send('GET', `${v2}/team`)).json).toEqual(grants)
    const { repo } = grants
    for (const change of [
      { repositories: ['ANY'] },
      { repositories: [...repo.repositories, 'other-local'] },
      { 'include-patterns': ['**'] },
      { 'exclude-patterns': [] },
    ]) {
      const answer = await app.send('PUT', `${v2}/team`, { ...grants, repo: { ...repo, ...change } }, manager)
      expect(answer.status).toBe(403)
    }
    expect((await app.send('GET', `${v2}/team`)).json).toEqual(grants)
    for (const path of [v1, v2, access]) {
      expect(await status(app.send('DELETE', `${path}/team`, undefined, manager))).toBe(403)
    }
    expect(await status(app.send('DELETE', `${access}/team/artifact`, undefined, manager))).toBe(403)
  })

  it('makes none, and changes no other, in the same words', async () => {
    const answers = [
      await app.send('PUT', `${v2}/other`, { repo: {} }, manager),
      await app.send('PUT', `${v2}/none`, { repo: {} }, manager),
      await app.send('PUT', `${v1}/other`, {}, stranger),
      await app.send('PUT', `${access}/team/artifact`, {}, stranger),
      await app.send('PUT', `${access}/none/artifact`, {}, stranger),
    ]
    expect(answers.map((answer) => answer.status)).toEqual([403, 403, 403, 403, 403])
    expect(new Set(answers.map((answer) => answer.text)).size).toBe(1)
    expect(app.audited.at(-1)).toMatchObject({ action: 'access', outcome: 'refused', actor: 'stranger' })
  })

  it('needs more than a token that is good for some content', async () => {
    const pull = { type: 'repository', name: 'docker-local/app', actions: ['pull'] }
    const authorization = await app.bearer('manager', pull)
    expect(await status(app.send('PUT', `${v2}/team`, managed, { authorization }))).toBe(403)
    const { secret } = await app.ports.accessTokens.create(
      { subject: 'manager', scope: 'artifact:docker-local:r,m' },
      await app.principal('manager'),
    )
    const limited = { authorization: `Bearer ${secret}` }
    expect(await status(app.send('PUT', `${v2}/team`, managed, limited))).toBe(403)
  })
})

describe('what is deleted', () => {
  it('leaves the permission targets, so that its namesake inherits nothing', async () => {
    await app.addUser('leaver')
    await app.addGroup('leavers')
    await app.put('leaving', { rclass: 'local', packageType: 'docker' })
    const body = targetV2({ leaver: ['read'], user: ['read'] }, { leavers: ['read'] })
    await app.send('PUT', `${v2}/team`, {
      ...body,
      repo: { ...body.repo, repositories: ['leaving', 'docker-local'] },
    })
    const from = app.audited.length
    await app.send('DELETE', '/access/api/v2/users/leaver')
    await app.send('DELETE', '/artifactory/api/security/groups/leavers')
    await app.send('DELETE', '/artifactory/api/repositories/leaving')
    expect(app.ports.permissions.targets.find('team')?.target).toMatchObject({
      users: { user: ['read'] },
      groups: {},
      repositories: ['docker-local'],
    })
    expect(app.audited.slice(from).map(({ action }) => action)).toEqual([
      'user.delete',
      'permission.update',
      'group.delete',
      'permission.update',
      'repository.delete',
      'permission.update',
    ])
  })
})

describe('the audit trail of permission targets', () => {
  it('has each change with what was before and after', async () => {
    const from = app.audited.length
    await app.send('PUT', `${v1}/team`, { principals: { users: { user: ['r'] } } })
    await app.send('PUT', `${v2}/team`, { repo: { actions: { users: { user: ['write'] } } } })
    await app.send('DELETE', `${access}/team`)
    const withUser = (...words: readonly string[]) => ({ repo: { actions: { users: { user: words } } } })
    expect(app.audited.slice(from)).toMatchObject([
      { action: 'permission.create', after: withUser('read'), subject: { kind: 'permission', name: 'team' } },
      { action: 'permission.update', before: withUser('read'), after: withUser('write') },
      { action: 'permission.delete', before: withUser('write') },
    ])
  })
})
