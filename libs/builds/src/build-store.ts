import type { UserId } from '@entrepot/kernel'
import type { BuildDocument, BuildInfo, BuildStatus } from './build-info.js'

/** Whose runs are seen: a publisher's own, or everybody's. What is not seen is not there. */
export type BuildViewer = { readonly kind: 'all' } | { readonly kind: 'publisher'; readonly id: UserId }

export interface BuildPublisher {
  readonly id: UserId
  readonly name: string
}

export interface BuildSummary {
  readonly name: string
  readonly lastStarted: Date
}

export interface BuildRun {
  readonly number: string
  readonly started: Date
}

export interface StoredBuild extends BuildRun {
  readonly id: string
  readonly name: string
  readonly published: Date
  readonly publishedBy: string
  readonly document: BuildDocument
  /** The oldest first. */
  readonly statuses: readonly BuildStatus[]
}

/** A run without its document. */
export interface BuildEntry extends BuildRun {
  readonly name: string
  readonly url: string | undefined
  readonly published: Date
  readonly publishedBy: string
}

/** Which runs of a build; those that fulfil all that is said. */
export interface RunSelection {
  readonly numbers?: readonly string[] | undefined
  readonly startedBefore?: Date | undefined
  /** But for so many that were started last. */
  readonly butLast?: number | undefined
  readonly butNumbers?: readonly string[] | undefined
}

/** Build-infos. A name and number may have several runs; the one that was started last is meant where not said otherwise. */
export interface BuildStore {
  /**
   * A run of the same publisher, name, number and start is replaced, with its statuses.
   * @returns whether one was
   * @throws RegistryError REQUEST_INVALID for a document of more than `maximumBuildBytes`
   */
  publish(build: BuildInfo, publisher: BuildPublisher): Promise<boolean>
  /** By name. */
  names(viewer: BuildViewer): Promise<readonly BuildSummary[]>
  /** Those started last come first, at most `maximumRuns`; empty when there is no such build. */
  runs(viewer: BuildViewer, name: string): Promise<readonly BuildRun[]>
  /** Of all builds, those published last first, at most `maximumRuns`. */
  entries(viewer: BuildViewer): Promise<readonly BuildEntry[]>
  find(viewer: BuildViewer, name: string, number: string, started?: Date): Promise<StoredBuild | undefined>
  /** The run that was started last; with a status, of those that have it now. */
  latest(viewer: BuildViewer, name: string, status?: string): Promise<BuildRun | undefined>
  /**
   * Puts the document and what it lists in the place of those of the run. `change` may be called several times.
   * @returns undefined when there is no such run
   * @throws RegistryError REQUEST_INVALID for a document that became longer than `maximumBuildBytes`
   */
  change(
    viewer: BuildViewer,
    name: string,
    number: string,
    change: (document: BuildDocument) => BuildInfo,
  ): Promise<BuildRun | undefined>
  /** @returns those that went */
  delete(viewer: BuildViewer, name: string, selection: RunSelection): Promise<readonly BuildRun[]>
  /** All runs that are seen. @returns how many; @throws RegistryError CONFLICT when the new name has one of these already */
  rename(viewer: BuildViewer, name: string, to: string): Promise<number>
  addStatus(id: string, status: BuildStatus): Promise<void>
}

export const maximumRuns = 10_000
