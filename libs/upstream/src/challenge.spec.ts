import { describe, expect, it } from 'vitest'
import { parseChallenges } from './challenge.js'

function read(header: string) {
  return parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)])
}

describe('parseChallenges', () => {
  it("reads Docker Hub's challenge", () => {
    const header =
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/alpine:pull"'
    expect(read(header)).toEqual([
      [
        'bearer',
        {
          realm: 'https://auth.docker.io/token',
          service: 'registry.docker.io',
          scope: 'repository:library/alpine:pull',
        },
      ],
    ])
  })

  it('reads several challenges, whose commas look like those between parameters', () => {
    expect(read('Basic realm="a, b", charset="UTF-8", Negotiate, bEaReR REALM=x , service="y"')).toEqual([
      ['basic', { realm: 'a, b', charset: 'UTF-8' }],
      ['negotiate', {}],
      ['bearer', { realm: 'x', service: 'y' }],
    ])
  })

  it('reads escapes in quoted strings, empty ones, and blanks around the equals sign', () => {
    expect(read('Bearer realm = "a\\"b\\\\c",service=""')).toEqual([
      ['bearer', { realm: 'a"b\\c', service: '' }],
    ])
  })

  it('reads over the token68 of another scheme', () => {
    expect(read('Negotiate YWJjZA==, Bearer realm="r"')).toEqual([
      ['negotiate', {}],
      ['bearer', { realm: 'r' }],
    ])
  })

  it('lets the first of equal parameters win, and keeps __proto__ harmless', () => {
    const [challenge] = parseChallenges('Bearer realm="one",realm="two",__proto__="x"')
    expect(challenge?.parameters.get('realm')).toBe('one')
    expect(challenge?.parameters.get('__proto__')).toBe('x')
  })

  it('stops at what is no challenge and keeps what came before', () => {
    expect(read('Bearer realm="r", "loose"')).toEqual([['bearer', { realm: 'r' }]])
    expect(read('')).toEqual([])
    expect(read(', ,')).toEqual([])
    expect(read('"x"')).toEqual([])
    expect(read('Bearer realm="never closed')).toEqual([
      ['bearer', {}],
      ['realm', {}],
    ])
  })

  it('takes no longer than the header is long', () => {
    const start = performance.now()
    for (const text of ['\\'.repeat(60_000), ', '.repeat(30_000), 'a='.repeat(30_000), '="'.repeat(30_000)]) {
      parseChallenges(`Bearer realm="${text}`)
      parseChallenges(`Bearer ${text}`)
    }
    expect(performance.now() - start).toBeLessThan(2000)
  })
})
