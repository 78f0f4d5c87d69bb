export * from './blob-body.js'
export * from './blob-store.js'
