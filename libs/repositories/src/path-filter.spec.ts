import { describe, expect, test } from 'vitest'
import { PathFilter } from './path-filter.js'
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

describe('a path filter', () => {
  test('admits everything without patterns', () => {
    const filter = new PathFilter('', '')
    expect(filter.admitsTag('alpine', '3.20')).toBe(true)
    expect(filter.admitsImage('library/alpine')).toBe(true)
  })

  test('admits only what an include pattern names', () => {
    const filter = new PathFilter('library/**, team-a/*', '')
    expect(filter.admitsTag('library/alpine', 'latest')).toBe(true)
    expect(filter.admitsTag('team-a/app', '1')).toBe(true)
    expect(filter.admitsTag('team-b/app', '1')).toBe(false)
    expect(filter.admitsImage('team-b/app')).toBe(false)
  })

  test('lets an exclude pattern win', () => {
    const filter = new PathFilter('**/*', 'library/secret/**')
    expect(filter.admitsTag('library/secret', '1')).toBe(false)
    expect(filter.admitsImage('library/secret')).toBe(false)
    expect(filter.admitsTag('library/alpine', '1')).toBe(true)
  })

  test('keeps the layers of admitted tags reachable when patterns speak of tags', () => {
    const filter = new PathFilter('team/app/release-*', 'team/app/release-0*')
    expect(filter.admitsTag('team/app', 'release-1')).toBe(true)
    expect(filter.admitsTag('team/app', 'release-01')).toBe(false)
    expect(filter.admitsTag('team/app', 'dev')).toBe(false)
    expect(filter.admitsImage('team/app')).toBe(true)
  })

  test('excludes an image whose every tag is excluded', () => {
    expect(new PathFilter('**/*', 'team/app/*').admitsImage('team/app')).toBe(false)
  })
})

describe('a pattern that ends with a slash', () => {
  test('means everything below, as Ant has it', () => {
    const filter = new PathFilter('team/', 'team/secret/')
    expect(filter.admitsTag('team/app', '1')).toBe(true)
    expect(filter.admitsImage('team/app')).toBe(true)
    expect(filter.admitsTag('team/secret/app', '1')).toBe(false)
    expect(filter.admitsImage('team/secret/app')).toBe(false)
    expect(filter.admitsImage('other/app')).toBe(false)
  })
})
