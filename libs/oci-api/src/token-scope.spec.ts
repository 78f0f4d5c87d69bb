import { describe, expect, it } from 'vitest'
import { parseScopes, repositoryScope, scopesInclude, scopeText } from './token-scope.js'

describe('token scopes', () => {
  it('are read from repeated parameters and from one with blanks', () => {
    expect(parseScopes(['repository:a:pull repository:b:push,pull', 'registry:catalog:*'])).toEqual([
      { type: 'repository', name: 'a', actions: ['pull'] },
      { type: 'repository', name: 'b', actions: ['push', 'pull'] },
      { type: 'registry', name: 'catalog', actions: ['*'] },
    ])
  })

  it('are split at the first and the last colon', () => {
    expect(parseScopes(['repository:host:5000/a/b:pull'])).toEqual([repositoryScope('host:5000/a/b', 'pull')])
  })

  it('lose the class of repository(plugin)', () => {
    expect(parseScopes(['repository(plugin):a:pull'])).toEqual([repositoryScope('a', 'pull')])
  })

  it.each(['', ' ', 'repository', 'repository:a', ':a:pull'])('drop %j', (text) => {
    expect(parseScopes([text])).toEqual([])
  })

  it('are written as they are asked for', () => {
    expect(scopeText(repositoryScope('a/b', 'pull', 'push'))).toBe('repository:a/b:pull,push')
  })

  it('narrow by type, name and action, and not at all where there is no token', () => {
    const scopes = [repositoryScope('a', 'pull'), { type: 'repository', name: 'b', actions: ['*'] }]
    expect(scopesInclude(scopes, 'repository', 'a', 'pull')).toBe(true)
    expect(scopesInclude(scopes, 'repository', 'a', 'push')).toBe(false)
    expect(scopesInclude(scopes, 'repository', 'b', 'delete')).toBe(true)
    expect(scopesInclude(scopes, 'repository', 'a/b', 'pull')).toBe(false)
    expect(scopesInclude(scopes, 'registry', 'a', 'pull')).toBe(false)
    expect(scopesInclude([], 'repository', 'a', 'pull')).toBe(false)
    expect(scopesInclude(undefined, 'repository', 'a', 'pull')).toBe(true)
  })
})
