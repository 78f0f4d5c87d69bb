import { describe, expect, it } from 'vitest'
import { groupScopeText, parseAccessTokenScope } from './access-token-scope.js'

const everything = ['read', 'annotate', 'deploy', 'overwrite', 'delete', 'manage']

describe('the scope of an access token', () => {
  it('is all that its user may, or an administrator, without limits', () => {
    for (const rights of ['user', 'admin'] as const) {
      expect(parseAccessTokenScope(`applied-permissions/${rights}`)).toEqual({
        text: `applied-permissions/${rights}`,
        rights,
        limits: undefined,
        metrics: false,
      })
    }
  })

  it('is the rights of groups, whose names may stand in quotes', () => {
    const { rights, limits } = parseAccessTokenScope('applied-permissions/groups:dev,"Domain Users","a,b"')
    expect(rights).toEqual({ groups: ['dev', 'Domain Users', 'a,b'] })
    expect(limits).toBeUndefined()
    const groups = ['dev', 'Domain Users', 'a,b']
    expect(parseAccessTokenScope(groupScopeText(groups)).rights).toEqual({ groups })
  })

  it.each([
    ['artifact:docker-local:r', { repositoryKey: 'docker-local', path: '**', actions: ['read'] }],
    ['artifact:docker-local/:r', { repositoryKey: 'docker-local', path: '**', actions: ['read'] }],
    [
      'artifact:a/team/**:r,w',
      { repositoryKey: 'a', path: 'team/**', actions: ['read', 'deploy', 'overwrite'] },
    ],
    ['artifact:*/x:d,a,m', { repositoryKey: '*', path: 'x', actions: ['delete', 'annotate', 'manage'] }],
    ['artifact:a/x:y:*', { repositoryKey: 'a', path: 'x:y', actions: everything }],
    ['artifact:a:r,r', { repositoryKey: 'a', path: '**', actions: ['read'] }],
  ])('reads %s', (text, limit) => {
    expect(parseAccessTokenScope(text)).toMatchObject({ rights: 'user', limits: [limit] })
  })

  it('adds artifact parts up, within groups where it names some', () => {
    const scope = parseAccessTokenScope('  artifact:a:r \t artifact:b:w  applied-permissions/groups:dev ')
    expect(scope.text).toBe('artifact:a:r artifact:b:w applied-permissions/groups:dev')
    expect(scope.limits).toHaveLength(2)
    expect(scope.rights).toEqual({ groups: ['dev'] })
  })

  it('opens no content with the system metrics alone', () => {
    expect(parseAccessTokenScope('system:metrics:r')).toMatchObject({ limits: [], metrics: true })
  })

  it.each([
    ['', 'empty'],
    ['   ', 'empty'],
    ['admin', '"admin"'],
    ['applied-permissions/root', '"applied-permissions/root"'],
    ['applied-permissions/groups:', 'names no group'],
    ['applied-permissions/groups:""', 'names no group'],
    ['applied-permissions/groups:"a', 'quote'],
    ['applied-permissions/user applied-permissions/admin', 'one applied-permissions'],
    ['applied-permissions/user artifact:a:r', 'leave one of them out'],
    ['artifact:a', 'names no repository'],
    ['artifact:a:x', 'the action "x"'],
    ['artifact:a:', 'the action ""'],
    ['artifact:a:r,', 'the action ""'],
    ['artifact:a:R', 'the action "R"'],
    ['artifact:a:constructor', 'the action "constructor"'],
    ['artifact::r', 'names no repository'],
    ['artifact:../a:r', 'names no repository'],
    ['artifact:a/x\0y:r', 'a path that no image can have'],
    ['artifact:a/x//y:r', 'a path that no image can have'],
    ['artifact:a//x:r', 'a path that no image can have'],
    ['artifact:a:r system:metrics:w', '"system:metrics:w"'],
    ['ARTIFACT:a:r', '"ARTIFACT:a:r"'],
  ])('refuses %j and names the part', (text, reason) => {
    expect(() => parseAccessTokenScope(text)).toThrow(
      expect.objectContaining({
        code: 'REQUEST_INVALID',
        message: expect.stringContaining(reason) as string,
      }),
    )
  })
})
