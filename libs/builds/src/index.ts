export * from './build-info.js'
export * from './build-store.js'
export * from './build-text.js'
export * from './parse-build-info.js'
