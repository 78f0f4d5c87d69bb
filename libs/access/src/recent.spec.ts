import { describe, expect, it } from 'vitest'
import { Recent } from './recent.js'

describe('recent values', () => {
  it('are made once and kept as long as they are among the last half that was used', () => {
    const made: string[] = []
    const recent = new Recent<{ key: string }>(4)
    const get = (key: string) =>
      recent.get(key, () => {
        made.push(key)
        return { key }
      })
    const first = get('a')
    for (const key of ['b', 'a', 'c', 'a', 'd', 'a', 'e', 'a']) get(key)
    expect(get('a')).toBe(first)
    expect(made).toEqual(['a', 'b', 'c', 'd', 'e'])
    get('b')
    expect(made).toEqual(['a', 'b', 'c', 'd', 'e', 'b'])
  })

  it('are never more than the maximum', () => {
    const recent = new Recent<object>(4)
    const keys = Array.from({ length: 20 }, (_, number) => `${number}`)
    let made = 0
    const make = () => ({ number: (made += 1) })
    for (const key of keys) recent.get(key, make)
    expect(made).toBe(20)
    for (const key of keys.toReversed()) recent.get(key, make)
    expect(made).toBeGreaterThanOrEqual(20 + 16)
  })

  it('keep nothing of what could not be made', () => {
    const recent = new Recent<object>(2)
    const fail = () => {
      throw new Error('planted')
    }
    expect(() => recent.get('a', fail)).toThrow('planted')
    const value = {}
    expect(recent.get('a', () => value)).toBe(value)
  })
})
