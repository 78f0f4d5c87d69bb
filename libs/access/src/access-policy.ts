import type { Action, Principal } from '@entrepot/kernel'

/** An image in the repository that holds it or will hold it, never in a virtual one. */
export interface AccessTarget {
  readonly repositoryKey: string
  readonly image: string
  /** The tag, where the action concerns one: rights can differ by tag. */
  readonly tag?: string | undefined
}

/** Decides at the moment of use; whatever a token says can only narrow the answer. */
export interface AccessPolicy {
  /** With a tag: for that tag. Without one: for all of the image, whatever its tags are or will be. */
  allows(principal: Principal, action: Action, target: AccessTarget): boolean
  /**
   * For some tag of the image, at least: whether there is anything to look at. What is reached by digest has then to be
   * reached from a tag for which `allows` holds.
   */
  allowsPartOf(principal: Principal, action: Action, target: Omit<AccessTarget, 'tag'>): boolean
  /** For anything at all in the repository: for lists and challenges. */
  allowsSomewhere(principal: Principal, action: Action, repositoryKey: string): boolean
}
