import * as fc from 'fast-check'
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

  test.each([
    ['team/app/release-*', 'team/app', 'release-*'],
    ['team/app/release-*/**', 'team/app', 'release-*'],
    ['**/release-*', 'team/app', 'release-*'],
    ['*/app/1.?', 'team/app', '1.?'],
    ['team/**', 'team/app', '*'],
    ['team/app/', 'team/app', '*'],
    ['team/app/**/**', 'team/app', '*'],
    ['**/**', 'team/app', '*'],
    ['**/*', 'team/app', '*'],
    ['**/secret/**', 'team/app', 'secret'],
    ['team/app', 'team/app', undefined],
    ['team/app/*/deep', 'team/app', undefined],
    ['other/**', 'team/app', undefined],
    ['', 'team/app', undefined],
  ])('%s leaves to the children of %s the pattern %s', (pattern, path, expected) => {
    expect(new PathPattern(pattern).childrenOf(path)?.text).toBe(expected)
  })

  test('matches a child exactly when what it leaves to the children does', () => {
    const segment = fc.constantFrom('a', 'b', '*', '?', '**', 'a*')
    const patterns = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'))
    const paths = fc.array(fc.constantFrom('a', 'b', 'ab'), { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(patterns, paths, (text, path) => {
        const pattern = new PathPattern(text)
        const parent = path.join('/')
        for (const child of ['a', 'b', 'ab', 'ba']) {
          const isLeft = pattern.childrenOf(parent)?.matches(child) ?? false
          expect(isLeft).toBe(pattern.matches(`${parent}/${child}`))
        }
      }),
      { numRuns: 1000 },
    )
  })
})
