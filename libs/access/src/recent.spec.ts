import { expect, it } from 'vitest'
import { Recent } from './recent.js'

it('makes a value once, keeps those used last, and no more than it may', () => {
  const made: string[] = []
  const recent = new Recent<{ key: string }>(2)
  const get = (key: string) =>
    recent.get(key, () => {
      made.push(key)
      return { key }
    })
  const first = get('a')
  get('b')
  expect(get('a')).toBe(first)
  get('c')
  expect(get('a')).toBe(first)
  expect(made).toEqual(['a', 'b', 'c'])
  get('b')
  expect(made).toEqual(['a', 'b', 'c', 'b'])
})

it('keeps nothing of what could not be made', () => {
  const recent = new Recent<object>(2)
  const fail = () => {
    throw new Error('planted')
  }
  expect(() => recent.get('a', fail)).toThrow('planted')
  const value = {}
  expect(recent.get('a', () => value)).toBe(value)
})
