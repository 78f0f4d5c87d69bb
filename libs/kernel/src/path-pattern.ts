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
    return this.#positionsAfter(path)[this.#segments.length] === 1
  }

  /** Whether some path that begins with `path` and a slash can match. */
  matchesBelow(path: string): boolean {
    return this.#positionsAfter(path).some(
      (isReached, position) =>
        isReached === 1 && (position < this.#segments.length || this.#isAnyDepth(position - 1)),
    )
  }

  /** What one more segment after `path` has to match for the whole to match; undefined when none can. */
  childrenOf(path: string): SegmentPattern | undefined {
    const reached = this.#positionsAfter(path)
    for (let position = this.#tail; position < this.#segments.length; position += 1) {
      if (reached[position] === 1) return anything
    }
    return reached[this.#tail - 1] === 1 ? this.#segments[this.#tail - 1] : undefined
  }

  /** Where in the pattern one can stand after all of `path`: the states of an automaton over segments, 1 for reached. */
  #positionsAfter(path: string): Uint8Array {
    const count = this.#segments.length
    let current = new Uint8Array(count + 1)
    current[0] = 1
    this.#close(current)
    for (const segment of path.split('/')) {
      const next = new Uint8Array(count + 1)
      for (let position = 0; position < count; position += 1) {
        if (current[position] !== 1) continue
        if (this.#isAnyDepth(position)) next[position] = 1
        else if (this.#segments[position]?.matches(segment) === true) next[position + 1] = 1
      }
      this.#close(next)
      current = next
    }
    return current
  }

  /** `**` may also stand for no segment at all. */
  #close(positions: Uint8Array): void {
    for (let position = 0; position < this.#segments.length; position += 1) {
      if (positions[position] === 1 && this.#isAnyDepth(position)) positions[position + 1] = 1
    }
  }

  #isAnyDepth(position: number): boolean {
    return this.#segments[position]?.text === '**'
  }
}
