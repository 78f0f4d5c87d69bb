import { describe, expect, it } from 'vitest'
import { parseRepositoryKey } from './repository-key.js'

describe('parseRepositoryKey', () => {
  it.each(['docker', 'docker-local', 'a', '0', 'a.b_c__d--e', 'x'.repeat(64)])('takes %s', (key) => {
    expect(parseRepositoryKey(key)).toBe(key)
  })

  it.each([
    '',
    'Docker',
    'v2',
    '_catalog',
    'a_',
    '-a',
    'a..b',
    'a___b',
    'a/b',
    '..',
    '.',
    'a\0',
    'a\n',
    'ä',
    'a b',
    'a%2fb',
    '__proto__',
    'constructor.',
  ])('refuses %j and says why', (key) => {
    expect(() => parseRepositoryKey(key)).toThrow(`repository key ${JSON.stringify(key)} `)
  })

  it('refuses a long key without repeating all of it', () => {
    expect(() => parseRepositoryKey('x'.repeat(65))).toThrow('has 65 characters, expected at most 64')
    expect(() => parseRepositoryKey('x'.repeat(100_000))).toThrow(/^.{1,200}$/)
  })
})
