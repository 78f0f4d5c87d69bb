import type { FileHandle } from 'node:fs/promises'

/** A file that is open while anybody uses it, through one handle. */
export class SharedFile {
  #opened: Promise<FileHandle> | undefined
  #users = 0

  constructor(private readonly open: () => Promise<FileHandle>) {}

  get inUse(): boolean {
    return this.#users > 0
  }

  async use<T>(work: (file: FileHandle) => Promise<T>): Promise<T> {
    this.#users += 1
    this.#opened ??= this.open()
    const opened = this.#opened
    try {
      return await work(await opened)
    } finally {
      this.#users -= 1
      if (this.#users === 0) {
        this.#opened = undefined
        await (await opened).close()
      }
    }
  }
}
