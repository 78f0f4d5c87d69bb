import { type AccessLimit, type Action, actions, anonymous, type Principal } from '@entrepot/kernel'
import { userPrincipal } from '@entrepot/kernel/testing'
import { describe, expect, it } from 'vitest'
import type { PermissionTarget } from './permission-target.js'
import { permissionTarget } from './testing/permission-target.js'
import { PolicyUnderTest } from './testing/policy-under-test.js'

const anna = userPrincipal('anna', { groups: ['developers', 'people'] })
const admin = userPrincipal('root', { admin: true })
const repositoryKey = 'docker-local'

/** Whole image, part of it, and its tag 1.0, in `docker-local`. */
function answers(test: PolicyUnderTest, principal: Principal, image = 'team-a/app', action: Action = 'read') {
  const target = { repositoryKey, image }
  return [
    test.policy.allows(principal, action, target),
    test.policy.allowsPartOf(principal, action, target),
    test.policy.allows(principal, action, { ...target, tag: '1.0' }),
  ]
}

const nothing = [false, false, false]
const everything = [true, true, true]

function forAnna(particulars: Partial<PermissionTarget> = {}, name = 'target'): PermissionTarget {
  return permissionTarget(name, { users: { anna: ['read'] }, ...particulars })
}

describe('the policy of permission targets', () => {
  it('lets an administrator do everything, in every repository, without any target', () => {
    const { policy } = new PolicyUnderTest()
    for (const action of actions) {
      for (const key of ['docker-local', 'docker', 'nowhere']) {
        expect(policy.allows(admin, action, { repositoryKey: key, image: 'a' })).toBe(true)
        expect(policy.allowsPartOf(admin, action, { repositoryKey: key, image: 'a' })).toBe(true)
        expect(policy.allowsSomewhere(admin, action, key)).toBe(true)
      }
    }
  })

  it('lets nobody else do anything without a target, whatever their names and groups say', () => {
    const test = new PolicyUnderTest()
    test.anonymousMayEnter = true
    for (const principal of [anonymous, anna, userPrincipal('admin', { groups: ['admin'] })]) {
      expect(answers(test, principal)).toEqual(nothing)
      expect(test.policy.allowsSomewhere(principal, 'read', repositoryKey)).toBe(false)
    }
  })

  it('names the targets that give a right to a tag, or to some tag at least', () => {
    const test = new PolicyUnderTest(
      forAnna({ excludes: ['*/app/secret'] }, 'own'),
      permissionTarget('group', { groups: { developers: ['read'] }, includes: ['team-a/app/secret'] }),
      permissionTarget('open', { users: { anonymous: ['read'] } }),
      forAnna({ repositories: ['elsewhere'] }, 'elsewhere'),
      permissionTarget('deploy', { users: { anna: ['deploy'] } }),
    )
    const image = { repositoryKey, image: 'team-a/app' }
    expect(test.policy.grantedBy(anna, 'read', image)).toEqual(['own', 'group'])
    expect(test.policy.grantedBy(anna, 'read', { ...image, tag: '1.0' })).toEqual(['own'])
    expect(test.policy.grantedBy(anna, 'read', { ...image, tag: 'secret' })).toEqual(['group'])
    expect(test.policy.grantedBy(anna, 'deploy', image)).toEqual(['deploy'])
    expect(test.policy.grantedBy(admin, 'read', image)).toEqual([])
    expect(test.policy.grantedBy(anna, 'read', { ...image, repositoryKey: 'nowhere' })).toEqual([])
    test.anonymousMayEnter = true
    expect(test.policy.grantedBy(anonymous, 'read', image)).toEqual(['open'])
    expect(test.policy.grantedBy(anna, 'delete', image)).toEqual([])
  })

  it('adds up what is given to a user and to their groups, and gives nothing to others', () => {
    const test = new PolicyUnderTest(
      forAnna(),
      permissionTarget('groups', { groups: { developers: ['deploy'], strangers: ['delete'] } }),
    )
    expect(answers(test, anna)).toEqual(everything)
    expect(answers(test, anna, 'team-a/app', 'deploy')).toEqual(everything)
    expect(answers(test, anna, 'team-a/app', 'delete')).toEqual(nothing)
    expect(answers(test, userPrincipal('bert'))).toEqual(nothing)
  })

  it('does not take a group for a user of its name, nor the other way round', () => {
    const test = new PolicyUnderTest(
      permissionTarget('one', { users: { developers: ['read'] }, groups: { anna: ['read'] } }),
    )
    expect(answers(test, anna)).toEqual(nothing)
    expect(answers(test, userPrincipal('other', { groups: ['anna'] }))).toEqual(everything)
  })

  it('compares the names of users without regard to case, those of groups with it', () => {
    const test = new PolicyUnderTest(
      forAnna({ users: { 'ANNA@Example.org': ['read'] }, groups: { Developers: ['deploy'] } }),
    )
    const principal = userPrincipal('anna@example.ORG', { groups: ['developers'] })
    expect(answers(test, principal)).toEqual(everything)
    expect(answers(test, principal, 'a', 'deploy')).toEqual(nothing)
  })

  it('is not confused by names that hold what might part them', () => {
    const test = new PolicyUnderTest(permissionTarget('one', { groups: { b: ['read'] } }))
    expect(answers(test, userPrincipal('a', { groups: ['b'] }))).toEqual(everything)
    for (const name of ['a","b', 'a b', 'a\0b', 'a",["b']) {
      expect(answers(test, userPrincipal(name))).toEqual(nothing)
      expect(answers(test, userPrincipal('a', { groups: [`x","${name}`] }))).toEqual(nothing)
    }
  })

  it('gives a token for groups what the groups have and nothing of its name', () => {
    const test = new PolicyUnderTest(
      forAnna(),
      permissionTarget('groups', { groups: { developers: ['deploy'] } }),
    )
    const token = { ...anna, groupsOnly: true }
    expect(answers(test, token)).toEqual(nothing)
    expect(answers(test, token, 'team-a/app', 'deploy')).toEqual(everything)
  })

  it('follows a change at once', () => {
    const test = new PolicyUnderTest(forAnna())
    expect(answers(test, anna)).toEqual(everything)
    test.change(forAnna({ includes: ['other/**'] }))
    expect(answers(test, anna)).toEqual(nothing)
    test.change()
    expect(test.policy.allowsSomewhere(anna, 'read', repositoryKey)).toBe(false)
  })

  it('gives everybody the same through its caches as at first', () => {
    const test = new PolicyUnderTest(
      permissionTarget('one', { includes: ['a/**'], users: { anna: ['read'], bert: ['deploy'] } }),
    )
    for (let round = 0; round < 3; round += 1) {
      expect(answers(test, anna, 'a/x')).toEqual(everything)
      expect(answers(test, anna, 'b/x')).toEqual(nothing)
      expect(answers(test, userPrincipal('bert'), 'a/x')).toEqual(nothing)
      expect(answers(test, userPrincipal('bert'), 'a/x', 'deploy')).toEqual(everything)
    }
  })
})

