import { describe, expect, test } from 'vitest'
import { PathPattern } from './path-pattern.js'

describe('a path pattern', () => {
  test.each([
    ['**/*', 'alpine', true],
    ['**/*', 'library/alpine/3.20', true],
    ['**', 'a/b', true],
    ['library/**', 'library', true],
    ['library/**', 'library/alpine', true],
    ['library/**', 'libraryx/alpine', false],
    ['library/*', 'library/alpine', true],
    ['library/*', 'library/alpine/3.20', false],
    ['*/app', 'team/app', true],
    ['team-?/**', 'team-a/app', true],
    ['team-?/**', 'team-ab/app', false],
    ['**/release-*', 'team/app/release-1', true],
    ['**/release-*', 'team/app/dev-1', false],
    ['a/**/z', 'a/z', true],
    ['a/**/z', 'a/b/c/z', true],
    ['a/**/z', 'a/b/c', false],
    ['a.c', 'abc', false],
    ['', 'a', false],
  ])('%s over %s is %s', (pattern, path, expected) => {
    expect(new PathPattern(pattern).matches(path)).toBe(expected)
  })

  test('costs no exponential time, whatever its author wrote', () => {
    const pattern = new PathPattern(`${'*a'.repeat(40)}b/${'**/'.repeat(40)}x`)
    expect(pattern.matches(`${'a'.repeat(2000)}/${'y/'.repeat(100)}z`)).toBe(false)
  }, 2000)

  test('knows whether anything below a path can match', () => {
    expect(new PathPattern('team/app/release-*').matchesBelow('team/app')).toBe(true)
    expect(new PathPattern('team/app').matchesBelow('team/app')).toBe(false)
    expect(new PathPattern('team/**').matchesBelow('team/app')).toBe(true)
    expect(new PathPattern('other/**').matchesBelow('team/app')).toBe(false)
  })
})
