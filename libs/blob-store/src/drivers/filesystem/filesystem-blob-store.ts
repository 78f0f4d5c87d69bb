import { randomUUID } from 'node:crypto'
import { mkdir, open, opendir, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { canonicalAlgorithm, type DigestAlgorithm } from '@entrepot/kernel'
import type { BlobBody } from '../../blob-body.js'
import type {
  BlobStore,
  BlobUpload,
  CreateUploadOptions,
  OpenOptions,
  StorageKey,
  UploadId,
} from '../../blob-store.js'
import { BlobLayout } from './blob-layout.js'
import { asStorageError, isAbsent } from './file-errors.js'
import { FilesystemBody } from './filesystem-body.js'
import { FilesystemUpload } from './filesystem-upload.js'
import { type HashThreads, hashThreads } from './hash-threads.js'
import { SyncSlot } from './sync-slot.js'

/** Uploads whose running hash is remembered between two requests; one that was forgotten reads its bytes once more. */
const rememberedUploads = 4096

/** Blobs as files under one root folder, which several replicas may share. */
export class FilesystemBlobStore implements BlobStore {
  readonly #uploads = new Map<UploadId, FilesystemUpload>()
  readonly #syncSlot = new SyncSlot()

  private constructor(
    private readonly layout: BlobLayout,
    private readonly threads: HashThreads,
  ) {}

  /** Makes the folders where they are missing. */
  static async at(root: string, threads: HashThreads = hashThreads): Promise<FilesystemBlobStore> {
    const layout = new BlobLayout(resolve(root))
    await mkdir(layout.uploads, { recursive: true })
    await mkdir(layout.blobs, { recursive: true })
    return new FilesystemBlobStore(layout, threads)
  }

  async stat(key: StorageKey): Promise<{ readonly size: number } | undefined> {
    const size = await fileSize(this.layout.blob(key)?.path)
    return size === undefined ? undefined : { size }
  }

  async open(key: StorageKey, options: OpenOptions = {}): Promise<BlobBody | undefined> {
    const place = this.layout.blob(key)
    return place === undefined ? undefined : FilesystemBody.open(place.path, options)
  }

  async createUpload(options: CreateUploadOptions = {}): Promise<BlobUpload> {
    const id = randomUUID() as string as UploadId
    const path = join(this.layout.uploads, id)
    try {
      await (await open(path, 'wx')).close()
    } catch (error) {
      throw asStorageError(error, this.layout.root)
    }
    return this.remember(id, path, 0, options.algorithm ?? canonicalAlgorithm)
  }

  async resumeUpload(id: UploadId): Promise<BlobUpload | undefined> {
    const path = this.layout.upload(id)
    const size = await fileSize(path)
    if (path === undefined || size === undefined) {
      this.forget(id)
      return undefined
    }
    const known = this.#uploads.get(id)
    if (known === undefined) return this.remember(id, path, size, canonicalAlgorithm)
    if (!known.busy) known.foundSize(size)
    return known
  }

  async delete(key: StorageKey): Promise<void> {
    const place = this.layout.blob(key)
    if (place !== undefined) await rm(place.path, { force: true })
  }

  async check(): Promise<void> {
    const probe = join(this.layout.uploads, randomUUID())
    try {
      const file = await open(probe, 'wx')
      try {
        await file.write(Buffer.from('probe'))
        await file.sync()
      } finally {
        await file.close()
      }
    } catch (error) {
      throw asStorageError(error, this.layout.root)
    } finally {
      await rm(probe, { force: true })
    }
  }

  /**
   * Deletes uploads that nobody has appended to since `olderThan`. For what no record knows any more: choose it further
   * back than any record lives.
   * @returns how many were deleted
   */
  async sweepUploads(olderThan: Date): Promise<number> {
    let swept = 0
    for await (const entry of await opendir(this.layout.uploads)) {
      const id = entry.name as UploadId
      const path = this.layout.upload(id)
      if (path === undefined || this.#uploads.get(id)?.busy === true) continue
      const modified = await stat(path).catch(undefinedWhenAbsent)
      if (modified === undefined || modified.mtime >= olderThan) continue
      await rm(path, { force: true })
      this.forget(id)
      swept += 1
    }
    return swept
  }

  private remember(id: UploadId, path: string, size: number, algorithm: DigestAlgorithm): FilesystemUpload {
    const upload = new FilesystemUpload({
      id,
      path,
      layout: this.layout,
      algorithm,
      size,
      syncSlot: this.#syncSlot,
      hashThreads: this.threads,
      onEnd: (ended) => this.#uploads.delete(ended),
    })
    this.#uploads.set(id, upload)
    const [oldest] = this.#uploads.keys()
    if (this.#uploads.size > rememberedUploads && oldest !== undefined) this.forget(oldest)
    return upload
  }

  private forget(id: UploadId): void {
    this.#uploads.get(id)?.forget()
    this.#uploads.delete(id)
  }
}

async function fileSize(path: string | undefined): Promise<number | undefined> {
  if (path === undefined) return undefined
  return (await stat(path).catch(undefinedWhenAbsent))?.size
}

function undefinedWhenAbsent(error: unknown): undefined {
  if (isAbsent(error)) return undefined
  throw error
}
