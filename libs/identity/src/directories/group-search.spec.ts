import { systemClock } from '@entrepot/kernel'
import {
  companyDirectory,
  companyGroups,
  FakeLdapServer,
  type FakeRequest,
  groupDn,
  requireSlapd,
  Slapd,
  suffix,
  userDn,
} from '@entrepot/identity/testing'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { RecordingDirectoryObserver } from '../testing/recording-directory-observer.js'
import { RecordingLogger } from '../testing/recording-logger.js'
import type { DirectoryGroupSettings } from './directory-settings.js'
import { LdapDirectory } from './ldap-directory.js'

const logger = new RecordingLogger()

async function groupsOf(
  url: string,
  username: string,
  ...settings: readonly Partial<DirectoryGroupSettings>[]
): Promise<readonly string[] | undefined> {
  const groups = settings.map((fields) => companyGroups(fields))
  const directory = new LdapDirectory(
    companyDirectory([url], { search: { searchBase: '' } }),
    groups,
    systemClock,
    logger,
    new RecordingDirectoryObserver(),
  )
  return (await directory.lookUp(username))?.groups.map(({ name }) => name)
}

describe.skipIf(!requireSlapd())('the groups of somebody in a real slapd', () => {
  let slapd: Slapd
  beforeAll(async () => {
    slapd = await Slapd.start({ tls: false })
  })
  afterAll(() => slapd?.dispose())

  it.each<[string, string, Partial<DirectoryGroupSettings>, readonly string[]]>([
    ['list their members by member', 'alice', {}, ['devs', 'admins']],
    [
      'list their members by uniqueMember',
      'alice',
      { groupMemberAttribute: 'uniqueMember', filter: '(objectClass=groupOfUniqueNames)' },
      ['unique'],
    ],
    [
      'list their members by memberUid',
      'alice',
      { groupMemberAttribute: 'memberUid', filter: '(objectClass=posixGroup)' },
      ['posix'],
    ],
    [
      'list names with a meaning in filters by memberUid',
      'john(1)*',
      { groupMemberAttribute: 'memberUid', filter: '(objectClass=posixGroup)' },
      ['posix'],
    ],
    ['list a DN with a meaning in filters', 'john(1)*', {}, ['devs']],
    ['have names beyond ASCII', 'jürgen', {}, ['devs', 'Größe']],
    [
      'are listed by memberOf',
      'alice',
      { strategy: 'DYNAMIC', groupMemberAttribute: 'memberOf' },
      ['devs', 'admins'],
    ],
    [
      'are listed by memberOf and read one by one, as the filter says',
      'alice',
      { strategy: 'DYNAMIC', groupMemberAttribute: 'memberOf', forceAttributeSearch: true },
      ['devs', 'admins'],
    ],
    [
      'are listed by memberOf with names beyond ASCII',
      'jürgen',
      { strategy: 'DYNAMIC', groupMemberAttribute: 'memberOf' },
      ['devs', 'Größe'],
    ],
    [
      'are read for another attribute as their name',
      'bob',
      { strategy: 'DYNAMIC', groupMemberAttribute: 'memberOf', groupNameAttribute: 'description' },
      ['the loop-a'],
    ],
    ['lie above the entry', 'hans', { strategy: 'HIERARCHICAL', groupNameAttribute: 'ou' }, ['dev', 'staff']],
    [
      'contain each other, which is not followed unless asked for',
      'alice',
      { nestedDepth: 0 },
      ['devs', 'admins'],
    ],
    ['contain each other, for one level', 'alice', { nestedDepth: 1 }, ['devs', 'admins', 'engineering']],
    [
      'contain each other, to the end',
      'alice',
      { nestedDepth: 10 },
      ['devs', 'admins', 'engineering', 'staff'],
    ],
    ['contain each other in a ring', 'bob', { nestedDepth: 10 }, ['loop-a', 'loop-b']],
    [
      'contain each other, by memberOf',
      'alice',
      { strategy: 'DYNAMIC', groupMemberAttribute: 'memberOf', forceAttributeSearch: true, nestedDepth: 10 },
      ['devs', 'admins', 'engineering', 'staff'],
    ],
    [
      'contain each other in a ring, by memberOf',
      'bob',
      { strategy: 'DYNAMIC', groupMemberAttribute: 'memberOf', nestedDepth: 10 },
      ['loop-a', 'loop-b'],
    ],
    ['lie elsewhere', 'alice', { groupBaseDn: 'ou=staff' }, []],
    [
      'lie elsewhere, by memberOf',
      'alice',
      { strategy: 'DYNAMIC', groupMemberAttribute: 'memberOf', groupBaseDn: 'ou=staff' },
      [],
    ],
    ['lie deeper than is looked', 'alice', { groupBaseDn: '', subTree: false }, []],
    ['are not of the class that is wanted', 'alice', { filter: '(objectClass=group)' }, []],
  ])('%s (%s)', async (_what, username, fields, names) => {
    expect((await groupsOf(slapd.url, username, fields))?.toSorted()).toEqual(names.toSorted())
  })

  it('add up over several group settings, each group once', async () => {
    const unique = {
      name: 'unique',
      groupMemberAttribute: 'uniqueMember',
      filter: '(objectClass=groupOfUniqueNames)',
    }
    expect(await groupsOf(slapd.url, 'alice', {}, unique, { name: 'again' })).toEqual([
      'devs',
      'admins',
      'unique',
    ])
  })

  it('are never "none" when they can not be read', async () => {
    await expect(groupsOf(slapd.url, 'alice', { groupBaseDn: 'ou=nowhere' })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    })
    expect(logger.lines.at(-1)).toMatchObject({ step: 'groups' })
  })

  it('are gone at the next look after somebody was taken out', async () => {
    const change = (how: string) =>
      `dn: ${groupDn('staff')}\nchangetype: modify\n${how}: member\nmember: ${userDn('hans')}\n`
    expect(await groupsOf(slapd.url, 'hans', {})).toEqual(['staff'])
    await slapd.change(change('delete'))
    expect(await groupsOf(slapd.url, 'hans', {})).toEqual([])
    await slapd.change(change('add'))
  })
})

