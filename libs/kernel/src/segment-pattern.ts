/** A pattern over one segment of a path: `?` is one character, `*` any number of them. */
export class SegmentPattern {
  /** Of every segment there can be: none is empty, so that one `?` beside a `*` excludes nothing. */
  readonly matchesEverything: boolean
  /** One `*` for any number of them side by side, which mean the same and cost time each. */
  readonly #shortest: string

  constructor(readonly text: string) {
    this.#shortest = text.replaceAll(/\*+/g, '*')
    this.matchesEverything = ['*', '*?', '?*', '*?*'].includes(this.#shortest)
  }

  matches(segment: string): boolean {
    return matchSegment(this.#shortest, segment, () => true)
  }

  /** Whether it surely matches all that `other` matches. Where that is hard to tell, the answer is no. */
  covers(other: SegmentPattern): boolean {
    return (
      this.matchesEverything ||
      matchSegment(this.#shortest, other.#shortest, (character) => character !== '*')
    )
  }
}

/** Greedy match with one point of return: the last `*`. At most pattern length times segment length steps. */
function matchSegment(pattern: string, segment: string, isOne: (character: string) => boolean): boolean {
  let inPattern = 0
  let inSegment = 0
  let star = -1
  let afterStar = 0
  while (inSegment < segment.length) {
    const expected = pattern[inPattern]
    const character = segment.charAt(inSegment)
    if (expected === '*') {
      star = inPattern
      afterStar = inSegment
      inPattern += 1
    } else if ((expected === '?' && isOne(character)) || expected === character) {
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
