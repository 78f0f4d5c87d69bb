import { randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { algorithmOf, type Digest, type DigestAlgorithm } from '@entrepot/kernel'
import type { AppendOptions, BlobUpload, StorageKey, StoredBlob, UploadId } from '../../blob-store.js'
import { holdErrors } from '../../hold-errors.js'
import { receive } from '../../receive.js'
import { storageErrors } from '../../storage-errors.js'
import type { BlobLayout } from './blob-layout.js'
import { asStorageError, isAbsent } from './file-errors.js'
import type { HashThreads } from './hash-threads.js'
import { RunningHash } from './running-hash.js'
import { SharedFile } from './shared-file.js'
import { syncFolder } from './sync-folder.js'
import type { SyncSlot } from './sync-slot.js'

const batchBytes = 1024 * 1024

/** Written back in the background after this many bytes, so that `commit` has little left to sync. */
const syncEveryBytes = 64 * 1024 * 1024

export interface FilesystemUploadOptions {
  readonly id: UploadId
  readonly path: string
  readonly layout: BlobLayout
  readonly algorithm: DigestAlgorithm
  /** Bytes the file has already. */
  readonly size: number
  /** Shared by all uploads of a store. */
  readonly syncSlot: SyncSlot
  readonly hashThreads: HashThreads
  readonly onEnd: (id: UploadId) => void
}

/**
 * One batch of chunks is received while the one before it is written in the thread pool, and a thread hashes what was
 * written. The file is the truth about the offset; the hash catches up with what it has not seen: all of the file after a
 * restart, what another replica appended otherwise.
 */
export class FilesystemUpload implements BlobUpload {
  readonly id: UploadId
  readonly #file: SharedFile
  readonly #hash: RunningHash
  #size: number
  #unsynced = 0
  #syncing: Promise<void> | undefined
  #syncFailure: { readonly error: unknown } | undefined
  #committing: Promise<StoredBlob> | undefined
  #stored: StoredBlob | undefined
  #gone = false
  #forgotten = false

  constructor(private readonly options: FilesystemUploadOptions) {
    this.id = options.id
    this.#size = options.size
    this.#file = new SharedFile(() => this.openFile())
    this.#hash = new RunningHash(options.algorithm, options.hashThreads)
  }

  get offset(): number {
    return this.#size
  }

  /** True while a call on this upload runs. */
  get busy(): boolean {
    return this.#file.inUse
  }

  /** Takes note of what another process appended to the file. */
  foundSize(size: number): void {
    this.#size = size
    this.#hash.foundSize(size)
  }

  /** Gives back what is remembered between two calls, when one that runs is done. */
  forget(): void {
    this.#forgotten = true
    if (!this.busy) this.#hash.forget()
  }

  async append(chunk: Readable, options: AppendOptions = {}): Promise<number> {
    holdErrors(chunk)
    return this.whileOpen(async (file) => {
      this.#hash.foundSize(this.#size)
      try {
        await receive(chunk, (batch, length) => this.write(file, batch, length, options), {
          batchBytes,
          onChunk: (bytes) => this.#hash.update(bytes),
          signal: options.signal,
        })
      } catch (error) {
        this.#size = (await file.stat()).size
        await this.#hash.settled()
        this.#hash.foundSize(this.#size)
        throw error
      } finally {
        await this.#hash.settled()
        await this.#syncing
      }
      await this.refuseUnsynced()
      return this.#size
    })
  }

  async commit(expected: Digest): Promise<StoredBlob> {
    if (this.#stored === undefined) {
      this.#committing ??= this.store(expected).finally(() => (this.#committing = undefined))
      this.#stored = await this.#committing
    }
    if (this.#stored.digest !== expected) throw storageErrors.wrongDigest(expected, this.#stored.digest)
    return this.#stored
  }

  async cancel(): Promise<void> {
    this.#gone = true
    this.forget()
    this.options.onEnd(this.id)
    await rm(this.options.path, { force: true })
  }

  async readAt(position: number, target: Buffer): Promise<number> {
    return this.whileOpen(async (file) => {
      const wanted = Math.min(target.length, this.#size - position)
      if (wanted <= 0) return 0
      return (await file.read(target, 0, wanted, position)).bytesRead
    })
  }

  private async whileOpen<T>(work: (file: FileHandle) => Promise<T>): Promise<T> {
    if (this.#gone || this.#stored !== undefined) throw storageErrors.uploadUnknown(this.id)
    try {
      return await this.#file.use(work)
    } finally {
      if (this.#forgotten && !this.busy) this.#hash.forget()
    }
  }

  private openFile(): Promise<FileHandle> {
    return open(this.options.path, 'r+').catch((error: unknown) => {
      throw this.told(error)
    })
  }

  private async write(
    file: FileHandle,
    batch: readonly Buffer[],
    length: number,
    options: AppendOptions,
  ): Promise<void> {
    let rest = batch
    const end = this.#size + length
    while (this.#size < end) {
      const { bytesWritten } = await file.writev(rest, this.#size).catch((error: unknown) => {
        throw this.told(error)
      })
      this.#size += bytesWritten
      this.#unsynced += bytesWritten
      if (this.#size < end) rest = withoutFirst(rest, bytesWritten)
    }
    options.onProgress?.(this.#size)
    await this.refuseUnsynced()
    this.syncInBackground(file)
    await this.#hash.follow(file, this.#size)
  }

  private syncInBackground(file: FileHandle): void {
    if (this.#unsynced < syncEveryBytes) return
    const syncing = this.options.syncSlot.tryRun(() => file.datasync())
    if (syncing === undefined) return
    this.#unsynced = 0
    this.#syncing = syncing.catch((error: unknown) => {
      this.#syncFailure = { error }
    })
  }

  /** After a failed sync nobody knows which bytes the disk has, and a second sync would claim success: all is dropped. */
  private async refuseUnsynced(): Promise<void> {
    if (this.#syncFailure === undefined) return
    await this.cancel()
    throw this.told(this.#syncFailure.error)
  }

  private store(expected: Digest): Promise<StoredBlob> {
    return this.whileOpen(async (file) => {
      const actual = await this.digest(file, algorithmOf(expected))
      if (actual !== expected) {
        await this.cancel()
        throw storageErrors.wrongDigest(expected, actual)
      }
      await file.datasync().catch((error: unknown) => {
        this.#syncFailure = { error }
      })
      await this.refuseUnsynced()
      const key = await this.moveToBlobs().catch((error: unknown) => {
        throw this.told(error)
      })
      this.forget()
      this.options.onEnd(this.id)
      return { key, digest: actual, size: this.#size }
    })
  }

  private async moveToBlobs(): Promise<StorageKey> {
    const { layout, path } = this.options
    const key = randomUUID() as string as StorageKey
    const target = layout.blob(key)
    if (target === undefined) throw new Error(`${key} is not a storage key`)
    if ((await mkdir(target.folder, { recursive: true })) !== undefined) await syncFolder(layout.blobs)
    await rename(path, target.path)
    await syncFolder(target.folder)
    return key
  }

  private told(error: unknown): unknown {
    return isAbsent(error)
      ? storageErrors.uploadUnknown(this.id)
      : asStorageError(error, this.options.layout.root)
  }

  private async digest(file: FileHandle, algorithm: DigestAlgorithm): Promise<Digest> {
    const known = algorithm === this.#hash.algorithm
    const hash = known ? this.#hash : new RunningHash(algorithm, this.options.hashThreads)
    try {
      return await hash.digest(file, this.#size)
    } finally {
      if (!known) hash.forget()
    }
  }
}

function withoutFirst(buffers: readonly Buffer[], count: number): readonly Buffer[] {
  let skip = count
  const rest: Buffer[] = []
  for (const buffer of buffers) {
    if (skip < buffer.length) rest.push(buffer.subarray(skip))
    skip = Math.max(0, skip - buffer.length)
  }
  return rest
}
