export * from './audit-event.js'
export * from './audit-store.contract.js'
export * from './in-memory-audit-store.js'
export * from './recording-observer.js'
