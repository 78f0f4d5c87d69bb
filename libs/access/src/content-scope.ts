import { PathPattern, type SegmentPattern } from '@entrepot/kernel'
import { TagScope } from './tag-scope.js'

/**
 * Include and exclude patterns over the image and over `image/tag`, so that `team-a/app`, `team-a/**` and `*` + `/app/1.?`
 * all do what they look like: what matches the image concerns each of its tags. An exclude wins.
 */
export class ContentScope {
  readonly #includes: readonly PathPattern[]
  readonly #excludes: readonly PathPattern[]

  /** No include means everything. */
  constructor(includes: readonly string[], excludes: readonly string[]) {
    this.#includes = includes.map((text) => new PathPattern(text))
    this.#excludes = excludes.map((text) => new PathPattern(text))
  }

  /** The part of it that lies in one image: only a tag, which is one segment, can follow an image's name. */
  of(image: string): TagScope {
    const excludes = concerning(this.#excludes, image)
    if (excludes === 'all') return TagScope.none
    const includes = this.#includes.length === 0 ? 'all' : concerning(this.#includes, image)
    return new TagScope(includes === 'all' ? TagScope.all.includes : includes, excludes)
  }
}

function concerning(patterns: readonly PathPattern[], image: string): 'all' | readonly SegmentPattern[] {
  const tags: SegmentPattern[] = []
  for (const pattern of patterns) {
    const children = pattern.childrenOf(image)
    if (children?.matchesEverything === true || pattern.matches(image)) return 'all'
    if (children !== undefined) tags.push(children)
  }
  return tags
}