describe('the repositories of a target', () => {
  const somewhere = (test: PolicyUnderTest) =>
    [...test.kinds.keys(), 'nowhere'].filter((key) => {
      const isSomewhere = test.policy.allowsSomewhere(anna, 'read', key)
      expect(test.policy.allows(anna, 'read', { repositoryKey: key, image: 'a' })).toBe(isSomewhere)
      return isSomewhere
    })

  it.each([
    [['docker-local'], ['docker-local']],
    [['docker-hub', 'nowhere'], ['docker-hub']],
    [['ANY'], ['docker-local', 'other-local', 'docker-hub']],
    [['ANY LOCAL'], ['docker-local', 'other-local']],
    [['ANY REMOTE'], ['docker-hub']],
    [
      ['ANY REMOTE', 'other-local'],
      ['other-local', 'docker-hub'],
    ],
    [['docker'], []],
    [[], []],
  ])('%j are %j', (repositories, expected) => {
    expect(somewhere(new PolicyUnderTest(forAnna({ repositories })))).toEqual(expected)
  })

  it('are looked up at use: a repository made later, or of another kind, counts as what it is', () => {
    const test = new PolicyUnderTest(forAnna({ repositories: ['ANY LOCAL', 'late'] }))
    expect(somewhere(test)).toEqual(['docker-local', 'other-local'])
    test.kinds.set('late', 'remote').set('docker-local', 'remote').set('other-local', 'virtual')
    expect(somewhere(test)).toEqual(['late'])
    test.kinds.delete('late')
    expect(somewhere(test)).toEqual([])
  })
})

