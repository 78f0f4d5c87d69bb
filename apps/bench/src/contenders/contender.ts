import type { Target } from '../load/tasks.js'

/** A registry under test: a process of its own with data in a folder of its own. */
export interface Contender {
  readonly key: 'entrepot' | 'distribution-3.1' | 'distribution-2.8'
  /** As the report calls it, with the version. */
  readonly title: string
  readonly pid: number
  /** Where its blobs lie, so that what a scenario has pushed can be thrown away. */
  readonly blobFolder: string
  /** What to send requests to, with a token that is still good for a while. */
  target(): Promise<Target>
  /** The processes of its database, if it has one. */
  databasePids(): Promise<readonly number[]>
  /** @throws Error when it has ended by itself */
  requireRunning(): Promise<void>
  stop(): Promise<void>
}
