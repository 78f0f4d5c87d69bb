/**
 * An Ant-style pattern over `/`-parted paths: `?` is one character, `*` any within a segment, `**` any number of segments;
 * a slash at the end stands for `/**`.
 * Time grows with pattern length times path length, whatever the pattern: users write these, so a backtracking regular
 * expression won't do.
 */
export class PathPattern {
  readonly #segments: readonly string[]

  constructor(readonly text: string) {
    const whole = text.endsWith('/') ? `${text}**` : text
    this.#segments = whole.split('/').filter((segment) => segment !== '')
  }

  matches(path: string): boolean {
    return this.#positionsAfter(path).has(this.#segments.length)
  }

  /** Whether some path that begins with `path` and a slash can match. */
  matchesBelow(path: string): boolean {
    for (const position of this.#positionsAfter(path)) {
      if (position < this.#segments.length || this.#segments[position - 1] === '**') return true
    }
    return false
  }

  /** Where in the pattern one can stand after all of `path`: the states of an automaton over segments. */
  #positionsAfter(path: string): ReadonlySet<number> {
    let current = this.#closure(new Set([0]))
    for (const segment of path.split('/')) {
      const next = new Set<number>()
      for (const position of current) {
        const pattern = this.#segments[position]
        if (pattern === undefined) continue
        if (pattern === '**') next.add(position)
        else if (segmentMatches(pattern, segment)) next.add(position + 1)
      }
      current = this.#closure(next)
    }
    return current
  }

  /** `**` may also stand for no segment at all. */
  #closure(positions: Set<number>): Set<number> {
    for (const position of positions) {
      if (this.#segments[position] === '**') positions.add(position + 1)
    }
    return positions
  }
}

/** Greedy match with one point of return: the last `*`. At most pattern length times segment length steps. */
function segmentMatches(pattern: string, segment: string): boolean {
  let inPattern = 0
  let inSegment = 0
  let star = -1
  let afterStar = 0
  while (inSegment < segment.length) {
    const expected = pattern[inPattern]
    if (expected === '*') {
      star = inPattern
      afterStar = inSegment
      inPattern += 1
    } else if (expected === '?' || expected === segment[inSegment]) {
      inPattern += 1
      inSegment += 1
    } else if (star >= 0) {
      inPattern = star + 1
      afterStar += 1
      inSegment = afterStar
    } else {
      return false
    }
  }
  while (pattern[inPattern] === '*') inPattern += 1
  return inPattern === pattern.length
}
