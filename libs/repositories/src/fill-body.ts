import type { BlobBody, BlobStore } from '@entrepot/blob-store'
import { isRegistryError, RegistryError } from '@entrepot/kernel'
import type { FillProgress } from './fill-progress.js'

export interface FillRange {
  readonly start: number
  readonly length: number
}

/** One reader of a fill: follows the spool while it grows, and goes on from the store once the blob is there. */
export class FillBody implements BlobBody {
  readonly size: number
  #position: number
  readonly #end: number
  #stored: BlobBody | undefined
  #closed = false
  #wake: (() => void) | undefined
  readonly #unfollow: () => void

  constructor(
    private readonly progress: FillProgress,
    private readonly store: BlobStore,
    range: FillRange,
    private readonly signal: AbortSignal | undefined,
    private readonly onClosed: () => void,
  ) {
    this.size = range.length
    this.#position = range.start
    this.#end = range.start + range.length
    this.#unfollow = progress.follow(() => this.#wake?.())
    signal?.addEventListener('abort', this.#onAbort)
  }

  async read(target: Buffer): Promise<number> {
    for (;;) {
      this.refuseWhenClosed()
      const wanted = target.subarray(0, this.#end - this.#position)
      if (wanted.length === 0) return 0
      const count = await this.readSome(wanted)
      this.refuseWhenClosed()
      this.#position += count
      if (count > 0) return count
    }
  }

  async close(): Promise<void> {
    this.leave()
    await this.#stored?.close()
    this.onClosed()
  }

  /** @returns 0 when there was nothing to read, but may be by now */
  private async readSome(target: Buffer): Promise<number> {
    const { outcome, readable } = this.progress
    if (outcome !== undefined) {
      if ('failure' in outcome) throw outcome.failure
      if ('verified' in outcome) return this.progress.readAt(this.#position, target)
      this.#stored ??= await this.openStored()
      return this.#stored.read(target)
    }
    if (this.#position >= readable) {
      await this.nextStep()
      return 0
    }
    try {
      return await this.progress.readAt(this.#position, target)
    } catch (error) {
      // The upload has just been committed or dropped: the outcome says which, at once or in a moment.
      if (!isRegistryError(error, 'BLOB_UPLOAD_UNKNOWN')) throw error
      if (this.progress.outcome === undefined) await this.nextStep()
      return 0
    }
  }

  private async openStored(): Promise<BlobBody> {
    const { outcome } = this.progress
    if (outcome === undefined || !('stored' in outcome))
      throw new Error('a fill that has not ended has stored nothing')
    const range = { start: this.#position, end: this.#end - 1 }
    const body = await this.store.open(outcome.stored.key, { range, signal: this.signal })
    if (body === undefined) {
      throw new RegistryError('BLOB_UNKNOWN', `blob ${outcome.stored.digest} was deleted while it was read`)
    }
    if (this.#closed) {
      await body.close()
      this.refuseWhenClosed()
    }
    return body
  }

  private nextStep(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  private leave(): void {
    this.#closed = true
    this.#unfollow()
    this.signal?.removeEventListener('abort', this.#onAbort)
    this.#wake?.()
  }

  readonly #onAbort = () => this.leave()

  private refuseWhenClosed(): void {
    this.signal?.throwIfAborted()
    if (this.#closed) throw new Error('the body is closed')
  }
}
