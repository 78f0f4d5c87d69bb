export * from './build-store.contract.js'
export * from './in-memory-build-store.js'