describe('the id of somebody in an Active Directory', () => {
  it.each([
    ['objectGUID', '33221100554477668899aabbccddeeff', '00112233-4455-6677-8899-aabbccddeeff'],
    ['objectGUID', '41424344454647484950515253545556', '44434241-4645-4847-4950-515253545556'],
    ['objectguid', '41424344454647484950515253545556', '44434241-4645-4847-4950-515253545556'],
    ['objectGUID', 'efbbbf4445464748495051525354ff56', '44bfbbef-4645-4847-4950-51525354ff56'],
    ['objectGUID', 'efbbbf44454647484950515253545556', '44bfbbef-4645-4847-4950-515253545556'],
  ])(
    'is %s %s, bytes that may or may not be a text, in the way it is written there',
    async (name, hex, id) => {
      const dn = `cn=Ann,ou=people,${suffix}`
      const attributes = { uid: ['ann'], [name]: [Buffer.from(hex, 'hex')] }
      const server = await FakeLdapServer.start((request) =>
        request.kind === 'search' ? { entries: [{ dn, attributes }] } : {},
      )
      try {
        const directory = new LdapDirectory(
          companyDirectory([`ldap://127.0.0.1:${server.port}/${suffix}`]),
          [],
          systemClock,
          logger,
          new RecordingDirectoryObserver(),
        )
        expect(await directory.lookUp('ann')).toMatchObject({ uniqueId: `objectguid:${id}` })
        const asked = server.requests.find(({ kind }) => kind === 'search')
        expect(asked).toMatchObject({
          attributes: expect.arrayContaining(['objectGUID', 'entryUUID']) as string[],
        })
      } finally {
        await server.stop()
      }
    },
  )
})

