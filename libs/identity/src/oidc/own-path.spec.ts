import { describe, expect, it } from 'vitest'
import { isOwnPath } from './own-path.js'

describe('where a login may return to', () => {
  it.each(['/', '/ui/', '/ui/?tab=1#top', '/a//b', '/ui/%C3%A4', '/ui/ä', '/ui?next=https%3A%2F%2Fx'])(
    'is a path such as %s',
    (path) => {
      expect(isOwnPath(path)).toBe(true)
    },
  )

  it.each([
    '',
    'ui',
    'https://evil.example',
    'https:/evil.example',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\/evil.example',
    '\\\\evil.example',
    '/%2fevil.example',
    '/%2Fevil.example',
    '%2f%2fevil.example',
    '/%5cevil.example',
    '/%252fevil.example',
    '/ui\\..\\evil',
    '/\t/evil.example',
    '/%09/evil.example',
    '/\n/evil.example',
    '/ui\r\nlocation: x',
    '/./\u0000',
    '/..//evil.example',
    '/.//evil.example',
    'javascript:alert(1)',
    '/%',
    '/%ff',
  ])('is not %j', (path) => {
    expect(isOwnPath(path)).toBe(false)
  })
})
