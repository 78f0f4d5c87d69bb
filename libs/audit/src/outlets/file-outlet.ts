import { constants } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import type { AuditEvent } from '../audit-event.js'
import type { AuditOutlet } from '../audit-outlet.js'
import { jsonLine } from '../json-line.js'

/** For its owner, and for a group that collects logs. */
const fileMode = 0o640

const lineEnd = 0x0a

/** Lines of JSON at the end of a file, which may be moved, deleted or emptied by whoever rotates it. */
export class FileOutlet implements AuditOutlet {
  readonly name = 'file'
  #file: FileHandle | undefined
  #isStale = false

  constructor(private readonly path: string) {}

  /** Makes the file where it is missing. @throws the operating system's error when it can't be written */
  async open(): Promise<void> {
    await this.current()
  }

  /** What is written next is written to the file that has the name then. */
  reopen(): void {
    this.#isStale = true
  }

  async write(events: readonly AuditEvent[]): Promise<void> {
    const text = events.map((event) => `${jsonLine(event)}\n`).join('')
    const file = await this.current()
    try {
      await file.appendFile(text)
    } catch (error) {
      // Half a line may be there: opening looks.
      await this.close()
      throw error
    }
  }

  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }

  private async current(): Promise<FileHandle> {
    if (this.#file !== undefined && (this.#isStale || (await this.hasMoved(this.#file)))) await this.close()
    this.#isStale = false
    this.#file ??= await this.openAtLineStart()
    return this.#file
  }

  private async hasMoved(file: FileHandle): Promise<boolean> {
    const [opened, named] = await Promise.all([file.stat(), stat(this.path).catch(absent)])
    return named === undefined || named.ino !== opened.ino || named.dev !== opened.dev
  }

  /** A line that was cut off, by a full disk or the end of a process, is ended first. */
  private async openAtLineStart(): Promise<FileHandle> {
    const { O_RDWR, O_APPEND, O_CREAT } = constants
    const file = await open(this.path, O_RDWR | O_APPEND | O_CREAT, fileMode)
    try {
      const { size } = await file.stat()
      const last = Buffer.alloc(1)
      if (size > 0) {
        await file.read(last, 0, 1, size - 1)
        if (last[0] !== lineEnd) await file.appendFile('\n')
      }
      return file
    } catch (error) {
      await file.close()
      throw error
    }
  }
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
  return undefined
}
