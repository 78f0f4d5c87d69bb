import type { Action } from '@entrepot/kernel'
import { describe, expect, it } from 'vitest'
import { checkPermissionTarget } from './check-permission-target.js'
import type { KeptSection, PermissionTarget } from './permission-target.js'
import { permissionTarget } from './testing/permission-target.js'

const patterns = (...excludes: string[]) => ({ includes: [], excludes })
const section = (particulars: Partial<KeptSection> = {}): KeptSection => ({
  users: { anna: ['read', 'scan'] },
  groups: {},
  targets: { 'artifactory-build-info': patterns('*-snapshot') },
  ...particulars,
})
const manyOf = <T>(count: number, make: () => T): [string, T][] =>
  Array.from({ length: count }, (_, number) => [`n${number}`, make()])

describe('the check of a permission target', () => {
  it.each<Partial<PermissionTarget>>([
    {},
    { name: 'Team A - lesen (alles)' },
    { name: 'ü'.repeat(255) },
    { repositories: [] },
    { repositories: ['ANY LOCAL', 'docker-local', 'Hub_2.x'] },
    { includes: ['**', 'team-a/', '/team-b/**', '*/app/1.?'], excludes: ['**/secret*'] },
    { includes: Array.from({ length: 200 }, () => 'a'.repeat(512)) },
    { users: { 'anna@example.org': ['manage'], anonymous: ['read', 'annotate'] } },
    { groups: { 'CN=Team A,OU=x': ['read', 'annotate', 'deploy', 'overwrite', 'delete', 'manage'] } },
    { users: { anna: [] } },
    { kept: { users: { anna: ['scan'] }, groups: {}, sections: { build: section() } } },
    {
      kept: {
        users: {},
        groups: {},
        sections: { build: section({ targets: { '*': patterns('my build/**') } }) },
      },
    },
  ])('lets %j be', (particulars) => {
    expect(() => checkPermissionTarget(permissionTarget('one', particulars))).not.toThrow()
  })

  const kept = (particulars: Partial<KeptSection>): Partial<PermissionTarget> => ({
    kept: { users: {}, groups: {}, sections: { build: section(particulars) } },
  })

  const many = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, number) => [`u${number}`, ['read' as const]]))

  it.each<[string, Partial<PermissionTarget>]>([
    ['empty', { name: '' }],
    ['20001 users and groups', kept({ users: many(20_001) })],
    ['5001 resources', kept({ targets: Object.fromEntries(manyOf(5001, () => patterns())) })],
    ['empty', kept({ targets: { '': patterns() } })],
    ['256 characters', kept({ groups: { ['x'.repeat(256)]: [] } })],
    ['at most 512', kept({ targets: { a: patterns('x'.repeat(513)) } })],
    ['control characters', kept({ targets: { a: patterns('a\u0000b') } })],
    ['space around', { name: ' one' }],
    ['256 characters', { name: 'x'.repeat(256) }],
    ['none of', { name: 'a/b' }],
    ['none of', { name: '..' }],
    ['control characters', { name: 'a\u0000b' }],
    ['control characters', { name: 'a\ud800' }],
    ['"ANY DISTRIBUTION"', { repositories: ['ANY DISTRIBUTION'] }],
    ['"-local"', { repositories: ['-local'] }],
    ['"a b"', { repositories: ['docker-local', 'a b'] }],
    ['5001 repositories', { repositories: Array.from({ length: 5001 }, (_, number) => `r${number}`) }],
    ['empty: leave it out', { includes: [''] }],
    ['empty: leave it out', { excludes: ['a', ' '] }],
    ['a,b', { includes: ['a,b'] }],
    ['a b', { excludes: ['a b'] }],
    ['a\\u0000', { excludes: ['a\u0000'] }],
    ['513 characters', { includes: ['a'.repeat(513)] }],
    ['more than 32 segments', { excludes: ['**/a/'.repeat(20)] }],
    ['201', { excludes: Array.from({ length: 201 }, () => 'a') }],
    ['"write" to "anna"', { users: { anna: ['write' as Action] } }],
    ['"constructor" to "people"', { groups: { people: ['read', 'constructor' as Action] } }],
    ['empty', { users: { '': ['read'] } }],
    ['space around', { groups: { ' people': ['read'] } }],
    ['20001 users and groups', { users: many(20_000), groups: { people: ['read'] } }],
    ['lets anonymous manage', { users: { Anonymous: ['read', 'manage'] } }],
  ])('refuses, saying %s, what can not be: %#', (message, particulars) => {
    const check = () => checkPermissionTarget(permissionTarget('one', particulars))
    expect(check).toThrow(message)
    expect(check).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }) as Error)
  })
})
