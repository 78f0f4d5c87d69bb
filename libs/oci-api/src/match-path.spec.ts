import { describe, expect, it } from 'vitest'
import { matchPath } from './match-path.js'

describe('matchPath', () => {
  it('reads the root paths', () => {
    expect(matchPath('')).toEqual({ pattern: 'base' })
    expect(matchPath('/')).toEqual({ pattern: 'base' })
    expect(matchPath('/token')).toEqual({ pattern: 'token' })
    expect(matchPath('/_catalog')).toEqual({ pattern: 'catalog' })
  })

  it('reads names of any depth', () => {
    expect(matchPath('/a/b/c/d/manifests/latest')).toEqual({
      pattern: 'manifest',
      name: 'a/b/c/d',
      item: 'latest',
    })
    expect(matchPath('/a/tags/list')).toEqual({ pattern: 'tags', name: 'a', item: '' })
  })

  it.each([
    ['/x/manifests/manifests/latest', 'manifest', 'x/manifests', 'latest'],
    ['/a/blobs/uploads/manifests/latest', 'manifest', 'a/blobs/uploads', 'latest'],
    ['/a/blobs/uploads/blobs/sha256:00', 'blob', 'a/blobs/uploads', 'sha256:00'],
    ['/a/blobs/uploads/blobs/uploads/', 'uploads', 'a/blobs/uploads', ''],
    ['/y/tags/list/tags/list', 'tags', 'y/tags/list', ''],
    ['/z/referrers/referrers/sha256:00', 'referrers', 'z/referrers', 'sha256:00'],
    ['/manifests/manifests/manifests', 'manifest', 'manifests', 'manifests'],
    ['/token/manifests/latest', 'manifest', 'token', 'latest'],
  ])('routes %s from the right end, because route words are legal in names', (path, pattern, name, item) => {
    expect(matchPath(path)).toEqual({ pattern, name, item })
  })

  it('takes the start of an upload with and without the trailing slash', () => {
    expect(matchPath('/a/blobs/uploads')).toEqual({ pattern: 'uploads', name: 'a', item: '' })
    expect(matchPath('/a/blobs/uploads/')).toEqual({ pattern: 'uploads', name: 'a', item: '' })
    expect(matchPath('/a/blobs/uploads/123')).toEqual({ pattern: 'upload', name: 'a', item: '123' })
  })

  it.each([
    '/a',
    '/a/',
    '//',
    '/a/b',
    '/manifests/latest',
    '/a/manifests/',
    '/a/blobs/',
    '/a/referrers/',
    '/a/tags/',
    '/a/tags/list/',
    '/a/tags/other',
    '/uploads/1',
    '/a/uploads/1',
    '/_oci/ext/discover',
    '/_catalog/',
    '/_docker/manifests/latest',
    '/token/',
  ])('knows no route for %s', (path) => {
    expect(matchPath(path)).toBeUndefined()
  })
})
