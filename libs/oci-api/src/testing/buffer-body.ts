import type { BlobBody } from '@entrepot/blob-store'

export interface BufferBodyOptions {
  /** The most bytes of one read. */
  readonly step?: number
  /** After so many bytes every read fails. */
  readonly failAfter?: number
  /** After so many bytes a read is never done, until the body is closed. */
  readonly hangAfter?: number
}

/** Bytes in memory as a body, with the ways in which one can go wrong. */
export class BufferBody implements BlobBody {
  readonly size: number
  isClosed = false
  #position = 0
  #endHang: (() => void) | undefined

  constructor(
    private readonly bytes: Buffer,
    private readonly options: BufferBodyOptions = {},
  ) {
    this.size = bytes.length
  }

  async read(target: Buffer): Promise<number> {
    const { step, failAfter, hangAfter } = this.options
    if (failAfter !== undefined && this.#position >= failAfter) throw new Error('the disk is broken')
    if (hangAfter !== undefined && this.#position >= hangAfter) {
      await new Promise<void>((resolve) => {
        this.#endHang = resolve
      })
    }
    if (this.isClosed) throw new Error('the body is closed')
    const limit = Math.min(failAfter ?? this.bytes.length, hangAfter ?? this.bytes.length)
    const count = Math.min(target.length, step ?? target.length, limit - this.#position)
    this.bytes.copy(target, 0, this.#position, this.#position + count)
    this.#position += count
    return count
  }

  async close(): Promise<void> {
    this.isClosed = true
    this.#endHang?.()
  }
}
