import type { BlobStore } from '../blob-store.js'

export interface BlobStoreUnderTest {
  readonly store: BlobStore
  /** Another store object over the same bytes, as after a restart or on another replica. */
  reopen(): Promise<BlobStore>
  dispose(): Promise<void>
}
