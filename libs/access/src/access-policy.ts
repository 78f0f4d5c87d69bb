import type { Action, Principal } from '@entrepot/kernel'

/** What a decision is about: an image in the repository that holds it or will hold it, never a virtual one. */
export interface AccessTarget {
  readonly repositoryKey: string
  readonly image: string
  /** The tag, where the action concerns one: rights can differ by tag. */
  readonly tag?: string | undefined
}

/** Decides at the moment of use; whatever a token says can only narrow the answer. */
export interface AccessPolicy {
  allows(principal: Principal, action: Action, target: AccessTarget): boolean
  /** Whether the principal may do the action to anything at all in the repository: for lists and challenges. */
  allowsSomewhere(principal: Principal, action: Action, repositoryKey: string): boolean
}
