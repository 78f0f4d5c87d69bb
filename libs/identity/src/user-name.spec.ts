import { describe, expect, it } from 'vitest'
import { isPossibleUserName, userNameOf } from './user-name.js'

describe('isPossibleUserName', () => {
  it.each([
    'ann',
    'Ann',
    'zoë',
    'Jürgen Müller',
    'CORP\\ann',
    'ann@corp.example',
    '漢字',
    'a'.repeat(255),
    '*)(uid=*',
  ])('takes %j', (name) => {
    expect(isPossibleUserName(name)).toBe(true)
  })

  it.each([
    ['nothing', ''],
    ['NUL', 'ann\0'],
    ['a line feed', 'ann\n'],
    ['DEL', 'ann\u007f'],
    ['a lone surrogate', 'ann\ud800'],
    ['a zero-width space', 'an\u200bn'],
    ['a soft hyphen', 'an\u00adn'],
    ['a direction mark', '\u202eann'],
    ['256 characters', 'a'.repeat(256)],
    ['a decomposed letter', 'zoe\u0308'],
    ['a full-width letter', '\uff41nn'],
    ['a ligature', 'o\ufb03ce'],
    ['a space at the end', 'ann '],
    ['two spaces', 'ann  b'],
    ['a no-break space', 'ann\u00a0b'],
    ['who has not logged in', 'Anonymous'],
  ])('refuses %s', (_what, name) => {
    expect(isPossibleUserName(name)).toBe(false)
  })
})

describe('userNameOf', () => {
  it('makes one name of all cases and normal forms, and keeps it', () => {
    for (const text of ['ZOË', 'zoë', 'ZOE\u0308']) expect(userNameOf(text)).toBe('zoë')
    expect(userNameOf(userNameOf('İstanbul'))).toBe(userNameOf('İstanbul'))
  })
})
