import { TestDatabase } from '@entrepot/database/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AdminClient, type AdminAnswer, type Json } from '../support/admin-client.js'
import { adminPassword, Entrepot } from '../support/entrepot.js'
import { eventually } from '../support/workplace.js'

const repositories = '/artifactory/api/repositories'
const permissions = '/artifactory/api/v2/security/permissions'
const docker = { packageType: 'docker' }

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => at)
const statusesOf = (answers: readonly AdminAnswer[]): readonly number[] =>
  answers.map(({ status }) => status).toSorted((left, right) => left - right)
const repeated = (status: number, count: number): readonly number[] => numbers(count).map(() => status)

/** Fields of a remote repository that have nothing to do with each other. */
const changes: readonly Json[] = [
  { description: 'of the team' },
  { notes: 'kept' },
  { includesPattern: 'team/**' },
  { excludesPattern: '**/dev-*' },
  { projectKey: 'team' },
  { environments: ['DEV'] },
  { xrayIndex: true },
  { priorityResolution: true },
  { blackedOut: true },
  { username: 'robot' },
  { hardFail: true },
  { offline: true },
  { socketTimeoutMillis: 20_000 },
  { retrievalCachePeriodSecs: 60 },
  { missedRetrievalCachePeriodSecs: 61 },
  { metadataRetrievalTimeoutSecs: 62 },
  { assumedOfflinePeriodSecs: 63 },
  { queryParams: 'mirror=1' },
  { bypassHeadRequests: true },
  { allowAnyHostAuth: true },
]

