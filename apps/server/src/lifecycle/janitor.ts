import type { BlobStore } from '@entrepot/blob-store'
import type { Clock, Logger } from '@entrepot/kernel'
import type { UploadStore } from '@entrepot/oci-repository'

/** A blob store whose uploads lie about as files. */
export interface SweepableBlobStore extends BlobStore {
  /** @returns how many were deleted */
  sweepUploads(olderThan: Date): Promise<number>
}

const firstRoundMilliseconds = 60_000
const periodMilliseconds = 10 * 60_000
const batch = 100

/** Twice as long as an upload's record lives: whatever is older has none, or one that has expired. */
const orphanAgeMilliseconds = 52 * 60 * 60_000

/** Takes away, now and then, what clients left behind: uploads that expired, and bytes that no record knows. */
export class Janitor {
  #timer: NodeJS.Timeout | undefined
  #round: Promise<void> | undefined
  #stopped = false

  constructor(
    private readonly uploads: UploadStore,
    private readonly blobs: SweepableBlobStore,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.schedule(firstRoundMilliseconds)
  }

  /** Waits for the round that is going on. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#round
  }

  /** One round; what can't be cleaned now is logged and left for the next. */
  async clean(): Promise<void> {
    try {
      const expired = await this.cancelExpired()
      const orphans = await this.blobs.sweepUploads(new Date(this.clock.now() - orphanAgeMilliseconds))
      if (expired + orphans > 0) this.logger.info({ expired, orphans }, 'abandoned uploads were removed')
    } catch (error) {
      this.logger.warn({ err: error }, 'abandoned uploads could not be removed')
    }
  }

  private async cancelExpired(): Promise<number> {
    for (let cancelled = 0; ;) {
      const ids = await this.uploads.expired(new Date(this.clock.now()), batch)
      for (const id of ids) {
        // The record goes last: whatever fails before leaves it for the next round.
        const upload = await this.blobs.resumeUpload(id)
        await upload?.cancel()
        await this.uploads.delete(id)
        cancelled += 1
      }
      if (ids.length < batch || this.#stopped) return cancelled
    }
  }

  private schedule(milliseconds: number): void {
    if (this.#stopped) return
    this.#timer = setTimeout(() => {
      this.#round = this.clean().finally(() => this.schedule(periodMilliseconds))
    }, milliseconds)
    this.#timer.unref()
  }
}
