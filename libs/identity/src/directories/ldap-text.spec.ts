import { describe, expect, it } from 'vitest'
import {
  comparableDn,
  comparedWithName,
  escapeFilterValue,
  fillTemplate,
  isDn,
  isWithin,
  parseFilter,
  rdnsOf,
  typeAndValueOf,
  underBase,
} from './ldap-text.js'

describe('a value in a filter', () => {
  it.each([
    '*)(uid=*',
    "$'",
    '$`',
    '$&',
    '\\2a',
    'a\0b',
    'Doe, John (ops)',
    '{0}',
    '{{username}}',
    'jürgen',
    '🦀',
    ' ',
  ])('that is %j stays a value', (text) => {
    const filter = fillTemplate('(&(objectClass=person)(uid={0}))', escapeFilterValue(text))
    expect(escapeFilterValue(text).replaceAll(/\\[0-9a-f]{2}/g, '')).toMatch(
      /^[A-Za-z0-9\u0080-\u{10ffff}]*$/u,
    )
    const { filters } = parseFilter(filter) as unknown as { filters: { value: string }[] }
    expect(filters).toHaveLength(2)
    expect(filters[1]?.value).toBe(text)
  })

  it('is put in wherever the template asks for it', () => {
    expect(fillTemplate('(|(uid={0})(mail={0}))', "$'")).toBe("(|(uid=$')(mail=$'))")
  })
})

describe('a filter', () => {
  it.each([
    ['(uid={0})', [['uid', '{0}']]],
    [
      '(&(objectClass=person)(|(uid={0})(userPrincipalName={0}@corp)))',
      [
        ['uid', '{0}'],
        ['userPrincipalName', '{0}@corp'],
      ],
    ],
    ['(!(uid={0}))', []],
    ['(uid={0}*)', []],
    ['(objectClass=*)', []],
  ])('%s compares with the name in %j', (filter, compared) => {
    expect(comparedWithName(filter).map(({ attribute, template }) => [attribute, template])).toEqual(compared)
  })
})

describe('a DN', () => {
  it.each([
    'dc=example,dc=com',
    'cn=Doe\\, John (ops),ou=people',
    'uid=a+cn=b,ou=x',
    'cn=Größe',
    '2.5.4.3=x',
    'o=a b, c=de',
  ])('may be %s', (text) => expect(isDn(text)).toBe(true))
  it.each(['', 'example', 'ou=', '=x', 'ou=a,,dc=b', 'ou=a,', ',ou=a', 'ou=a, ,dc=b'])(
    'may not be %j',
    (text) => expect(isDn(text)).toBe(false),
  )

  it('is under its base once, however it was written', () => {
    expect(underBase('ou=people', 'dc=example,dc=com')).toBe('ou=people,dc=example,dc=com')
    expect(underBase('ou=people, DC=Example, dc=com', 'dc=example,dc=com')).toBe(
      'ou=people, DC=Example, dc=com',
    )
    expect(underBase(' ', 'dc=example,dc=com')).toBe('dc=example,dc=com')
    expect(underBase('ou=people', '')).toBe('ou=people')
  })

  it('is within a base by whole parts only', () => {
    expect(isWithin('cn=a,ou=groups,dc=x', 'ou=groups,dc=x')).toBe(true)
    expect(isWithin('cn=a,ou=other\\,ou=groups,dc=x', 'ou=groups,dc=x')).toBe(false)
    expect(isWithin('cn=a,xou=groups,dc=x', 'ou=groups,dc=x')).toBe(false)
    expect(comparableDn('CN=A, OU=B')).toBe(comparableDn('cn=a,ou=b'))
  })

  it('is read with its escapes', () => {
    expect(rdnsOf('cn=Doe\\, John (ops), ou = people')).toEqual(['cn=Doe\\, John (ops)', 'ou=people'])
    expect(typeAndValueOf('cn=Doe\\, John')).toEqual(['cn', 'Doe, John'])
    expect(typeAndValueOf('cn=M\\c3\\bcller+uid=x')).toEqual(['cn', 'Müller'])
    expect(typeAndValueOf('cn=a\\=b🦀')).toEqual(['cn', 'a=b🦀'])
  })
})
