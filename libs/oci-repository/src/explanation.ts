import type { Digest } from '@entrepot/kernel'
import type { RepositoryKey } from '@entrepot/repositories'

/** What decided: the patterns of a repository, a right, what is stored, the cache of a remote, its upstream, the order. */
export type DecisionRule =
  'patterns' | 'permission' | 'stored' | 'cache' | 'upstream' | 'priority' | 'order' | 'failure'

/** One thing that a reader decided, in its own words. */
export interface Decision {
  /** The local or remote repository that it is about. */
  readonly repository: RepositoryKey
  readonly rule: DecisionRule
  /** `passed`: the repository doesn't answer; `noted`: it goes on. */
  readonly effect: 'taken' | 'passed' | 'refused' | 'noted'
  readonly message: string
  readonly cached?: CacheEntry | undefined
}

/** What is remembered of a reference in the cache of a remote. */
export interface CacheEntry {
  readonly ref: string
  /** `missing`: the upstream answered 404. */
  readonly status: 'found' | 'missing'
  readonly digest: Digest | undefined
  readonly checkedAt: Date
  /** Until then the upstream isn't asked again. */
  readonly freshUntil: Date
}

/** A local or remote repository that may be asked, in the order of asking. */
export interface Candidate {
  readonly repository: RepositoryKey
  /** Asked before those without; they answer only for images that none with priority has. */
  readonly priority: boolean
  /** The virtual repositories on the way to it, the outermost first. */
  readonly through: readonly RepositoryKey[]
}

/**
 * Told by the readers why they decide as they do. A request that carries one changes nothing, fetches nothing and is told
 * where an upstream would have been asked.
 */
export class Explanation {
  readonly #decisions: Decision[] = []
  #candidates: readonly Candidate[] = []

  get decisions(): readonly Decision[] {
    return this.#decisions
  }

  /** Of a virtual repository; none for one that has no members. */
  get candidates(): readonly Candidate[] {
    return this.#candidates
  }

  consider(candidates: readonly Candidate[]): void {
    this.#candidates = candidates
  }

  note(
    repository: RepositoryKey,
    rule: DecisionRule,
    effect: Decision['effect'],
    message: string,
    cached?: CacheEntry,
  ): void {
    this.#decisions.push({ repository, rule, effect, message, cached })
  }
}
