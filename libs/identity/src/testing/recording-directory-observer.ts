import type { DirectoryObserver, ObservedDirectory } from '../directories/directory-observer.js'

export class RecordingDirectoryObserver implements DirectoryObserver {
  /** As they were told last. */
  directories: readonly ObservedDirectory[] = []
  readonly questions: string[] = []
  readonly servers: string[] = []

  onDirectories(directories: readonly ObservedDirectory[]): void {
    this.directories = directories
  }

  onQuestion(directory: string, outcome: 'answered' | 'failed'): void {
    this.questions.push(`${directory} ${outcome}`)
  }

  onServer(directory: string, server: string, isUp: boolean): void {
    this.servers.push(`${directory} ${server} ${isUp ? 'up' : 'down'}`)
  }
}