/** slapd has neither the matching rule nor the computed attribute: these are asked of a server that answers as AD does. */
describe('the groups of somebody in an Active Directory', () => {
  const user = `cn=Ann,ou=people,${suffix}`
  const group = (name: string) => ({ dn: groupDn(name), attributes: { cn: [name] } })
  let server: FakeLdapServer | undefined

  afterEach(() => server?.stop())

  const start = async (
    groups: (
      request: FakeRequest & { kind: 'search' },
    ) => readonly { dn: string; attributes: Record<string, string[]> }[],
  ) => {
    server = await FakeLdapServer.start((request) => {
      if (request.kind === 'bind') return {}
      if (request.filter === '(uid=ann)') return { entries: [{ dn: user, attributes: { uid: ['ann'] } }] }
      return { entries: groups(request) }
    })
    return [server, `ldap://127.0.0.1:${server.port}/${suffix}`] as const
  }

  it('are found by the rule that follows chains of groups, with the DN as its value', async () => {
    const [directory, url] = await start(() => [group('devs'), group('staff')])
    const fields = { groupMemberAttribute: 'member:1.2.840.113556.1.4.1941:', filter: '(objectClass=group)' }
    expect(await groupsOf(url, 'ann', fields)).toEqual(['devs', 'staff'])
    expect(directory.requests.at(-1)).toMatchObject({
      base: `ou=groups,${suffix}`,
      scope: 'sub',
      filter: `(&(objectclass=group)(|(member:1.2.840.113556.1.4.1941:=${user})))`,
    })
  })

  it('are read from msds-memberOfTransitive by a search for the entry itself, the only one that computes it', async () => {
    const [directory, url] = await start(({ base, scope, attributes }) =>
      base === user && scope === 'base' && attributes.includes('msds-memberOfTransitive')
        ? [{ dn: user, attributes: { 'msds-memberOfTransitive': [groupDn('devs'), groupDn('staff')] } }]
        : [],
    )
    const fields = { strategy: 'DYNAMIC', groupMemberAttribute: 'msds-memberOfTransitive' } as const
    expect(await groupsOf(url, 'ann', fields)).toEqual(['devs', 'staff'])
    expect(directory.requests.at(-1)).toMatchObject({ base: user, scope: 'base' })
  })

  it('are those that are there: one that is gone, or hidden from the manager, is none', async () => {
    server = await FakeLdapServer.start((request) => {
      if (request.kind === 'bind') return {}
      const memberOf = [groupDn('gone'), groupDn('devs'), `cn=foreign,dc=other,dc=com`]
      if (request.base === groupDn('gone')) return { code: 32 }
      if (request.base === groupDn('devs')) return { entries: [group('devs')] }
      return { entries: [{ dn: user, attributes: { uid: ['ann'], memberOf } }] }
    })
    const fields = {
      strategy: 'DYNAMIC',
      groupMemberAttribute: 'memberOf',
      forceAttributeSearch: true,
    } as const
    expect(await groupsOf(`ldap://127.0.0.1:${server.port}/${suffix}`, 'ann', fields)).toEqual(['devs'])
  })

  it('are read no further than a bound, however many levels and groups a directory makes up', async () => {
    let made = 0
    const [directory, url] = await start(() => Array.from({ length: 300 }, () => group(`g${(made += 1)}`)))
    expect((await groupsOf(url, 'ann', { nestedDepth: 10 }))?.length).toBe(2000)
    expect(directory.requests.length).toBeLessThan(40)
  })

  it.each(['525', '52e', '530', '531', '532', '533', '701', '773', '775'])(
    'do not matter when the bind is refused with sub-code %s',
    async (code) => {
      server = await FakeLdapServer.start((request) => {
        if (request.kind === 'search') return { entries: [{ dn: user, attributes: { uid: ['ann'] } }] }
        const message = `80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data ${code}, v4563`
        return request.dn === user ? { code: 49, message } : {}
      })
      const url = `ldap://127.0.0.1:${server.port}/${suffix}`
      const directory = new LdapDirectory(
        companyDirectory([url]),
        [],
        systemClock,
        logger,
        new RecordingDirectoryObserver(),
      )
      expect(await directory.verify({ username: 'ann', password: 'x' })).toEqual({ kind: 'wrong-password' })
    },
  )
})
