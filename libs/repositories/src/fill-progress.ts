import type { BlobUpload, StoredBlob } from '@entrepot/blob-store'

/**
 * The last bytes of a blob reach nobody before its digest is verified, so that no reader can complete a wrong blob.
 */
const heldBackBytes = 64 * 1024

type Outcome =
  | { readonly stored: StoredBlob }
  | { readonly failure: unknown }
  /** Of a fill that keeps nothing: all bytes are there, and the right ones. */
  | { readonly verified: true }

/** How far a fill has come: written by the fill, followed by its readers. */
export class FillProgress {
  readonly #size = Promise.withResolvers<number>()
  readonly #listeners = new Set<() => void>()
  #upload: BlobUpload | undefined
  #total: number | undefined
  #offset = 0
  #outcome: Outcome | undefined

  constructor() {
    // A fill that fails while nobody waits for the size is told by its outcome.
    this.#size.promise.catch(() => undefined)
  }

  get outcome(): Outcome | undefined {
    return this.#outcome
  }

  /** The size of the blob; undefined until the upstream has told it. */
  get total(): number | undefined {
    return this.#total
  }

  /** Bytes that have arrived. */
  get offset(): number {
    return this.#offset
  }

  /** Bytes that readers may have by now. */
  get readable(): number {
    if (this.#total === undefined) return 0
    const heldBack = this.#outcome !== undefined && 'verified' in this.#outcome ? 0 : heldBackBytes
    return Math.max(0, Math.min(this.#offset, this.#total - heldBack))
  }

  size(): Promise<number> {
    return this.#size.promise
  }

  readAt(position: number, target: Buffer): Promise<number> {
    if (this.#upload === undefined) throw new Error('nothing can be read before the upload is there')
    return this.#upload.readAt(position, target.subarray(0, this.readable - position))
  }

  /** Calls back after every step. @returns what ends that */
  follow(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  started(upload: BlobUpload): void {
    this.#upload = upload
  }

  sizeKnown(total: number): void {
    this.#total = total
    this.#size.resolve(total)
    this.tell()
  }

  advanced(offset: number): void {
    this.#offset = offset
    this.tell()
  }

  succeeded(stored: StoredBlob): void {
    this.sizeKnown(stored.size)
    this.#outcome = { stored }
    this.tell()
  }

  verified(): void {
    this.#outcome = { verified: true }
    this.tell()
  }

  failed(failure: unknown): void {
    this.#outcome = { failure }
    this.#size.reject(failure)
    this.tell()
  }

  private tell(): void {
    for (const listener of this.#listeners) listener()
  }
}
