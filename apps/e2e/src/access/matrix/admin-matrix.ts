import { beforeAll, describe, expect, it } from 'vitest'
import type { Answer, Credentials } from '../../support/registry-client.js'
import { adminRows, adminStatus, existing, managed, type AdminCaller, type AdminRow } from './admin-rows.js'
import { keys } from './grants.js'
import { adminRouteNames, requireRowForEach } from './server-routes.js'
import { admin, type World } from './world.js'

const everything = ['read', 'deploy', 'overwrite', 'delete', 'manage', 'annotate'] as const

interface Guise extends AdminCaller {
  readonly title: string
  /** The header that is shown. */
  readonly show: (world: World) => Promise<string | undefined>
}

const basicOf = ({ user, password }: Credentials) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
const administration = 'registry:admin:*'
const pull = `repository:${keys.local}/admin/app:pull`
const elsewhere = `artifact:${keys.local}/elsewhere/**:*`

const nobody = { level: 'none', reads: false, manages: false } as const
const administrator = { level: 'administrator', reads: true, manages: true } as const

function guises(people: ReadonlyMap<string, Credentials>): readonly Guise[] {
  const person = (name: string): Credentials => {
    const credentials = people.get(name)
    if (credentials === undefined) throw new Error(`nobody called ${name} was made`)
    return credentials
  }
  const password = (name: string) => () => Promise.resolve(basicOf(person(name)))
  const token = (name: string) => () => Promise.resolve(`Bearer ${person(name).password}`)
  const registryToken = (name: string, scope: string) => (world: World) =>
    world.visitor(person(name)).bearer(scope)
  return [
    { title: 'nobody', ...nobody, show: () => Promise.resolve(undefined) },
    ...['stranger', ...everything.map((action) => `only-${action}`), 'member', 'keeper'].map(
      (name): Guise => ({
        title: name,
        level: 'user',
        reads: name === 'only-read',
        manages: ['only-manage', 'member', 'keeper'].includes(name),
        show: password(name),
      }),
    ),
    { title: 'keeper, with Bearer', level: 'user', reads: false, manages: true, show: token('keeper') },
    // What docker gets to pull with is good for that only.
    {
      title: "a registry's token of a user",
      level: 'limited',
      reads: false,
      manages: false,
      show: registryToken('only-read', `${administration} ${pull}`),
    },
    {
      title: 'a token for something else of a user',
      level: 'limited',
      // Something in the repository may be read with it, as far as its patterns show it.
      reads: true,
      manages: false,
      show: token('only-read limited'),
    },
    {
      title: 'a token for something else of who manages',
      level: 'limited',
      reads: false,
      manages: false,
      show: token('only-manage limited'),
    },
    { title: 'an administrator', ...administrator, show: password('admin') },
    { title: "an administrator's token", ...administrator, show: token('admin token') },
    {
      title: "a registry's token of an administrator, to administer",
      ...administrator,
      show: registryToken('admin', administration),
    },
    {
      title: "a registry's token of an administrator, to pull",
      level: 'limited',
      reads: false,
      manages: false,
      show: registryToken('admin', pull),
    },
    {
      title: 'a token for something else of an administrator',
      level: 'limited',
      reads: true,
      manages: false,
      show: token('admin limited'),
    },
    {
      title: "a registry's token, to administer, got with a token for something else",
      level: 'limited',
      reads: false,
      manages: false,
      show: registryToken('admin limited', administration),
    },
  ]
}

