import { type FileHandle, open } from 'node:fs/promises'
import type { BlobBody } from '../../blob-body.js'
import type { OpenOptions } from '../../blob-store.js'
import { resolveRange } from '../../resolve-range.js'
import { isAbsent } from './file-errors.js'

export class FilesystemBody implements BlobBody {
  readonly size: number
  #position: number
  readonly #end: number
  #closed: Promise<void> | undefined

  private constructor(
    private readonly file: FileHandle,
    start: number,
    length: number,
    private readonly signal: AbortSignal | undefined,
  ) {
    this.size = length
    this.#position = start
    this.#end = start + length
    signal?.addEventListener('abort', this.#onAbort)
  }

  /** @returns undefined when there is no such file */
  static async open(path: string, options: OpenOptions): Promise<FilesystemBody | undefined> {
    options.signal?.throwIfAborted()
    let file: FileHandle
    try {
      file = await open(path, 'r')
    } catch (error) {
      if (isAbsent(error)) return undefined
      throw error
    }
    try {
      const { start, length } = resolveRange(options.range, (await file.stat()).size)
      options.signal?.throwIfAborted()
      return new FilesystemBody(file, start, length, options.signal)
    } catch (error) {
      await file.close()
      throw error
    }
  }

  async read(target: Buffer): Promise<number> {
    this.refuseWhenClosed()
    const wanted = Math.min(target.length, this.#end - this.#position)
    if (wanted === 0) return 0
    const { bytesRead } = await this.file.read(target, 0, wanted, this.#position)
    this.refuseWhenClosed()
    if (bytesRead === 0) {
      throw new Error(`the blob's file ends at ${this.#position}, expected ${this.#end} bytes`)
    }
    this.#position += bytesRead
    return bytesRead
  }

  /** Waits for a pending read, which then rejects: nobody writes into its buffer any more. */
  close(): Promise<void> {
    if (this.#closed === undefined) {
      this.signal?.removeEventListener('abort', this.#onAbort)
      this.#closed = this.file.close()
    }
    return this.#closed
  }

  readonly #onAbort = () => {
    // The owner's own close() gets the same promise and with it the failure.
    this.close().catch(() => undefined)
  }

  private refuseWhenClosed(): void {
    this.signal?.throwIfAborted()
    if (this.#closed !== undefined) throw new Error('the body is closed')
  }
}