/** Twenty clients that write at once, to two servers on one database in turn. */
describe('clients that write at once', () => {
  let db: TestDatabase
  const replicas: Entrepot[] = []
  const clients: AdminClient[] = []

  beforeAll(async () => {
    db = await TestDatabase.create()
    for (let count = 0; count < 2; count += 1) {
      const replica = await Entrepot.start({ env: { ENTREPOT_DATABASE_URL: db.url } })
      replicas.push(replica)
      clients.push(AdminClient.basic(replica.url, 'admin', adminPassword))
    }
  })
  afterAll(async () => {
    await Promise.allSettled(replicas.map((replica) => replica.dispose()))
    await db?.close()
  })

  const client = (at: number): AdminClient => {
    const chosen = clients[at % clients.length]
    if (chosen === undefined) throw new Error('there is no server')
    return chosen
  }
  const first = () => client(0)
  /** Every server shows it in the end: what one has written the others learn of within a second. */
  const shownEverywhere = async (path: string, check: (shown: Json) => void) => {
    for (const by of clients) {
      await eventually(`${path} is as it was written`, async () => {
        check(await by.json(path))
        return true
      })
    }
  }
  const create = (key: string, fields: object) =>
    first().make({
      method: 'PUT',
      path: `${repositories}/${key}`,
      body: { ...docker, ...fields },
      done: [200],
    })
  const atOnce = (count: number, send: (at: number, by: AdminClient) => Promise<AdminAnswer>) =>
    Promise.all(numbers(count).map((at) => send(at, client(at))))

  it('lose no field of a repository', async () => {
    await create('merged', { rclass: 'remote', url: 'http://127.0.0.1:1' })
    const answers = await atOnce(changes.length, (at, by) =>
      by.send('POST', `${repositories}/merged`, changes[at]),
    )
    expect(statusesOf(answers)).toEqual(repeated(200, changes.length))
    const all = Object.assign({}, ...changes) as Json
    await shownEverywhere(`${repositories}/merged`, (shown) => expect(shown).toMatchObject(all))
  })

  it('create a repository once: the others are told that the key is taken', async () => {
    const answers = await atOnce(20, (at, by) =>
      by.send('PUT', `${repositories}/wanted`, { ...docker, rclass: 'local', description: `by ${at}` }),
    )
    expect(statusesOf(answers)).toEqual([200, ...repeated(409, 19)])
    const winner = answers.findIndex(({ status }) => status === 200)
    const description = `by ${winner}`
    await shownEverywhere(`${repositories}/wanted`, (shown) => expect(shown).toMatchObject({ description }))
  })

  it.each([1, 2, 3, 4, 5])('never leave a virtual with a member that is gone (%i)', async (round) => {
    const [member, virtual] = [`member-${round}`, `virtual-${round}`]
    await create(member, { rclass: 'local' })
    await create(virtual, { rclass: 'virtual', repositories: ['docker-local'] })
    const [added, deleted] = await Promise.all([
      client(round).send('POST', `${repositories}/${virtual}`, { repositories: ['docker-local', member] }),
      client(round + 1).send('DELETE', `${repositories}/${member}`),
    ])
    const { repositories: members } = await client(round).json(`${repositories}/${virtual}`)
    const isThere = (await client(round + 1).send('GET', `${repositories}/${member}`)).status === 200
    if (added.status === 200) {
      expect([deleted.status, isThere, members]).toEqual([409, true, ['docker-local', member]])
    } else {
      expect([added.status, deleted.status, isThere, members]).toEqual([400, 200, false, ['docker-local']])
    }
  })

  it('replace a permission target whole, one after the other', async () => {
    const sectionBy = (at: number) => ({
      repositories: ['docker-local'],
      'include-patterns': [`by-${at}/**`],
      'exclude-patterns': [`not-${at}/**`],
      actions: { users: { anonymous: at % 2 === 0 ? ['read'] : ['read', 'annotate'] }, groups: {} },
    })
    const put = (at: number, by: AdminClient) =>
      by.send('PUT', `${permissions}/replaced`, { name: 'replaced', repo: sectionBy(at) })
    expect((await put(0, first())).status).toBe(200)
    expect(statusesOf(await atOnce(20, put))).toEqual(repeated(200, 20))
    const all = numbers(20).map(sectionBy)
    await shownEverywhere(`${permissions}/replaced`, ({ repo }) => expect(all).toContainEqual(repo))
  })

  it('change sections of a permission without losing those of others', async () => {
    const at = '/access/api/v2/permissions/sections'
    const everything = { include_patterns: ['**'], exclude_patterns: [] }
    const section = (key: string) => ({
      actions: { users: { anonymous: ['READ'] }, groups: {} },
      targets: { [key]: everything },
    })
    await first().make({
      method: 'POST',
      path: '/access/api/v2/permissions',
      body: { name: 'sections', resources: { artifact: section('docker-local') } },
      done: [201],
    })
    const types = ['artifact', 'build', 'release_bundle', 'destination', 'pipeline_source']
    const keyOf = (type: string) => (type === 'artifact' ? 'docker-hub' : type)
    const answers = await atOnce(20, (number, by) => {
      const type = types[number % types.length] ?? ''
      return by.send('PUT', `${at}/${type}`, section(keyOf(type)))
    })
    expect(statusesOf(answers)).toEqual(repeated(200, 20))
    const resources = Object.fromEntries(types.map((type) => [type, section(keyOf(type))]))
    await shownEverywhere(at, (shown) => expect(shown).toEqual({ name: 'sections', resources }))
  })

  it('make and change members without losing one', async () => {
    const people = numbers(20).map((at) => `member-${at}`)
    const created = await atOnce(20, (at, by) =>
      by.send('POST', '/access/api/v2/users', {
        username: people[at],
        email: `${people[at]}@example.org`,
        password: 'Quay 7 lantern',
      }),
    )
    expect(statusesOf(created)).toEqual(repeated(201, 20))
    await first().make({ method: 'POST', path: '/access/api/v2/groups', body: { name: 'crew' }, done: [201] })
    const added = await atOnce(20, (at, by) =>
      by.send('PATCH', '/access/api/v2/groups/crew/members', { add: [people[at]], remove: [] }),
    )
    expect(statusesOf(added)).toEqual(repeated(200, 20))
    expect(await first().json('/access/api/v2/groups/crew')).toMatchObject({ members: people.toSorted() })
    // One half leaves by the group, the other by the user.
    const left = await atOnce(20, (at, by) =>
      at % 4 < 2
        ? by.send('PATCH', '/access/api/v2/groups/crew/members', { add: [], remove: [people[at]] })
        : by.send('PATCH', `/access/api/v2/users/${people[at]}/groups`, { add: [], remove: ['crew'] }),
    )
    expect(statusesOf(left)).toEqual(repeated(200, 20))
    expect(await first().json('/access/api/v2/groups/crew')).toMatchObject({ members: [] })
  })

  it('put a user into groups without losing one, and change the rest of the account besides', async () => {
    const groups = numbers(17).map((at) => `team-${at}`)
    for (const name of groups) {
      await first().make({ method: 'POST', path: '/access/api/v2/groups', body: { name }, done: [201] })
    }
    const account = { username: 'joiner', email: 'joiner@example.org', password: 'Quay 7 lantern' }
    await first().make({ method: 'POST', path: '/access/api/v2/users', body: account, done: [201] })
    const rest: readonly Json[] = [
      { email: 'other@example.org' },
      { profile_updatable: false },
      { disable_ui_access: true },
    ]
    const answers = await atOnce(20, (at, by) =>
      at < groups.length
        ? by.send('PATCH', '/access/api/v2/users/joiner/groups', { add: [groups[at]], remove: [] })
        : by.send('PATCH', '/access/api/v2/users/joiner', rest[at - groups.length]),
    )
    expect(statusesOf(answers)).toEqual(repeated(200, 20))
    const shown = await first().json('/access/api/v2/users/joiner')
    expect(shown).toMatchObject({ ...(Object.assign({}, ...rest) as Json), groups: groups.toSorted() })
  })

  it('create a user, a group and a permission target once each', async () => {
    const attempts = [
      ['/access/api/v2/users', { username: 'only', email: 'o@example.org', password: 'Quay 7 lantern' }],
      ['/access/api/v2/groups', { name: 'only' }],
      ['/access/api/v2/permissions', { name: 'only', resources: {} }],
    ] as const
    for (const [path, body] of attempts) {
      const answers = await atOnce(20, (_at, by) => by.send('POST', path, body))
      expect([path, statusesOf(answers)]).toEqual([path, [201, ...repeated(409, 19)]])
    }
  })

  it('lose no field of an LDAP setting', async () => {
    const settings = '/access/api/v1/ldap/settings'
    const body = {
      key: 'shared',
      enabled: false,
      ldap_url: 'ldap://d.example/dc=x',
      user_dn_pattern: 'uid={0}',
    }
    await first().make({ method: 'POST', path: settings, body, done: [201] })
    const fields: readonly Json[] = [
      { email_attribute: 'rfc822Mailbox' },
      { auto_create_user: false },
      { ldap_poisoning_protection: false },
      { allow_user_to_access_profile: true },
      { paging_support_enabled: false },
      { page_size: 50 },
      { referrals: 'ignore' },
      { connect_timeout_milliseconds: 1234 },
      { read_timeout_milliseconds: 2345 },
      { user_dn_pattern: 'cn={0}' },
    ]
    const answers = await atOnce(fields.length, (at, by) => by.send('PUT', `${settings}/shared`, fields[at]))
    expect(statusesOf(answers)).toEqual(repeated(200, fields.length))
    const all = Object.assign({}, ...fields) as Json
    await shownEverywhere(`${settings}/shared`, (shown) => expect(shown).toMatchObject(all))
  })
})