/** Who may call which route of the admin API, and what they see there. */
export function registerAdminMatrix(started: () => World): void {
  it('has rows for every route', () => {
    requireRowForEach(
      adminRouteNames(),
      adminRows.map(({ route }) => route),
    )
  })

  const people = new Map<string, Credentials>()
  let world: World
  let adminTokenId: string
  let tried = 0

  beforeAll(async () => {
    world = started()
    people.set('admin', admin)
    await world.arrange('POST', '/access/api/v2/groups', { name: 'keepers' })
    for (const action of everything) {
      people.set(`only-${action}`, await world.createUser(`only-${action}`))
      if (action === 'manage') continue
      const users = { [`only-${action}`]: [action] }
      await world.putPermission(`admin-${action}`, {
        repositories: [keys.local],
        includes: ['admin/**'],
        users,
      })
    }
    people.set('stranger', await world.createUser('outsider'))
    people.set('member', await world.createUser('keeping-member', { groups: ['keepers'] }))
    await world.createRobot('keeper')
    people.set('keeper', await world.createToken('keeper', 'applied-permissions/user'))
    await world.putPermission(existing.permission, managed)
    // Switched off: nobody's login is asked of it.
    await world.arrange('POST', '/access/api/v1/ldap/settings', {
      key: existing.directory,
      enabled: false,
      ldap_url: 'ldap://127.0.0.1:1/dc=example',
      user_dn_pattern: 'uid={0},ou=people',
    })
    await world.arrange('POST', '/access/api/v1/ldap/groups', {
      name: existing.group,
      enabled_ldap: existing.directory,
      group_base_dn: 'ou=groups',
      group_name_attribute: 'cn',
      group_member_attribute: 'member',
      filter: '(objectClass=groupOfNames)',
      strategy: 'STATIC',
    })
    await world.arrange('POST', '/access/api/v1/oidc', {
      name: existing.provider,
      issuer_url: 'https://127.0.0.1:1/',
      audience: 'registry',
    })
    await world.arrange('POST', `/access/api/v1/oidc/${existing.provider}/identity_mappings`, {
      name: 'main',
      claims: { sub: 'job' },
      token_spec: { username: 'keeper', scope: 'applied-permissions/user', expires_in: 60 },
    })
    for (const name of ['only-read', 'only-manage', 'admin'])
      people.set(`${name} limited`, await world.createToken(name, elsewhere))
    people.set('admin token', await world.createToken('admin', 'applied-permissions/user'))
    const listed = await world.arrange('GET', '/access/api/v1/tokens')
    const { tokens } = JSON.parse(listed.body.toString('utf8')) as {
      tokens: { token_id: string; subject: string }[]
    }
    adminTokenId = tokens.find(({ subject }) => subject.endsWith('admin'))?.token_id ?? ''
  })

  const send = (row: AdminRow, name: string, authorization: string | undefined): Promise<Answer> => {
    const [method = '', pattern = ''] = row.route.split(' ')
    const path = pattern
      .replace(':type', 'artifact')
      .replace(':mode', 'IMPORT')
      .replace(':mapping', 'main')
      .replace('*path', 'api/nowhere')
      .replace(/:\w+/, name)
    const actual = method === 'ALL' ? 'PATCH' : method
    const body = typeof row.body === 'function' ? row.body(name) : (row.body ?? {})
    const isBare = actual === 'GET' || (actual === 'DELETE' && row.body === undefined)
    const ask = isBare
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(body)) }
    return world.wire.sendWith(authorization, actual, path, ask)
  }
  const nameOf = (row: AdminRow, isThere: boolean) => {
    if (row.thing === undefined || !isThere) return world.unique('absent')
    return row.thing === 'token' ? adminTokenId : existing[row.thing]
  }

  describe.each(adminRows)('$route', (row) => {
    it('is open to whom it is for, and tells nobody else what is there', async () => {
      const wrong: string[] = []
      for (const guise of guises(people)) {
        const authorization = await guise.show(world)
        if (authorization === undefined && guise.level !== 'none')
          throw new Error(`no token for ${guise.title}`)
        const variants = row.thing === undefined ? [false] : [true, false]
        const appearances: string[] = []
        for (const isThere of variants) {
          // An administrator would delete it, or change it.
          if (isThere && guise.level === 'administrator' && !row.route.startsWith('GET')) continue
          const name = nameOf(row, isThere)
          const answer = await send(row, name, authorization)
          tried += 1
          const found = isThere && guise.level === 'administrator'
          const status = found ? 200 : adminStatus(row, guise, isThere)
          const what = `${guise.title}, ${isThere ? 'there' : 'not there'}`
          const shown = answer.body.toString('utf8')
          if (answer.status !== status)
            wrong.push(`${what}: ${answer.status} ${shown.slice(0, 200)}, not ${status}`)
          else if (status === 200) wrong.push(...failures(what, () => row.check?.(answer, guise)))
          const challenge = answer.headers.get('www-authenticate')
          if ((status === 401) !== (challenge !== null)) wrong.push(`${what}: the challenge is ${challenge}`)
          if (status >= 400) appearances.push(`${answer.status} ${shown.replaceAll(name, '<name>')}`)
        }
        if (new Set(appearances).size > 1) wrong.push(`${guise.title} can tell: ${appearances.join(' and ')}`)
      }
      expect(wrong).toEqual([])
    })
  })

  it('has tried every route of the admin API', () => {
    expect(tried).toBeGreaterThan(adminRows.length * 15)
    process.stdout.write(`the rights matrix sent ${tried} rows to the admin API\n`)
  })
}

function failures(what: string, check: () => void): readonly string[] {
  try {
    check()
    return []
  } catch (error) {
    return [`${what}: ${error instanceof Error ? error.message : String(error)}`]
  }
}
