import type { Readable } from 'node:stream'
import type { BlobBody, OpenOptions, StoredBlob } from '@entrepot/blob-store'
import type { Digest } from '@entrepot/kernel'

/** What an upstream sends of a blob. */
export interface FillSource {
  /** The fill reads it, and destroys it when it is done. */
  readonly body: Readable
  /** Of the whole blob, in bytes; undefined when the upstream doesn't say. */
  readonly size: number | undefined
  /** Where in the blob `body` starts. */
  readonly startsAt: number
}

export interface FillRequest {
  readonly digest: Digest
  /** In bytes, when it is known already: an upstream that says otherwise is refused. */
  readonly size?: number | undefined
  /**
   * Asked once more when the fill has its place in the table: another one may have ended after the caller looked.
   */
  readonly stored?: (() => Promise<StoredBlob | undefined>) | undefined
  /**
   * Asks the upstream for the blob from `fromOffset` on. An answer that starts before is taken too; what is too much is
   * skipped. `signal` is the fill's own.
   */
  fetch(fromOffset: number, signal: AbortSignal): Promise<FillSource>
  /**
   * False for bytes that go to their readers and are not kept: they are verified where they lie while they are fetched, no
   * blob is made of them, `commit` is not called, and they go a while after the last reader has left.
   */
  readonly isKept?: boolean | undefined
  /** Links the verified blob in the index. @returns what is stored, which may be another generation that was there first */
  commit(stored: StoredBlob): Promise<StoredBlob>
}

/** A fill as its readers see it. Leaving it takes no call: a fill belongs to nobody's request. */
export interface FillHandle {
  /** The blob's size in bytes, as soon as the upstream has told it. @throws what ended the fill */
  size(): Promise<number>
  /**
   * The caller closes the body. Its `read` waits for bytes that have not arrived yet. A range that does not reach the
   * blob's end is read before the digest is verified; one that does ends only after.
   * @throws RegistryError RANGE_NOT_SATISFIABLE for a range that is not inside the blob; what ended the fill; the
   *   signal's reason
   */
  open(options?: OpenOptions): Promise<BlobBody>
  /** What was stored, undefined where nothing is kept; rejects with what ended the fill. Nobody has to wait for it. */
  readonly done: Promise<StoredBlob | undefined>
  /** That the bytes of a fill that keeps nothing have gone, or are going: it can't be opened any more. */
  readonly gone: boolean
}
