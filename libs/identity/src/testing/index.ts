export * from './in-memory-refresh-token-store.js'
export * from './in-memory-signing-key-store.js'
export * from './in-memory-user-store.js'
