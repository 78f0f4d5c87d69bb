export * from './blob-body.js'
export * from './blob-store.js'
export * from './drivers/filesystem/filesystem-blob-store.js'
export * from './resolve-range.js'
