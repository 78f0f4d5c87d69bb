import type { SegmentPattern } from '@entrepot/kernel'
import type { TagScope } from './tag-scope.js'

/** What several scopes of one image admit together. */
export class ImageRights {
  /**
   * Every tag there can be. Scopes complete each other as far as patterns show it: all but `rc-*`, and `rc-*`, are
   * everything. Where that is hard to tell this is false, and the tags have to be asked for one by one.
   */
  readonly isWhole: boolean
  readonly #scopes: readonly TagScope[]

  constructor(scopes: Iterable<TagScope>) {
    this.#scopes = [...scopes].filter((scope) => !scope.isEmpty)
    this.isWhole = this.#scopes.some(
      ({ includes, excludes }) =>
        includes.some((pattern) => pattern.matchesEverything) &&
        excludes.every((exclude) => this.#isAdmittedElsewhere(exclude)),
    )
  }

  /** Some tag, as far as patterns show it. */
  get isPartial(): boolean {
    return this.#scopes.length > 0
  }

  admits(tag: string): boolean {
    return this.isWhole || this.#scopes.some((scope) => scope.admits(tag))
  }

  #isAdmittedElsewhere(exclude: SegmentPattern): boolean {
    return this.#scopes.some(
      ({ includes, excludes }) =>
        excludes.length === 0 && includes.some((pattern) => pattern.covers(exclude)),
    )
  }
}
