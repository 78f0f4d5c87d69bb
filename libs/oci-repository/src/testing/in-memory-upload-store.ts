import type { UploadId } from '@entrepot/blob-store'
import type { UploadRecord, UploadStore } from '../upload-store.js'

export class InMemoryUploadStore implements UploadStore {
  readonly #uploads = new Map<UploadId, UploadRecord>()

  async create(upload: UploadRecord): Promise<void> {
    this.#uploads.set(upload.id, upload)
  }

  async find(id: UploadId): Promise<UploadRecord | undefined> {
    return this.#uploads.get(id)
  }

  async delete(id: UploadId): Promise<void> {
    this.#uploads.delete(id)
  }

  async expired(now: Date, limit: number): Promise<readonly UploadId[]> {
    const over = [...this.#uploads.values()].filter((upload) => upload.expiresAt < now)
    return over.slice(0, limit).map((upload) => upload.id)
  }

  async count(now: Date): Promise<number> {
    return [...this.#uploads.values()].filter((upload) => upload.expiresAt >= now).length
  }
}
