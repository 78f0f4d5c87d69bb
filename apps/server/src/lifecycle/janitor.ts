import type { BlobStore } from '@entrepot/blob-store'
import type { Clock, Logger } from '@entrepot/kernel'
import type { UploadStore } from '@entrepot/oci-repository'
import { Rounds } from './rounds.js'

/** A blob store whose uploads lie about as files. */
export interface SweepableBlobStore extends BlobStore {
  /** @returns how many were deleted */
  sweepUploads(olderThan: Date): Promise<number>
}

const timing = { first: 60_000, period: 10 * 60_000 }
const batch = 100

/** Twice as long as an upload's record lives: whatever is older has none, or one that has expired. */
const orphanAgeMilliseconds = 52 * 60 * 60_000

/** Takes away, now and then, what clients left behind: uploads that expired, and bytes that no record knows. */
export class Janitor {
  readonly #rounds = new Rounds(timing, () => this.clean())

  constructor(
    private readonly uploads: UploadStore,
    private readonly blobs: SweepableBlobStore,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.#rounds.start()
  }

  /** Waits for the round that is going on. */
  stop(): Promise<void> {
    return this.#rounds.stop()
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
      if (ids.length < batch || this.#rounds.isStopped) return cancelled
    }
  }
}
