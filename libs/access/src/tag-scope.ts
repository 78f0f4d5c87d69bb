import { SegmentPattern } from '@entrepot/kernel'

const anyTag = new SegmentPattern('*')

/** Which tags of one image are meant: those that an include matches and no exclude. */
export class TagScope {
  static readonly all = new TagScope([anyTag], [])
  static readonly none = new TagScope([], [])

  constructor(
    readonly includes: readonly SegmentPattern[],
    readonly excludes: readonly SegmentPattern[],
  ) {}

  get isEmpty(): boolean {
    return this.includes.length === 0
  }

  admits(tag: string): boolean {
    return (
      this.includes.some((pattern) => pattern.matches(tag)) &&
      !this.excludes.some((pattern) => pattern.matches(tag))
    )
  }
}
