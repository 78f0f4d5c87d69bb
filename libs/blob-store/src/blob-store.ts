import type { Readable } from 'node:stream'
import type { ByteRange, Digest, DigestAlgorithm } from '@entrepot/kernel'
import type { BlobBody } from './blob-body.js'

declare const storageKeyBrand: unique symbol

/**
 * Where one generation of a blob's bytes lies: a random id and never the digest, so that a late delete of an old
 * generation can't hit a re-upload.
 */
export type StorageKey = string & { readonly [storageKeyBrand]: true }

declare const uploadIdBrand: unique symbol

/** The id of an upload session: random, so that it can't be guessed; what it may be used for is the registry's to check. */
export type UploadId = string & { readonly [uploadIdBrand]: true }

export interface StoredBlob {
  readonly key: StorageKey
  readonly digest: Digest
  /** In bytes. */
  readonly size: number
}

export interface OpenOptions {
  /** Inside the blob; undefined for all of it. */
  readonly range?: ByteRange | undefined
  /** Aborting closes the body; a pending `read` rejects. */
  readonly signal?: AbortSignal | undefined
}

export interface CreateUploadOptions {
  /**
   * What `commit` will probably be asked to verify: sha256 when nothing is said. A wrong guess costs reading the bytes
   * once more at commit.
   */
  readonly algorithm?: DigestAlgorithm | undefined
}

/** Bytes by key, and nothing else: it knows no repository, no name and no right. */
export interface BlobStore {
  stat(key: StorageKey): Promise<{ readonly size: number } | undefined>
  /**
   * @returns undefined when the store has no such blob
   * @throws RegistryError RANGE_NOT_SATISFIABLE for a range that is not inside the blob; the signal's reason
   */
  open(key: StorageKey, options?: OpenOptions): Promise<BlobBody | undefined>
  createUpload(options?: CreateUploadOptions): Promise<BlobUpload>
  /** Takes an upload up again, after a restart too. @returns undefined when it was committed, cancelled or never was */
  resumeUpload(id: UploadId): Promise<BlobUpload | undefined>
  /** Deleting what isn't there is no error. A body that is open goes on reading. */
  delete(key: StorageKey): Promise<void>
  /** Proves that the store can be written to: for readiness. @throws when it can't */
  check(): Promise<void>
}

export interface AppendOptions {
  readonly signal?: AbortSignal | undefined
  /** Called after each write with the offset up to which `readAt` can read. */
  readonly onProgress?: ((offset: number) => void) | undefined
}

/**
 * Bytes on their way in. Nothing is visible before `commit`. One call at a time: the registry serialises the requests of
 * one session.
 */
export interface BlobUpload {
  readonly id: UploadId
  /** Bytes received so far, which a restart of the server does not lose; the next append starts here. */
  readonly offset: number
  /**
   * Appends all of `chunk`. When the chunk breaks off or the signal aborts, what had arrived is kept and counts into
   * `offset`. The chunk remains its owner's: it is never destroyed here, so that an answer can still be sent.
   * @returns the new offset
   * @throws RegistryError STORAGE_FULL when no space is left, BLOB_UPLOAD_UNKNOWN when the upload has ended; the chunk's
   *   own error when it broke off; the signal's reason
   */
  append(chunk: Readable, options?: AppendOptions): Promise<number>
  /**
   * Verifies the digest, syncs, and makes the bytes durable under a new key; repeating it gives the same answer.
   * @throws RegistryError DIGEST_INVALID when the bytes have another digest, and STORAGE_FULL when they could not be
   *   synced: the upload is then gone. BLOB_UPLOAD_UNKNOWN when it was gone before
   */
  commit(expected: Digest): Promise<StoredBlob>
  /** Drops the bytes; may be repeated, also after `commit`, when it does nothing. */
  cancel(): Promise<void>
  /**
   * Reads bytes that have already been appended, for readers that follow a running fill; not after `commit` or `cancel`.
   * May run beside `append` and beside other reads.
   * @returns a number of bytes from 1 to target.length; 0 when nothing has been appended beyond `position` yet
   * @throws RegistryError BLOB_UPLOAD_UNKNOWN when the upload has ended
   */
  readAt(position: number, target: Buffer): Promise<number>
}
