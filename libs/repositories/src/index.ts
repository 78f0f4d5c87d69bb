export * from './repository-config.js'
export * from './repository-store.js'
