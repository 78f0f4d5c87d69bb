import { describe, expect, it } from 'vitest'
import { checkedProperties, maximumProperties, maximumValues, searchable } from './properties.js'

const refusal = (...given: readonly (readonly [string, readonly string[]])[]): string => {
  try {
    checkedProperties(given)
  } catch (error) {
    return (error as Error).message
  }
  return 'none'
}

describe('checkedProperties', () => {
  it('takes each value once, and joins what is given for a key twice', () => {
    const given = [
      ['qa.state', ['b', 'a', 'b']],
      ['größe', ['']],
      ['qa.state', ['a', 'c']],
      ['_x-1:y', ['any thing; = | \\ , ü']],
    ] as const
    expect([...checkedProperties(given)]).toEqual([
      ['qa.state', ['b', 'a', 'c']],
      ['größe', ['']],
      ['_x-1:y', ['any thing; = | \\ , ü']],
    ])
  })

  it.each(')(}{][*+^$\\/~`!@#%&<>;=,±§ \t\n\0'.split(''))('refuses %j in a key', (character) => {
    expect(refusal([`a${character}b`, ['x']])).toContain(`${JSON.stringify(character)} in it`)
  })

  it('refuses what is too long or too much', () => {
    expect(refusal(['', ['x']])).toContain('0 characters long, expected 1 to 255')
    expect(refusal(['k'.repeat(255), ['x'.repeat(2400)]])).toBe('none')
    expect(refusal(['k'.repeat(256), ['x']])).toContain('256 characters long')
    expect(refusal(['k', ['x'.repeat(2401)]])).toBe(
      'property "k" has a value of 2401 characters, expected at most 2400',
    )
    const values = Array.from({ length: maximumValues + 1 }, (_, n) => `${n}`)
    expect(refusal(['k', values.slice(1)])).toBe('none')
    expect(refusal(['k', values])).toContain('has 101 values, expected at most 100')
    const keys = Array.from({ length: maximumProperties + 1 }, (_, n) => [`k${n}`, ['x']] as const)
    expect(refusal(...keys.slice(1))).toBe('none')
    expect(refusal(...keys)).toBe('there would be 101 properties, expected at most 100')
  })

  it('refuses a key without a value, and what the database can’t keep', () => {
    expect(refusal(['k', []])).toContain('has no value')
    expect(refusal(['k', ['a\0']])).toContain('NUL')
    expect(refusal(['k', ['\udc00']])).toContain('broken Unicode')
    expect(refusal(['\udc00', ['x']])).toContain('broken Unicode')
  })
})

describe('searchable', () => {
  it('leaves out what no property can hold, and no more than fits', () => {
    const many = Object.fromEntries(Array.from({ length: 150 }, (_, n) => [`label ${n}`, `${n}`]))
    expect(searchable(many).size).toBe(maximumProperties)
    expect([...searchable({ 'any key': 'v', a: '\0', b: 'x'.repeat(2401), ['c'.repeat(256)]: '' })]).toEqual([
      ['any key', ['v']],
    ])
  })
})
