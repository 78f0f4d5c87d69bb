import { isRegistryError } from '@entrepot/kernel'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseYamlObject } from './yaml-text.js'

function refusalOf(text: string): string[] {
  try {
    parseYamlObject(text)
  } catch (error) {
    if (!isRegistryError(error, 'REQUEST_INVALID')) throw error
    return [error, ...error.siblings].map(({ message }) => message)
  }
  throw new Error('it was taken')
}

describe('a text of YAML', () => {
  it('is an object of plain values, whatever its style', () => {
    const text = [
      '# a comment',
      'repositories:',
      '  docker-local: { rclass: local, packageType: docker }',
      '  "quoted": { blackedOut: false, maxUniqueTags: 3 }',
      'list: [a, "no", null]',
      'date: 2026-11-21',
      'base: &base { a: 1 }',
      'again: *base',
    ].join('\n')
    expect(parseYamlObject(text)).toEqual({
      repositories: {
        'docker-local': { rclass: 'local', packageType: 'docker' },
        quoted: { blackedOut: false, maxUniqueTags: 3 },
      },
      list: ['a', 'no', null],
      date: '2026-11-21',
      base: { a: 1 },
      again: { a: 1 },
    })
  })

  it.each(['', '# nothing\n', '---\n', 'null'])('may be empty: %j', (text) => {
    expect(parseYamlObject(text)).toEqual({})
  })

  it('takes no key for more than a name', () => {
    const { users } = parseYamlObject('users: { __proto__: { admin: true }, constructor: {} }')
    expect(Object.keys(users as object)).toEqual(['__proto__', 'constructor'])
    expect((users as { admin?: boolean }).admin).toBeUndefined()
  })

  it.each([
    ['a: [1', 'not YAML: bad indent at line 1, column 6'],
    ['a: "hush" hush', 'not YAML: unexpected token at line 1, column 11'],
    ['a: 1\n---\nb: 2', 'the text has 2 documents, expected one'],
    ['- a', 'is no mapping'],
    ['hush', 'is no mapping'],
    ['a: 1\nb: 2\na: 3', 'a key for the second time at line 3, column 1'],
    ['a: { x: 1, "x": 2 }', 'a key for the second time at line 1, column 12'],
    ['1: a\n"1": b', 'a key for the second time at line 2, column 1'],
    ['? [a]\n: b', 'a key that is no text at line 1, column 3'],
    ['~: b', 'a key that is no text at line 1, column 1'],
    ['a: !!binary aGVsbG8=', 'a tag at line 1'],
    ['a: !!str hush', 'a tag at line 1'],
    ['a: !hush b', 'a tag at line 1'],
    ['a: !!set { b, c }', 'a tag at line 1'],
    ['a: *nowhere', 'an alias without its anchor'],
    ['a: "\\0"', 'NUL or broken Unicode'],
    ['a: "\\ud800"', 'NUL or broken Unicode'],
  ])('is refused as %j', (text, message) => {
    const refusals = refusalOf(text)
    expect(refusals.join('\n').toLowerCase()).toContain(message.toLowerCase())
    expect(refusals.join('\n')).not.toContain('hush')
  })

  it('is told all its mistakes at once', () => {
    expect(refusalOf('a: !x 1\nb: !y 2\nb: 3').length).toBeGreaterThanOrEqual(3)
  })

  const bomb = Array.from({ length: 30 }, (_, level) =>
    level === 0 ? 'a0: &a0 [x, x]' : `a${level}: &a${level} [*a${level - 1}, *a${level - 1}]`,
  ).join('\n')

  it.each([
    ['is nested too deep in flow style', '['.repeat(100_000), 'nests deeper'],
    ['is nested too deep in block style', '- '.repeat(20_000), 'nests deeper'],
    ['is nested too deep by its keys', '? '.repeat(5000), 'nests deeper'],
    [
      'is nested too deep by indentation',
      Array.from({ length: 200 }, (_, at) => `${' '.repeat(at)}a:`).join('\n'),
      'nests deeper',
    ],
    ['grows by its aliases', bomb, 'aliases for more than 100'],
    ['repeats an anchor too often', `a: &a 1\nb: [${'*a,'.repeat(200)}]`, 'aliases for more than 100'],
    ['has too many parts', `a: [${'1,'.repeat(150_000)}]`, 'more than 200000 parts'],
    ['has too long a text', `a: "${'x'.repeat(70_000)}"`, 'longer than 65536'],
    [
      'has too many different keys',
      Array.from({ length: 80_000 }, (_, at) => `k${at}: 1`).join('\n'),
      'more than 200000 parts',
    ],
  ])('is refused when it %s', (_how, text, message) => {
    expect(refusalOf(text).join('\n')).toContain(message)
  })

  it('is taken or refused, whatever it is, and never a fault', () => {
    const pieces = [
      ...'[]{}:,-?&*!|>\'"#%@`~ \t\n\r\\'.split(''),
      '\n  ',
      ': ',
      '- ',
      '? ',
      '---',
      '...',
      '<<',
      '%YAML 1.1\n',
      '&a',
      '*a',
    ]
    const words = [
      'a',
      '1',
      'null',
      '!!str',
      '!<x>',
      '!!map',
      '\\x',
      '\u0000',
      '\ud800',
      '\ufeff',
      '__proto__',
      '0o7',
      '.inf',
    ]
    const soup = fc
      .array(fc.constantFrom(...pieces, ...words), { maxLength: 40 })
      .map((parts) => parts.join(''))
    const read = (text: string) => {
      try {
        return typeof parseYamlObject(text)
      } catch (error) {
        if (isRegistryError(error, 'REQUEST_INVALID')) return 'refused'
        throw error
      }
    }
    const outcomes = new Set<string>()
    fc.assert(
      fc.property(soup, (text) => void outcomes.add(read(text))),
      {
        numRuns: 3000,
        examples: [['a: 1'], ['- a'], ['%YAML 1.1\n---\na: 1'], ['<<: *a'], ['a: &a [*a]']],
      },
    )
    expect([...outcomes].toSorted()).toEqual(['object', 'refused'])
  })

  it('with many different keys is read all the same', () => {
    const text = Array.from({ length: 20_000 }, (_, at) => `k${at}: 1`).join('\n')
    expect(Object.keys(parseYamlObject(text))).toHaveLength(20_000)
  })
})
