export * from './in-memory-blob-index.js'
export * from './in-memory-manifest-store.js'
export * from './in-memory-remote-ref-store.js'
export * from './in-memory-upload-store.js'
