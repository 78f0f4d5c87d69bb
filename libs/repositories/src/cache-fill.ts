import { createHash } from 'node:crypto'
import {
  type BlobBody,
  type BlobStore,
  type BlobUpload,
  type OpenOptions,
  resolveRange,
} from '@entrepot/blob-store'
import type { StoredBlob } from '@entrepot/blob-store'
import { algorithmOf, type Clock, hexOf, isRegistryError, type Logger, RegistryError } from '@entrepot/kernel'
import { FillBody } from './fill-body.js'
import { FillDownload } from './fill-download.js'
import { FillProgress } from './fill-progress.js'
import type { FillHandle, FillRequest } from './fill-request.js'
import type { FillSettings } from './fill-settings.js'
import { untilAborted } from './fill-until-aborted.js'

const spoolReadBytes = 1024 * 1024

/**
 * One blob on its way from the upstream into the store. It has its own abort signal and belongs to nobody's request:
 * readers come and go, none of them slows it or stops it.
 */
export class CacheFill implements FillHandle {
  readonly done: Promise<StoredBlob | undefined>
  /** Resolves when there is nothing here any more that a further reader could be given. */
  readonly over: Promise<void>
  readonly #over = Promise.withResolvers<void>()
  readonly #progress = new FillProgress()
  readonly #abort = new AbortController()
  #readers = 0
  #gone = false
  #unread: NodeJS.Timeout | undefined
  /** Where bytes lie that are not kept. */
  #spool: BlobUpload | undefined

  constructor(
    private readonly request: FillRequest,
    private readonly store: BlobStore,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly settings: FillSettings,
  ) {
    this.over = this.#over.promise
    this.done = this.run()
    // Readers are told by the progress; whoever waits for `done` as well is told there.
    this.done.catch(() => undefined)
  }

  get failed(): boolean {
    const { outcome } = this.#progress
    return outcome !== undefined && 'failure' in outcome
  }

  get gone(): boolean {
    return this.#gone
  }

  size(): Promise<number> {
    return this.#progress.size()
  }

  async open(options: OpenOptions = {}): Promise<BlobBody> {
    options.signal?.throwIfAborted()
    if (this.#gone) throw this.left()
    const leave = this.enter()
    try {
      const size = await untilAborted(this.size(), options.signal)
      const range = resolveRange(options.range, size)
      // Nothing of an empty blob can be held back until its digest is verified.
      if (size === 0) await untilAborted(this.done, options.signal)
      const { outcome } = this.#progress
      if (outcome !== undefined && 'failure' in outcome) throw outcome.failure
      return new FillBody(this.#progress, this.store, range, options.signal, leave)
    } catch (error) {
      leave()
      throw error
    }
  }

  /** Ends it, unless all bytes are there: then it is still committed. */
  abort(reason: RegistryError): void {
    this.#abort.abort(reason)
  }

  /** Lets bytes go that are not kept, whoever reads them. */
  async letGo(): Promise<void> {
    if (this.request.isKept !== false) return
    this.#gone = true
    clearTimeout(this.#unread)
    this.#abort.abort(this.left())
    await this.done.catch(() => undefined)
    if (this.#spool !== undefined) await this.cancel(this.#spool)
    this.#over.resolve()
  }

  /** Counts a reader. @returns what ends that, which may be called again */
  private enter(): () => void {
    clearTimeout(this.#unread)
    this.#readers += 1
    let isIn = true
    return () => {
      if (!isIn) return
      isIn = false
      this.#readers -= 1
      this.whenUnread()
    }
  }

  /** What nobody reads is not fetched to its end, nor held, when it is not to be kept. */
  private whenUnread(): void {
    if (this.request.isKept !== false || this.#readers > 0 || this.#gone) return
    clearTimeout(this.#unread)
    this.#unread = setTimeout(() => void this.letGo(), this.settings.unreadMilliseconds)
    this.#unread.unref()
  }

  private left(): RegistryError {
    return new RegistryError(
      'UNAVAILABLE',
      `blob ${this.request.digest} is not kept, and nobody read it any more`,
    )
  }

  private async run(): Promise<StoredBlob | undefined> {
    try {
      const found = await this.request.stored?.()
      const stored = found ?? (await this.bringIn())
      if (stored === undefined) {
        this.whenUnread()
        return undefined
      }
      this.#progress.succeeded(stored)
      this.#over.resolve()
      return stored
    } catch (error) {
      this.#progress.failed(error)
      this.#over.resolve()
      throw error
    }
  }

  private async bringIn(): Promise<StoredBlob | undefined> {
    const { digest, isKept = true } = this.request
    const startedAt = this.clock.now()
    const upload = await this.store.createUpload({ algorithm: algorithmOf(digest) })
    this.#progress.started(upload)
    const download = new FillDownload(this.request, upload, this.#progress, this.settings, this.logger)
    try {
      await download.run(this.#abort.signal)
      const stored = isKept ? await this.request.commit(await this.verify(upload)) : undefined
      if (!isKept) await this.verifySpooled(upload)
      const milliseconds = this.clock.now() - startedAt
      const { connections } = download
      const news = isKept ? 'blob cached' : 'blob passed through'
      this.logger.info({ digest, bytes: upload.offset, milliseconds, connections }, news)
      return stored
    } catch (error) {
      // Told before the clean-up, which a reader or the next request need not wait for.
      this.#progress.failed(error)
      const { offset } = this.#progress
      if (offset > 0 && !this.#gone) this.logger.warn({ err: error, digest, offset }, 'blob not cached')
      await this.cancel(upload)
      throw error
    }
  }

  private async cancel(upload: BlobUpload): Promise<void> {
    await upload.cancel().catch((failure: unknown) => {
      const { digest } = this.request
      this.logger.warn({ err: failure, digest, upload: upload.id }, 'what was left of a fill was not deleted')
    })
  }

  private async verify(upload: BlobUpload): Promise<StoredBlob> {
    try {
      return await upload.commit(this.request.digest)
    } catch (error) {
      if (!isRegistryError(error, 'DIGEST_INVALID')) throw error
      throw this.wrong(error.message, error)
    }
  }

  /** Reads what has come once more, from where it lies. */
  private async verifySpooled(upload: BlobUpload): Promise<void> {
    const { digest } = this.request
    const hash = createHash(algorithmOf(digest))
    const target = Buffer.allocUnsafe(spoolReadBytes)
    for (let position = 0; position < upload.offset;) {
      this.#abort.signal.throwIfAborted()
      const count = await upload.readAt(position, target)
      if (count === 0) throw new Error(`the spool of ${digest} has lost bytes from ${position} on`)
      hash.update(target.subarray(0, count))
      position += count
    }
    const actual = hash.digest('hex')
    if (actual !== hexOf(digest))
      throw this.wrong(`its digest is ${algorithmOf(digest)}:${actual}, not ${digest}`)
    this.#spool = upload
    this.#progress.verified()
  }

  private wrong(why: string, cause?: RegistryError): RegistryError {
    const detail = cause === undefined ? {} : { detail: cause.detail, cause }
    return new RegistryError('UPSTREAM_FAILED', `the upstream sent a wrong blob: ${why}`, detail)
  }
}
