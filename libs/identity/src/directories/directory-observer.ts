import { isIPv6 } from 'node:net'
import type { DirectoryServer } from './directory-server.js'

export interface ObservedDirectory {
  readonly key: string
  /** As `addressOf` makes them. */
  readonly servers: readonly string[]
}

/** What is counted about directories. Reports on others than those last told come from questions that were under way. */
export interface DirectoryObserver {
  /** All that are switched on from now on, and their servers: what was counted of any other is over. */
  onDirectories(directories: readonly ObservedDirectory[]): void
  /** @param outcome `failed` when no server answered, or none was asked as none could be reached a moment ago */
  onQuestion(directory: string, outcome: 'answered' | 'failed'): void
  /** @param server as `addressOf` makes it. @param isUp whether it answered when it was tried */
  onServer(directory: string, server: string, isUp: boolean): void
}

/** `host:port`, which is all that an observer gets of a server. */
export function addressOf({ host, port }: Pick<DirectoryServer, 'host' | 'port'>): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`
}
