import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SegmentPattern } from './segment-pattern.js'

const segments = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 4 })
const patterns = fc
  .string({ unit: fc.constantFrom('a', 'b', '*', '?'), minLength: 1, maxLength: 4 })
  .map((text) => new SegmentPattern(text))

/** Every segment of up to five letters: longer than any pattern here can tell apart. */
const all = Array.from({ length: 5 }, (_, length) => length + 1).flatMap((length) =>
  Array.from({ length: 2 ** length }, (_, bits) =>
    bits.toString(2).padStart(length, '0').replaceAll('0', 'a').replaceAll('1', 'b'),
  ),
)

describe('a segment pattern', () => {
  it('matches what the regular expression of the same meaning matches', () => {
    fc.assert(
      fc.property(patterns, segments, (pattern, segment) => {
        const expression = pattern.text.replaceAll('*', '.*').replaceAll('?', '.')
        expect(pattern.matches(segment)).toBe(new RegExp(`^${expression}$`).test(segment))
      }),
    )
  })

  it('knows when it matches every segment there can be', () => {
    fc.assert(
      fc.property(patterns, (pattern) => {
        expect(pattern.matchesEverything).toBe(all.every((segment) => pattern.matches(segment)))
      }),
    )
  })

  it('claims to cover another only when it matches all that the other matches', () => {
    fc.assert(
      fc.property(patterns, patterns, (one, other) => {
        fc.pre(one.covers(other))
        for (const segment of all.filter((each) => other.matches(each))) {
          expect(one.matches(segment)).toBe(true)
        }
      }),
      { numRuns: 300 },
    )
  })

  it.each([
    ['release-*', 'release-*', true],
    ['release-*', 'release-1.*', true],
    ['release-*', 'release-1', true],
    ['*', 'anything?', true],
    ['r*-*', 'release-?', true],
    ['release-1', 'release-*', false],
    ['release-?', 'release-*', false],
    ['a', '?', false],
  ])('%s over %s: that it covers it is seen to be %s', (one, other, expected) => {
    expect(new SegmentPattern(one).covers(new SegmentPattern(other))).toBe(expected)
  })

  it('is as quick with a million wildcards side by side as with one', () => {
    const stars = '*'.repeat(1_000_000)
    expect(new SegmentPattern(stars).matchesEverything).toBe(true)
    const pattern = new SegmentPattern(`${stars}b`)
    expect(pattern.matchesEverything).toBe(false)
    expect(pattern.matches('ab')).toBe(true)
    expect(pattern.matches('ba')).toBe(false)
    expect(new SegmentPattern(`a${stars}`).covers(pattern)).toBe(false)
    expect(new SegmentPattern(`${stars}b`).covers(pattern)).toBe(true)
  })
})