describe('the patterns of a target', () => {
  it.each([
    // includes, excludes, image, whole, part, tag 1.0, tag release-1
    [[], [], 'team-a/app', true, true, true, true],
    [['**'], [], 'team-a/app', true, true, true, true],
    [['**/*'], [], 'team-a/app', true, true, true, true],
    [['team-a/**'], [], 'team-a/app', true, true, true, true],
    [['team-a/**'], [], 'team-a', true, true, true, true],
    [['team-a/**'], [], 'team-ab/app', false, false, false, false],
    [['team-a/'], [], 'team-a/deep/app', true, true, true, true],
    [['/team-a/'], [], 'team-a/app', true, true, true, true],
    [['team-a/*'], [], 'team-a/app', true, true, true, true],
    [['team-a/*'], [], 'team-a', true, true, true, true],
    [['team-a/*'], [], 'team-a/deep/app', false, false, false, false],
    [['team-a/app'], [], 'team-a/app', true, true, true, true],
    [['team-a/app'], [], 'team-a/app/sub', false, false, false, false],
    [['team-a/app'], [], 'team-a', false, true, false, false],
    [['**/release-*'], [], 'team-a/app', false, true, false, true],
    [['**/release-*'], [], 'team-a/release-tools', true, true, true, true],
    [['*/app/1.?'], [], 'team-a/app', false, true, true, false],
    [['*/app/1.?'], [], 'team-a/other', false, false, false, false],
    [['*/app/1.?/**'], [], 'team-a/app', false, true, true, false],
    [['team-a/app/sub/**'], [], 'team-a', false, false, false, false],
    [['team-a/app/*/*'], [], 'team-a/app', false, false, false, false],
    [['team-a/app/?*'], [], 'team-a/app', true, true, true, true],
    [[], ['**/secret*'], 'team-a/secret-app', false, false, false, false],
    [[], ['**/secret*'], 'secret', false, false, false, false],
    [[], ['**/secret*'], 'secret/app', false, true, true, true],
    [[], ['**/secret*'], 'team-a/app', false, true, true, true],
    [['team-a/**'], ['team-a/app/'], 'team-a/app', false, false, false, false],
    [['team-a/**'], ['team-a/app/*'], 'team-a/app', false, false, false, false],
    [['team-a/**'], ['team-a/app/release-*'], 'team-a/app', false, true, true, false],
    [['team-a/**'], ['team-a/other/**', 'team-b/**'], 'team-a/app', true, true, true, true],
    [['team-a/**'], ['team-a/app/*/deep'], 'team-a/app', true, true, true, true],
    [['**/release-*'], ['team-a/**'], 'team-a/app', false, false, false, false],
    [['**/release-*'], ['**/release-2*'], 'team-a/app', false, true, false, true],
    [[], ['**'], 'team-a/app', false, false, false, false],
  ])('%j without %j: %s', (includes, excludes, image, whole, part, version, release) => {
    const { policy } = new PolicyUnderTest(forAnna({ includes, excludes }))
    const target = { repositoryKey, image }
    expect({
      whole: policy.allows(anna, 'read', target),
      part: policy.allowsPartOf(anna, 'read', target),
      version: policy.allows(anna, 'read', { ...target, tag: '1.0' }),
      release: policy.allows(anna, 'read', { ...target, tag: 'release-1' }),
    }).toEqual({ whole, part, version, release })
  })

  it('exclude from their own target only', () => {
    const test = new PolicyUnderTest(
      forAnna({ excludes: ['team-a/**'] }, 'one'),
      forAnna({ includes: ['team-a/app'] }, 'two'),
    )
    expect(answers(test, anna)).toEqual(everything)
    expect(answers(test, anna, 'team-a/other')).toEqual(nothing)
  })

  it('complete each other across targets where that is plain to see', () => {
    const test = new PolicyUnderTest(
      forAnna({ excludes: ['**/rc-*', '**/release-?'] }, 'all but'),
      forAnna({ includes: ['team-a/app/rc-*'] }, 'candidates'),
      permissionTarget('releases', { includes: ['*/app/release-*'], groups: { people: ['read'] } }),
    )
    expect(answers(test, anna)).toEqual(everything)
    expect(answers(test, anna, 'team-b/app')).toEqual([false, true, true])
    expect(answers(test, userPrincipal('anna'))).toEqual([false, true, true])
  })

  it('do not complete each other with what the other excludes as well', () => {
    const test = new PolicyUnderTest(
      forAnna({ excludes: ['**/rc-*'] }, 'one'),
      forAnna({ includes: ['**/rc-*'], excludes: ['**/rc-1'] }, 'two'),
    )
    expect(answers(test, anna)).toEqual([false, true, true])
    const target = { repositoryKey, image: 'team-a/app' }
    expect(test.policy.allows(anna, 'read', { ...target, tag: 'rc-1' })).toBe(false)
    expect(test.policy.allows(anna, 'read', { ...target, tag: 'rc-2' })).toBe(true)
  })
})

