import { describe, expect, it } from 'vitest'
import { isRegistryUrl, parseRequestTarget } from './request-target.js'

describe('parseRequestTarget', () => {
  it('parts a URL into prefix, path and query', () => {
    expect(parseRequestTarget('/v2/a/tags/list?n=1&last=x')).toEqual({
      prefix: '',
      prefixKey: undefined,
      path: '/a/tags/list',
      query: 'n=1&last=x',
    })
    expect(parseRequestTarget('/artifactory/api/docker/docker-local/v2/a/tags/list')).toEqual({
      prefix: '/artifactory/api/docker/docker-local',
      prefixKey: 'docker-local',
      path: '/a/tags/list',
      query: '',
    })
  })

  it('serves /v2 as /v2/', () => {
    expect(parseRequestTarget('/v2')?.path).toBe('')
    expect(parseRequestTarget('/v2?a=b')?.query).toBe('a=b')
    expect(parseRequestTarget('/artifactory/api/docker/d/v2')?.path).toBe('')
  })

  it('decodes percent-encoding of the path', () => {
    expect(parseRequestTarget('/v2/a/blobs/sha256%3Aabc')?.path).toBe('/a/blobs/sha256:abc')
  })

  it.each(['/v2/a%2Fb/tags/list', '/v2/a%2fb/tags/list', '/v2/%zz/tags/list', '/v2/%ff/tags/list', '/v2/%'])(
    'refuses %s as a name',
    (url) => {
      expect(() => parseRequestTarget(url)).toThrow(expect.objectContaining({ code: 'NAME_INVALID' }))
    },
  )

  it.each([
    '/',
    '/v1/search',
    '/v20/a',
    '/v2x',
    'v2/',
    '/artifactory/api/docker/v2/',
    '/artifactory/api/docker/%2e%2e/v2/',
    '/artifactory/api/docker/../v2/',
    '/artifactory/api/docker//v2/',
    '/artifactory/api/docker/a/b/v2/',
    '/artifactory/api/repositories',
  ])('leaves %s to others', (url) => {
    expect(isRegistryUrl(url)).toBe(false)
    expect(parseRequestTarget(url)).toBeUndefined()
  })

  it('knows its URLs', () => {
    for (const url of ['/v2', '/v2/', '/v2?x', '/v2/a', '/artifactory/api/docker/d/v2/a']) {
      expect(isRegistryUrl(url)).toBe(true)
    }
  })
})
