import { SegmentPattern } from './segment-pattern.js'

const anything = new SegmentPattern('*')

/**
 * An Ant-style pattern over `/`-parted paths: `?` is one character, `*` any within a segment, `**` any number of segments;
 * a slash at the end stands for `/**`.
 * Time grows with pattern length times path length, whatever the pattern: users write these, so a backtracking regular
 * expression won't do.
 */
export class PathPattern {
  readonly #segments: readonly SegmentPattern[]
  /** From here on there is nothing but `**`, which may stand for nothing. */
  readonly #tail: number

  constructor(readonly text: string) {
    const whole = text.endsWith('/') ? `${text}**` : text
    this.#segments = whole
      .split('/')
      .filter((segment) => segment !== '')
      .map((segment) => new SegmentPattern(segment))
    this.#tail = this.#segments.findLastIndex(({ text: segment }) => segment !== '**') + 1
  }

  matches(path: string): boolean {
    return this.#positionsAfter(path).has(this.#segments.length)
  }

  /** Whether some path that begins with `path` and a slash can match. */
  matchesBelow(path: string): boolean {
    for (const position of this.#positionsAfter(path)) {
      if (position < this.#segments.length || this.#isAnyDepth(position - 1)) return true
    }
    return false
  }

  /** What one more segment after `path` has to match for the whole to match; undefined when none can. */
  childrenOf(path: string): SegmentPattern | undefined {
    let last: SegmentPattern | undefined
    for (const position of this.#positionsAfter(path)) {
      if (this.#isAnyDepth(position) && position >= this.#tail) return anything
      if (position === this.#tail - 1) last = this.#segments[position]
    }
    return last
  }

  /** Where in the pattern one can stand after all of `path`: the states of an automaton over segments. */
  #positionsAfter(path: string): ReadonlySet<number> {
    let current = this.#closure(new Set([0]))
    for (const segment of path.split('/')) {
      const next = new Set<number>()
      for (const position of current) {
        const pattern = this.#segments[position]
        if (pattern === undefined) continue
        if (this.#isAnyDepth(position)) next.add(position)
        else if (pattern.matches(segment)) next.add(position + 1)
      }
      current = this.#closure(next)
    }
    return current
  }

  /** `**` may also stand for no segment at all. */
  #closure(positions: Set<number>): Set<number> {
    for (const position of positions) {
      if (this.#isAnyDepth(position)) positions.add(position + 1)
    }
    return positions
  }

  #isAnyDepth(position: number): boolean {
    return this.#segments[position]?.text === '**'
  }
}
