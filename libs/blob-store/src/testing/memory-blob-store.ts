import { createHash, randomUUID } from 'node:crypto'
import type { Readable } from 'node:stream'
import { algorithmOf, type Digest, finishDigest } from '@entrepot/kernel'
import type { BlobBody } from '../blob-body.js'
import type {
  AppendOptions,
  BlobStore,
  BlobUpload,
  OpenOptions,
  StorageKey,
  StoredBlob,
  UploadId,
} from '../blob-store.js'
import { holdErrors } from '../hold-errors.js'
import { receive } from '../receive.js'
import { resolveRange } from '../resolve-range.js'
import { storageErrors } from '../storage-errors.js'

const place = 'memory'

class Medium {
  readonly blobs = new Map<StorageKey, Buffer>()
  readonly uploads = new Map<UploadId, Buffer>()
  openBodies = 0

  constructor(readonly capacity: number) {}

  get used(): number {
    return [...this.blobs.values(), ...this.uploads.values()].reduce((sum, bytes) => sum + bytes.length, 0)
  }
}

/** The fake beside the port: the same contract, bytes in memory, no clean-up needed. */
export class MemoryBlobStore implements BlobStore {
  readonly #medium: Medium

  /** @param capacity bytes after which the store is full */
  constructor(capacity: number | MemoryBlobStore = Number.POSITIVE_INFINITY) {
    this.#medium = typeof capacity === 'number' ? new Medium(capacity) : capacity.#medium
  }

  /** Another store over the same bytes, as after a restart or on another replica. */
  reopened(): MemoryBlobStore {
    return new MemoryBlobStore(this)
  }

  /** How many blobs are stored. */
  get blobCount(): number {
    return this.#medium.blobs.size
  }

  /** How many uploads were neither committed nor cancelled. */
  get uploadCount(): number {
    return this.#medium.uploads.size
  }

  /** How many bodies were opened and not closed. */
  get openBodies(): number {
    return this.#medium.openBodies
  }

  /** Stores a blob at once, for arranging a test. */
  put(bytes: Uint8Array, digest: Digest): StoredBlob {
    const key = randomUUID() as string as StorageKey
    this.#medium.blobs.set(key, Buffer.from(bytes))
    return { key, digest, size: bytes.length }
  }

  async stat(key: StorageKey): Promise<{ readonly size: number } | undefined> {
    const bytes = this.#medium.blobs.get(key)
    return bytes === undefined ? undefined : { size: bytes.length }
  }

  async open(key: StorageKey, options: OpenOptions = {}): Promise<BlobBody | undefined> {
    options.signal?.throwIfAborted()
    const bytes = this.#medium.blobs.get(key)
    if (bytes === undefined) return undefined
    const { start, length } = resolveRange(options.range, bytes.length)
    return new MemoryBody(bytes.subarray(start, start + length), options.signal, this.#medium)
  }

  async createUpload(): Promise<BlobUpload> {
    const id = randomUUID() as string as UploadId
    this.#medium.uploads.set(id, Buffer.alloc(0))
    return new MemoryUpload(id, this.#medium)
  }

  async resumeUpload(id: UploadId): Promise<BlobUpload | undefined> {
    return this.#medium.uploads.has(id) ? new MemoryUpload(id, this.#medium) : undefined
  }

  async delete(key: StorageKey): Promise<void> {
    this.#medium.blobs.delete(key)
  }

  async check(): Promise<void> {
    if (this.#medium.used >= this.#medium.capacity) throw storageErrors.full(place)
  }
}

class MemoryUpload implements BlobUpload {
  #stored: StoredBlob | undefined

  constructor(
    readonly id: UploadId,
    private readonly medium: Medium,
  ) {}

  get offset(): number {
    return this.#stored?.size ?? this.medium.uploads.get(this.id)?.length ?? 0
  }

  async append(chunk: Readable, options: AppendOptions = {}): Promise<number> {
    holdErrors(chunk)
    this.bytes()
    const write = async (batch: readonly Buffer[], length: number) => {
      if (this.medium.used + length > this.medium.capacity) throw storageErrors.full(place)
      this.medium.uploads.set(this.id, Buffer.concat([this.bytes(), ...batch]))
      options.onProgress?.(this.offset)
    }
    await receive(chunk, write, { batchBytes: 1, onChunk: () => undefined, signal: options.signal })
    return this.offset
  }

  async commit(expected: Digest): Promise<StoredBlob> {
    if (this.#stored !== undefined) {
      if (this.#stored.digest !== expected) throw storageErrors.wrongDigest(expected, this.#stored.digest)
      return this.#stored
    }
    const bytes = this.bytes()
    this.medium.uploads.delete(this.id)
    const algorithm = algorithmOf(expected)
    const actual = finishDigest(createHash(algorithm).update(bytes), algorithm)
    if (actual !== expected) throw storageErrors.wrongDigest(expected, actual)
    this.#stored = { key: randomUUID() as string as StorageKey, digest: actual, size: bytes.length }
    this.medium.blobs.set(this.#stored.key, bytes)
    return this.#stored
  }

  async cancel(): Promise<void> {
    this.medium.uploads.delete(this.id)
  }

  async readAt(position: number, target: Buffer): Promise<number> {
    return this.bytes().subarray(position).copy(target)
  }

  private bytes(): Buffer {
    const bytes = this.medium.uploads.get(this.id)
    if (bytes === undefined) throw storageErrors.uploadUnknown(this.id)
    return bytes
  }
}

class MemoryBody implements BlobBody {
  #position = 0
  #closed = false

  constructor(
    private readonly bytes: Buffer,
    private readonly signal: AbortSignal | undefined,
    private readonly medium: Medium,
  ) {
    medium.openBodies += 1
    signal?.addEventListener('abort', this.#onAbort)
  }

  get size(): number {
    return this.bytes.length
  }

  async read(target: Buffer): Promise<number> {
    this.refuseWhenClosed()
    await new Promise(setImmediate)
    this.refuseWhenClosed()
    const count = this.bytes.copy(target, 0, this.#position)
    this.#position += count
    return count
  }

  async close(): Promise<void> {
    this.#close()
  }

  readonly #onAbort = () => this.#close()

  #close(): void {
    if (this.#closed) return
    this.#closed = true
    this.medium.openBodies -= 1
    this.signal?.removeEventListener('abort', this.#onAbort)
  }

  private refuseWhenClosed(): void {
    this.signal?.throwIfAborted()
    if (this.#closed) throw new Error('the body is closed')
  }
}
