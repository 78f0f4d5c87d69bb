import { describe, expect, test } from 'vitest'
import { PathFilter } from './path-filter.js'

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
