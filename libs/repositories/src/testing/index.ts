export * from './in-memory-repository-store.js'
export * from './repository-configs.js'
