import type { DirectoryObserver, ObservedDirectory } from '@entrepot/identity'
import { Counter, Gauge, type Registry } from 'prom-client'

const outcomes = ['answered', 'failed'] as const

/** The health of the directories that are switched on, as this replica sees it. */
export class DirectoryMetrics implements DirectoryObserver {
  readonly #questions: Counter<'directory' | 'outcome'>
  readonly #up: Gauge<'directory' | 'server'>
  #servers: ReadonlyMap<string, ReadonlySet<string>> = new Map()

  constructor(registry: Registry) {
    this.#questions = new Counter({
      name: 'entrepot_directory_questions_total',
      help: 'Questions to a directory (logins, look-ups, lists of groups); failed: no server of it answered',
      labelNames: ['directory', 'outcome'] as const,
      registers: [registry],
    })
    this.#up = new Gauge({
      name: 'entrepot_directory_up',
      help: 'Whether a server of a directory answered when it was tried last; absent until it was tried',
      labelNames: ['directory', 'server'] as const,
      registers: [registry],
    })
  }

  onDirectories(directories: readonly ObservedDirectory[]): void {
    const next = new Map(directories.map(({ key, servers }) => [key, new Set(servers)]))
    for (const [directory, servers] of this.#servers) {
      for (const server of servers) {
        if (next.get(directory)?.has(server) !== true) this.#up.remove({ directory, server })
      }
      if (next.has(directory)) continue
      for (const outcome of outcomes) this.#questions.remove({ directory, outcome })
    }
    // From 0 on: a rate does not see the first failure of a series that begins with it.
    for (const directory of next.keys()) {
      for (const outcome of outcomes) this.#questions.inc({ directory, outcome }, 0)
    }
    this.#servers = next
  }

  onQuestion(directory: string, outcome: 'answered' | 'failed'): void {
    if (this.#servers.has(directory)) this.#questions.inc({ directory, outcome })
  }

  onServer(directory: string, server: string, isUp: boolean): void {
    if (this.#servers.get(directory)?.has(server) === true) this.#up.set({ directory, server }, isUp ? 1 : 0)
  }
}
