export * from './repository-config.js'
export * from './repository-directory.js'
export * from './repository-store.js'
export * from './virtual-members.js'
