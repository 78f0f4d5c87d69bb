export * from './in-memory-broadcast.js'
export * from './in-memory-repository-store.js'
