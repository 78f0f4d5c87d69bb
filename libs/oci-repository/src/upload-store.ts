import type { UploadId } from '@entrepot/blob-store'
import type { ImageName } from '@entrepot/oci-model'
import type { RepositoryId } from '@entrepot/repositories'

/** Whose an upload is: bound to a repository, an image and a user. Its bytes are the blob store's. */
export interface UploadRecord {
  readonly id: UploadId
  readonly repository: RepositoryId
  readonly image: ImageName
  readonly owner: string
  readonly expiresAt: Date
}

export interface UploadStore {
  create(upload: UploadRecord): Promise<void>
  find(id: UploadId): Promise<UploadRecord | undefined>
  delete(id: UploadId): Promise<void>
  /** Ids of up to `limit` uploads that expired before `now`; their repository may be gone. */
  expired(now: Date, limit: number): Promise<readonly UploadId[]>
  /** Uploads that have neither ended nor expired. */
  count(now: Date): Promise<number>
}
