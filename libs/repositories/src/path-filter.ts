import { PathPattern } from '@entrepot/kernel'

/**
 * The include and exclude patterns of a repository. They are matched against the image and against `image/tag`, so that
 * `library/alpine`, `library/**` and `team/*` + `/release-*` all do what they look like. An exclude wins.
 */
export class PathFilter {
  readonly #includes: readonly PathPattern[]
  readonly #excludes: readonly PathPattern[]

  /** Both as Artifactory writes them: comma-separated; no include pattern means everything. */
  constructor(includesPattern: string, excludesPattern: string) {
    const includes = parsePatterns(includesPattern)
    this.#includes = includes.length === 0 ? [new PathPattern('**/*')] : includes
    this.#excludes = parsePatterns(excludesPattern)
  }

  admitsTag(image: string, tag: string): boolean {
    const path = `${image}/${tag}`
    const concerns = (pattern: PathPattern) => pattern.matches(image) || pattern.matches(path)
    return this.#includes.some(concerns) && !this.#excludes.some(concerns)
  }

  /**
   * Whether anything of the image is admitted: for its blobs, its manifests by digest and its list of tags. A pattern
   * that speaks of some tags only must not cut those tags off from their layers.
   */
  admitsImage(image: string): boolean {
    const anyTag = `${image}/sha256:`
    return (
      this.#includes.some((pattern) => pattern.matches(image) || pattern.matchesBelow(image)) &&
      !this.#excludes.some((pattern) => pattern.matches(image) || pattern.matches(anyTag))
    )
  }
}

function parsePatterns(text: string): readonly PathPattern[] {
  return text
    .split(',')
    .map((pattern) => pattern.trim())
    .filter((pattern) => pattern !== '')
    .map((pattern) => new PathPattern(pattern))
}
