import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseKeys, parsePatch, parseProperties } from './parse-properties.js'

const parsed = (text: string) => Object.fromEntries(parseProperties(text))
const refusal = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    return (error as Error).message
  }
  return 'none'
}

describe('parseProperties', () => {
  it.each([
    ['qa=done', { qa: ['done'] }],
    ['os=win,linux|qa=done', { os: ['win', 'linux'], qa: ['done'] }],
    ['os=win,linux;qa=done;', { os: ['win', 'linux'], qa: ['done'] }],
    ['a=1\\=1', { a: ['1=1'] }],
    ['a=1=1,2', { a: ['1=1', '2'] }],
    ['a=x\\,y\\;z\\|w,v', { a: ['x,y;z|w', 'v'] }],
    ['a=C:\\dir\\\\,b', { a: ['C:\\dir\\', 'b'] }],
    ['a=,b;c=', { a: ['', 'b'], c: [''] }],
    ['a=b;a=c,b', { a: ['b', 'c'] }],
    ['a=b\\', { a: ['b\\'] }],
    ['build.name=My App ü', { 'build.name': ['My App ü'] }],
  ])('reads %s', (text, expected) => {
    expect(parsed(text)).toEqual(expected)
  })

  it.each([
    ['', 'properties is empty'],
    [';;|', 'properties is empty'],
    ['a', '"a" in properties has no "="'],
    ['a=b;c,d', '"c,d" in properties has no "="'],
    ['a\\=b', '"a\\\\=b" in properties has no "="'],
    ['=b', 'the key of a property is 0 characters long'],
    ['a b=c', '" " in it'],
    [`a=${'x'.repeat(2401)}`, 'a value of 2401 characters'],
    ['a=\0', 'NUL'],
  ])('refuses %j', (text, expected) => {
    expect(refusal(() => parseProperties(text))).toContain(expected)
  })

  it('reads every value that is written with backslashes', () => {
    const value = fc.string({ unit: fc.constantFrom(...'ab,;|=\\ü '.split('')), maxLength: 12 })
    const properties = fc.dictionary(
      fc.constantFrom('k1', 'k2', 'k3'),
      fc.uniqueArray(value, { minLength: 1, maxLength: 4 }),
      { minKeys: 1 },
    )
    const escape = (text: string) => text.replaceAll(/[,;|=\\]/g, '\\$&')
    const write = (given: Readonly<Record<string, readonly string[]>>, separator: string) =>
      Object.entries(given)
        .map(([key, values]) => `${key}=${values.map(escape).join(',')}`)
        .join(separator)
    fc.assert(
      fc.property(properties, fc.constantFrom(';', '|'), (given, separator) => {
        expect(parsed(write(given, separator))).toEqual({ ...given })
      }),
      { examples: [[{ k1: ['\\,', ',\\'], k2: ['=;|'] }, ';']] },
    )
  })
})

describe('parseKeys', () => {
  it('reads keys, those of what a manifest is too', () => {
    expect(parseKeys('a,b.c,a,docker.label.x/y')).toEqual(['a', 'b.c', 'docker.label.x/y'])
  })

  it.each(['', 'a,,b', 'a b', 'x'.repeat(256), 'a\0'])('refuses %j', (text) => {
    expect(refusal(() => parseKeys(text))).not.toBe('none')
  })
})

describe('parsePatch', () => {
  it('reads texts, lists and what is to go', () => {
    const { set, remove } = parsePatch({
      props: { a: 'x', b: ['y,z', 'w'], c: 'u,v\\,w', d: null, sha256: null },
    })
    expect(Object.fromEntries(set)).toEqual({ a: ['x'], b: ['y,z', 'w'], c: ['u', 'v,w'] })
    expect(remove).toEqual(['d', 'sha256'])
    expect(parsePatch({ props: {} })).toEqual({ set: new Map(), remove: [] })
  })

  it.each([
    [{}, 'props is missing'],
    [{ props: null }, 'props is missing'],
    [{ props: ['a'] }, 'props is missing'],
    [{ props: { a: 1 } }, 'property "a" is no text'],
    [{ props: { a: ['x', 2] } }, 'property "a" is no text'],
    [{ props: { a: [] } }, 'property "a" has no value'],
    [{ props: { 'a b': 'x' } }, '" " in it'],
    [{ props: { 'a b': null } }, '" " in it'],
  ])('refuses %j', (body, expected) => {
    expect(refusal(() => parsePatch(body))).toContain(expected)
  })
})
