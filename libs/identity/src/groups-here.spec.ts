import { describe, expect, it } from 'vitest'
import { groupsHereOf } from './groups-here.js'

const admins = { name: 'Admins', realm: 'ldap', externalId: 'cn=admins,ou=groups,dc=corp' }
const plain = { name: 'readers', realm: 'ldap', externalId: undefined }
const own = { name: 'ops', realm: 'internal', externalId: undefined }
const here = [admins, plain, own]

describe('the groups here of a directory user', () => {
  it('are those with the name or the DN of one of the directory, in any case', () => {
    const groups = [
      { name: 'admins', dn: 'CN=Admins, OU=Groups, DC=corp' },
      { name: 'Readers', dn: undefined },
    ]
    expect(groupsHereOf({ groups }, here)).toEqual(['Admins', 'readers'])
  })

  it('are none that live here', () => {
    expect(groupsHereOf({ groups: [{ name: 'ops', dn: undefined }] }, here)).toEqual([])
  })

  it.each([
    ['in another place of the directory', 'cn=admins,ou=team-x,ou=groups,dc=corp'],
    ['in another directory', 'cn=admins,ou=groups,dc=partner'],
    ['without a DN', undefined],
  ])('are none that has a DN, for a group that only has its name, %s', (_where, dn) => {
    expect(groupsHereOf({ groups: [{ name: 'admins', dn }] }, here)).toEqual([])
  })
})
