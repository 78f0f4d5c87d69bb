import {
  type BlobBody,
  type BlobStore,
  type BlobUpload,
  type OpenOptions,
  resolveRange,
} from '@entrepot/blob-store'
import type { StoredBlob } from '@entrepot/blob-store'
import { algorithmOf, type Clock, isRegistryError, type Logger, RegistryError } from '@entrepot/kernel'
import { FillBody } from './fill-body.js'
import { FillDownload } from './fill-download.js'
import { FillProgress } from './fill-progress.js'
import type { FillHandle, FillRequest } from './fill-request.js'
import type { FillSettings } from './fill-settings.js'
import { untilAborted } from './fill-until-aborted.js'

/**
 * One blob on its way from the upstream into the store. It has its own abort signal and belongs to nobody's request:
 * readers come and go, none of them slows it or stops it.
 */
export class CacheFill implements FillHandle {
  readonly done: Promise<StoredBlob>
  readonly #progress = new FillProgress()
  readonly #abort = new AbortController()

  constructor(
    private readonly request: FillRequest,
    private readonly store: BlobStore,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly settings: FillSettings,
  ) {
    this.done = this.run()
    // Readers are told by the progress; whoever waits for `done` as well is told there.
    this.done.catch(() => undefined)
  }

  get failed(): boolean {
    const { outcome } = this.#progress
    return outcome !== undefined && 'failure' in outcome
  }

  size(): Promise<number> {
    return this.#progress.size()
  }

  async open(options: OpenOptions = {}): Promise<BlobBody> {
    options.signal?.throwIfAborted()
    const size = await untilAborted(this.size(), options.signal)
    const range = resolveRange(options.range, size)
    // Nothing of an empty blob can be held back until its digest is verified.
    if (size === 0) await untilAborted(this.done, options.signal)
    const { outcome } = this.#progress
    if (outcome !== undefined && 'failure' in outcome) throw outcome.failure
    return new FillBody(this.#progress, this.store, range, options.signal)
  }

  /** Ends it, unless all bytes are there: then it is still committed. */
  abort(reason: RegistryError): void {
    this.#abort.abort(reason)
  }

  private async run(): Promise<StoredBlob> {
    try {
      const found = await this.request.stored?.()
      const stored = found ?? (await this.bringIn())
      this.#progress.succeeded(stored)
      return stored
    } catch (error) {
      this.#progress.failed(error)
      throw error
    }
  }

  private async bringIn(): Promise<StoredBlob> {
    const { digest } = this.request
    const startedAt = this.clock.now()
    const upload = await this.store.createUpload({ algorithm: algorithmOf(digest) })
    this.#progress.started(upload)
    const download = new FillDownload(this.request, upload, this.#progress, this.settings, this.logger)
    try {
      await download.run(this.#abort.signal)
      const verified = await this.verify(upload)
      const stored = await this.request.commit(verified)
      const milliseconds = this.clock.now() - startedAt
      const { connections } = download
      this.logger.info({ digest, bytes: stored.size, milliseconds, connections }, 'blob cached')
      return stored
    } catch (error) {
      // Told before the clean-up, which a reader or the next request need not wait for.
      this.#progress.failed(error)
      const { offset } = this.#progress
      if (offset > 0) this.logger.warn({ err: error, digest, offset }, 'blob not cached')
      await upload.cancel().catch((failure: unknown) => {
        this.logger.warn(
          { err: failure, digest, upload: upload.id },
          'what was left of a fill was not deleted',
        )
      })
      throw error
    }
  }

  private async verify(upload: BlobUpload): Promise<StoredBlob> {
    try {
      return await upload.commit(this.request.digest)
    } catch (error) {
      if (!isRegistryError(error, 'DIGEST_INVALID')) throw error
      throw new RegistryError('UPSTREAM_FAILED', `the upstream sent a wrong blob: ${error.message}`, {
        detail: error.detail,
        cause: error,
      })
    }
  }
}