describe('anonymous', () => {
  const open = permissionTarget('open', { includes: ['public/**'], users: { Anonymous: ['read'] } })

  it('may nothing while anonymous access is off, whatever targets say', () => {
    const test = new PolicyUnderTest(open)
    expect(answers(test, anonymous, 'public/app')).toEqual(nothing)
    expect(answers(test, anna, 'public/app')).toEqual(nothing)
    expect(test.policy.allowsSomewhere(anonymous, 'read', repositoryKey)).toBe(false)
  })

  it('may what targets say while it is on, and so may whoever has logged in', () => {
    const test = new PolicyUnderTest(open)
    test.anonymousMayEnter = true
    for (const principal of [anonymous, anna, { ...anna, groupsOnly: true }]) {
      expect(answers(test, principal, 'public/app')).toEqual(everything)
      expect(answers(test, principal, 'private/app')).toEqual(nothing)
      expect(answers(test, principal, 'public/app', 'deploy')).toEqual(nothing)
    }
    test.anonymousMayEnter = false
    expect(answers(test, anonymous, 'public/app')).toEqual(nothing)
    expect(answers(test, anna, 'public/app')).toEqual(nothing)
  })

  it('is not opened by an account or a group of that name', () => {
    const test = new PolicyUnderTest(open)
    expect(answers(test, userPrincipal('anonymous'), 'public/app')).toEqual(nothing)
    expect(answers(test, userPrincipal('x', { groups: ['anonymous'] }), 'public/app')).toEqual(nothing)
  })
})

describe('the limits of credentials', () => {
  const limited = (principal: typeof anna, ...limits: AccessLimit[]) => ({ ...principal, limits })
  const toApp: AccessLimit = { repositoryKey, path: 'team-a/app', actions: ['read'] }

  it('narrow what an administrator may', () => {
    const test = new PolicyUnderTest()
    expect(answers(test, limited(admin, toApp))).toEqual(everything)
    expect(answers(test, limited(admin, toApp), 'team-a/other')).toEqual(nothing)
    expect(answers(test, limited(admin, toApp), 'team-a/app', 'delete')).toEqual(nothing)
    expect(test.policy.allowsSomewhere(limited(admin, toApp), 'read', 'other-local')).toBe(false)
    expect(test.policy.allowsSomewhere(limited(admin, toApp), 'deploy', repositoryKey)).toBe(false)
    expect(test.policy.allowsSomewhere(limited(admin, toApp), 'read', repositoryKey)).toBe(true)
  })

  it('give nobody a right', () => {
    const all: AccessLimit = { repositoryKey: '*', path: '**', actions }
    expect(answers(new PolicyUnderTest(), limited(anna, all))).toEqual(nothing)
    expect(answers(new PolicyUnderTest(forAnna()), limited(anna, all))).toEqual(everything)
  })

  it('add up', () => {
    const test = new PolicyUnderTest(forAnna())
    const releases: AccessLimit = { repositoryKey: '*', path: 'team-a/other/1.*', actions: ['read'] }
    const token = limited(anna, toApp, releases)
    expect(answers(test, token)).toEqual(everything)
    expect(answers(test, token, 'team-a/other')).toEqual([false, true, true])
    expect(answers(test, token, 'team-b/app')).toEqual(nothing)
  })

  it('allow nothing at all when there are none in the list', () => {
    expect(answers(new PolicyUnderTest(), limited(admin))).toEqual(nothing)
    expect(answers(new PolicyUnderTest(forAnna()), limited(anna))).toEqual(nothing)
  })
})

describe('managing a target', () => {
  const target = permissionTarget('one', {
    users: { Anna: ['manage'], bert: ['read', 'deploy'] },
    groups: { leads: ['manage'] },
  })
  const { policy } = new PolicyUnderTest(target)

  it('is for administrators and for whom it lets manage', () => {
    expect(policy.mayManage(admin, target)).toBe(true)
    expect(policy.mayManage(anna, target)).toBe(true)
    expect(policy.mayManage(userPrincipal('carl', { groups: ['leads'] }), target)).toBe(true)
  })

  it('is for nobody else, and a right in one target is none in another', () => {
    expect(policy.mayManage(userPrincipal('bert'), target)).toBe(false)
    expect(policy.mayManage(userPrincipal('leads'), target)).toBe(false)
    expect(policy.mayManage(anonymous, target)).toBe(false)
    expect(policy.mayManage(anna, permissionTarget('other', { users: { bert: ['manage'] } }))).toBe(false)
    expect(policy.mayManage({ ...anna, groupsOnly: true }, target)).toBe(false)
    const open = permissionTarget('open', { users: { anonymous: ['manage'] } })
    expect(policy.mayManage(anonymous, open)).toBe(false)
    expect(policy.mayManage(userPrincipal('anonymous'), open)).toBe(false)
  })

  it('takes unlimited credentials, or such as may manage everything', () => {
    const limit = { repositoryKey: '*', path: '**', actions: ['manage'] as const }
    for (const principal of [admin, anna]) {
      expect(policy.mayManage({ ...principal, limits: [limit] }, target)).toBe(true)
      for (const narrower of [{ repositoryKey }, { path: 'team-a/**' }, { actions: ['read'] as const }]) {
        expect(policy.mayManage({ ...principal, limits: [{ ...limit, ...narrower }] }, target)).toBe(false)
      }
    }
  })
})
