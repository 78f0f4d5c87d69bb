import { blobStoreContract } from './blob-store.contract.js'
import { MemoryBlobStore } from './memory-blob-store.js'

blobStoreContract('MemoryBlobStore', () => Promise.resolve(underTest(new MemoryBlobStore())), {
  makeSmall: () => Promise.resolve(underTest(new MemoryBlobStore(8 * 1024 * 1024))),
})

function underTest(store: MemoryBlobStore) {
  return {
    store,
    reopen: () => Promise.resolve(store.reopened()),
    dispose: () => Promise.resolve(),
  }
}
